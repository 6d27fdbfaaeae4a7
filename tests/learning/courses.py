"""Small courses that tests can change, and the answers that only they know."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from portal.learning.course import (
    Choice,
    Course,
    Kind,
    Question,
    Quiz,
    Step,
    Topic,
    Video,
    content_hash,
)
from tests.support import Portal
from tests.web.portals import change_site

LETTERS = "abcdef"


def question(
    number: int, kind: Kind = "single", key: tuple[str, ...] = ("b",), *, choices: int = 5
) -> Question:
    """Returns a question whose words tell where they come from."""
    letters = ("true", "false") if kind == "true_false" else tuple(LETTERS[:choices])
    return Question(
        id=f"question-{number}",
        kind=kind,
        text=f"What is asked in question {number}?",
        choices=tuple(
            Choice(letter, f"Choice {letter} of question {number}") for letter in letters
        ),
        key=key,
        explanation=f"Explanation number {number}: because it is so.",
        at=10 * number,
    )


def one_of_each() -> tuple[Question, ...]:
    """Returns a question of every kind."""
    return (
        question(1),
        question(2, "true_false", ("false",)),
        question(3, "multiple", ("a", "c")),
        question(4, "ordering", ("c", "a", "b"), choices=3),
    )


def singles(count: int) -> tuple[Question, ...]:
    return tuple(question(number) for number in range(1, count + 1))


def video(
    video_id: str, questions: tuple[Question, ...] = (), *, duration: int | None = 100
) -> Video:
    """Returns a video; without questions it has no quiz."""
    quiz = Quiz(video_id, questions, content_hash(questions)) if questions else None
    return Video(
        id=video_id,
        title=f"The video {video_id}",
        provider="youtube",
        ref="JpGtOfSgR-c",
        channel="Anthropic",
        duration=duration,
        level="beginner",
        top_pick=False,
        objectives=("Know it",),
        summary="What it is about.",
        quiz=quiz,
        step_id="1",
        topic_id="all-of-it",
        position=0,
    )


def course_of(*videos: Video) -> Course:
    """Returns a course of one step and one topic."""
    placed = tuple(replace(entry, position=place) for place, entry in enumerate(videos, 1))
    topic = Topic("all-of-it", "All of it", "Everything.", placed)
    step = Step("1", "The only step", "Short.", ("Know it",), ("Do it",), (topic,))
    return Course((step,), content_hash((step,)))


def teach(portal: Portal, course: Course) -> Course:
    """Give the running portal another course, as a new release does."""
    change_site(portal, course=course)
    return course


def given(asked: Question, *, right: bool = True) -> dict[str, Any]:
    """Returns the fields of a right or a wrong answer."""
    key = list(asked.key)
    if asked.kind in ("multiple", "ordering"):
        return {
            "questionId": asked.id,
            "choiceIds": key
            if right
            else [*reversed(key)]
            if asked.kind == "ordering"
            else key[:1],
        }
    wrong = next(choice.id for choice in asked.choices if choice.id not in asked.key)
    return {"questionId": asked.id, "choiceId": key[0] if right else wrong}
