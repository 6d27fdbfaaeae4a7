"""What is locked, why, and what opens it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from portal.learning.course import Course, Requirement, Step, Topic
from portal.learning.locks import Evidence, Lock, Locked, Locks, has_locks
from portal.learning.outline import Outline, Progress
from portal.scoring.rules import AttemptResult, Ledger
from tests.learning.courses import singles, video
from tests.learning.locked_course import FIRST, SECOND, THIRD, locked_course, numbered

COURSE = locked_course()
NOTHING = Evidence(set(), {})


def step(number: str, *requires: Requirement) -> Step:
    """Returns a step with one topic of one video, which are named after it."""
    name = f"topic-{number}"
    entry = replace(video(f"video-{number}", singles(2)), step_id=number, topic_id=name)
    topic = Topic(name, f"Topic {number}", "", (entry,))
    return Step(number, f"Step {number}", "", (), (), (topic,), requires)


def chain(*steps: Step) -> Course:
    return numbered(list(steps))


def locks(done: Sequence[str] = (), **scores: int) -> Locks:
    points = {name.replace("_", "-"): score for name, score in scores.items()}
    return Locks(COURSE, Evidence(set(done), points))


def reasons(of: Locks) -> dict[str, str]:
    """Returns the reasons by step and topic."""
    parts: list[Step | Topic] = []
    for entry in COURSE.steps:
        parts += [entry, *entry.topics]
    return {part.id: lock.reason for part in parts if (lock := of.of(part))}


def test_a_beginner_sees_every_lock_with_its_reason() -> None:
    assert reasons(locks()) == {
        "inner": FIRST,
        "2": SECOND,
        "second": SECOND,
        "3": THIRD,
        "third": THIRD,
    }
    assert [v.id for v in COURSE.ordered if locks().of_video(v) is None] == ["first", "plain"]


# What was done, and what the reasons of the inner topic, step 2 and step 3 become.
PARTLY = [
    (
        (["first"], {}),
        (
            "Finish “The basics” first: 1 of 2 videos and 1 of 1 quiz are left.",
            SECOND,
            "Finish step 1 first: 2 of 3 videos and 2 of 2 quizzes are left."
            " Finish step 2 first: 2 of 2 videos and 1 of 1 quiz are left.",
        ),
    ),
    (
        (["first", "plain"], {"first": 25}),
        (
            None,
            "Reach 60% in step 1 first: you have 41%.",
            "Finish step 1 first: 1 of 3 videos and 1 of 2 quizzes are left."
            " Finish step 2 first: 2 of 2 videos and 1 of 1 quiz are left.",
        ),
    ),
    (
        (["first", "plain", "inner"], {"first": 20, "inner": 15}),
        (
            None,
            "Reach 60% in step 1 first: you have 58%.",
            "Finish step 2 first: 2 of 2 videos and 1 of 1 quiz are left.",
        ),
    ),
    (
        (["first", "plain", "inner", "second"], {"first": 20, "inner": 20, "second": 0}),
        (None, None, "Finish step 2 first: 1 of 2 videos is left."),
    ),
    (
        (["first", "plain", "second", "plain-second"], {"first": 30, "inner": 30}),
        (
            None,
            None,
            "Finish step 1 first: 1 of 3 videos is left. Finish step 2 first: 1 of 1 quiz is left.",
        ),
    ),
    (
        (
            ["first", "plain", "inner", "second", "plain-second"],
            {"first": 0, "inner": 36, "second": 0},
        ),
        (None, "Reach 60% in step 1 first: you have 50%.", None),
    ),
]


@pytest.mark.parametrize(("did", "expected"), PARTLY)
def test_the_reason_counts_what_is_left(
    did: tuple[list[str], dict[str, int]], expected: tuple[str | None, ...]
) -> None:
    said = reasons(locks(did[0], **did[1]))
    assert tuple(said.get(part) for part in ("inner", "2", "3")) == expected
    assert (said.get("second"), said.get("third")) == expected[1:]


def test_the_share_is_reached_exactly_and_not_a_point_before() -> None:
    # 60% of 60 points
    assert locks(first=20, inner=15).of(COURSE.steps[1]) is not None
    assert locks(first=26, inner=10).of(COURSE.steps[1]) is None


def test_a_quiz_that_was_longer_once_counts_in_full_at_most() -> None:
    assert locks(first=90).percent(COURSE.steps[0]) == 50
    assert locks(first=90).of(COURSE.steps[1]) is not None


def test_a_lock_leads_to_where_its_opening_begins() -> None:
    course = chain(
        step("1"), step("2", Requirement(step="1")), step("3", Requirement(topic="topic-2"))
    )
    _, two, three = course.steps
    nothing_done = Locks(course, NOTHING)
    # step 3 waits for a topic in step 2, which itself waits for step 1
    assert nothing_done.of(three) == Lock(
        "Finish “Topic 2” first: 1 of 1 video and 1 of 1 quiz are left.", "/step/1", "Open step 1"
    )
    first_done = Locks(course, Evidence({"video-1"}, {"video-1": 0}))
    assert first_done.of(two) is None
    lock = first_done.of(three)
    assert lock is not None
    assert (lock.href, lock.label) == ("/step/2#topic-1", "Open “Topic 2”")


def test_a_circle_that_no_check_has_seen_ends() -> None:
    course = chain(step("1", Requirement(step="2")), step("2", Requirement(step="1")))
    assert all(Locks(course, NOTHING).of(entry) for entry in course.steps)


def test_a_course_without_requirements_locks_nothing() -> None:
    course = chain(step("1"), step("2"))
    assert not has_locks(course)
    assert has_locks(COURSE)
    assert not any(Locks(course, NOTHING).of_video(entry) for entry in course.ordered)


def test_a_check_of_something_locked_says_what_and_why() -> None:
    with pytest.raises(Locked) as step_error:
        locks().check(COURSE.steps[1])
    assert (step_error.value.sentence, step_error.value.video) == (SECOND, None)
    assert step_error.value.details == {"href": "/step/1", "label": "Open step 1"}
    with pytest.raises(Locked) as video_error:
        locks().check_video(COURSE.videos["inner"])
    assert video_error.value.sentence == FIRST
    assert video_error.value.video == COURSE.videos["inner"]
    locks().check(COURSE.steps[0])
    locks().check_video(COURSE.videos["first"])


def test_what_a_quiz_has_opened() -> None:
    def opened(of: Locks, quiz: str, before: int | None) -> list[str]:
        return [part.id for part in of.opened_by(quiz, before)]

    watched = ["first", "plain"]
    assert opened(locks(watched, first=0), "first", None) == ["inner"]
    assert opened(locks(watched, first=0), "first", 0) == []
    assert opened(locks(watched, first=30, inner=6), "inner", None) == ["2"]
    assert opened(locks(watched, first=30, inner=6), "inner", 5) == ["2"]
    assert opened(locks(watched, first=30, inner=10), "inner", 6) == []
    everything = ["first", "plain", "inner", "second", "plain-second"]
    all_but_points = locks(everything, first=20, inner=20, second=0)
    assert opened(all_but_points, "second", None) == ["3"]
    assert opened(all_but_points, "inner", None) == ["2", "3"]


def missed_in(course: Course, quiz: str) -> frozenset[str]:
    """Returns all questions of a quiz, as after a first attempt in which nothing was right."""
    return frozenset(question.id for question in course.quizzes[quiz].questions)


def outline(done: Sequence[str] = (), **scores: int) -> Outline:
    best = {
        quiz: AttemptResult(quiz, 1, len(COURSE.quizzes[quiz].questions), 0, 0, score)
        for quiz, score in scores.items()
    }
    progress = {name: Progress(done=True) for name in done}
    return Outline(
        COURSE, progress, Ledger(best, {quiz: missed_in(COURSE, quiz) for quiz in best}, [])
    )


NEXT = [
    ((), {}, "video", "first"),
    (("first", "plain"), {}, "quiz", "first"),
    (("first", "plain"), {"first": 0}, "video", "inner"),
    # all that is open is done; only points open the rest, and only those of step 1
    (("first", "plain", "inner"), {"first": 0, "inner": 0}, "improve", "first"),
    (("first", "plain", "inner"), {"first": 20, "inner": 0}, "improve", "inner"),
    (("first", "plain", "inner"), {"first": 20, "inner": 20}, "video", "second"),
]


@pytest.mark.parametrize(("done", "scores", "kind", "name"), NEXT)
def test_what_is_next_is_never_locked(
    done: tuple[str, ...], scores: dict[str, int], kind: str, name: str
) -> None:
    activity = outline(done, **scores).next
    assert activity is not None
    assert (activity.kind, activity.video.id) == (kind, name)


def test_an_open_quiz_and_a_video_begun_behind_a_lock_are_not_next() -> None:
    progress = {"second": Progress(position_seconds=20)}
    begun = Outline(COURSE, progress, Ledger({}, {}, ["third"]))
    assert begun.open_quizzes == []
    assert begun.next is not None
    assert begun.next.video.id == "first"
    assert begun.next_in(COURSE.steps[1].videos) is None


def test_points_that_open_something_come_before_others() -> None:
    course = chain(step("1"), step("2"), step("3", Requirement(step="2", min_score=50)))
    best = {name: AttemptResult(name, 1, 2, 0, 0, 0) for name in ("video-1", "video-2")}
    progress = {name: Progress(done=True) for name in best}
    activity = Outline(
        course, progress, Ledger(best, {name: missed_in(course, name) for name in best}, [])
    ).next
    assert activity is not None
    assert (activity.kind, activity.video.id) == ("improve", "video-2")


def test_the_rail_leads_to_the_card_of_a_locked_step() -> None:
    hrefs = [entry.href for entry in outline().rail().steps]
    assert hrefs == ["/step/1", "/path#step-2", "/path#step-3"]
