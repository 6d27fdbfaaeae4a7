"""The course that ships with the portal, and loading a course from elsewhere."""

import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from portal.authoring.loading import course_in
from portal.learning.course import (
    ContentError,
    Course,
    content_hash,
    decode_course,
    load_course,
)
from tests.support import CONTENT


@pytest.fixture(scope="module")
def course() -> Course:
    return load_course()


def test_the_shipped_course_has_8_steps_and_62_videos(course: Course) -> None:
    assert [step.id for step in course.steps] == list("12345678")
    assert [len(step.videos) for step in course.steps] == [6, 8, 6, 13, 8, 7, 7, 7]
    assert [video.position for video in course.ordered] == list(range(1, 63))
    assert Counter(video.provider for video in course.ordered) == {"youtube": 53, "vimeo": 9}


def test_every_video_knows_its_step_and_topic(course: Course) -> None:
    for step in course.steps:
        for topic in step.topics:
            assert course.topics[topic.id] is topic
            assert {(v.step_id, v.topic_id) for v in topic.videos} == {(step.id, topic.id)}
    assert course.steps_by_id["7"].title == "Claude Code and skills"
    assert list(course.videos.values()) == list(course.ordered)


def test_lengths_are_seconds_and_unknown_where_nobody_gave_one(course: Course) -> None:
    assert course.videos["introduction-to-ai-fluency"].duration == 4 * 60 + 22
    assert course.videos["intro-to-artifacts"].duration is None


def test_every_video_has_a_quiz(course: Course) -> None:
    assert list(course.quizzes) == list(course.videos)
    sizes = {"single": {4}, "true_false": {2}, "multiple": {4, 5}, "ordering": {3, 4, 5}}
    for quiz in course.quizzes.values():
        assert len(quiz.questions) >= 5
        for question in quiz.questions:
            ids = {choice.id for choice in question.choices}
            assert len(ids) in sizes[question.kind]
            if question.kind == "ordering":
                assert sorted(question.key) == sorted(ids)
            else:
                assert set(question.key) < ids


def test_every_step_mixes_all_kinds_of_questions(course: Course) -> None:
    for step in course.steps:
        questions = [q for video in step.videos for q in course.quizzes[video.id].questions]
        assert len({q.kind for q in questions}) >= (2 if step.id == "1" else 4), step.id


def test_every_quiz_has_something_easy_and_the_course_something_hard(course: Course) -> None:
    levels: Counter[str] = Counter()
    for quiz in course.quizzes.values():
        found = Counter(question.difficulty for question in quiz.questions)
        assert found["easy"] >= 1, quiz.video_id
        assert found["hard"] < len(quiz.questions) - found["easy"] + 1
        levels += found
    assert all(levels[level] >= 0.15 * levels.total() for level in ("easy", "medium", "hard"))


def test_a_quiz_hash_is_that_of_its_questions(course: Course) -> None:
    hashes = {quiz.content_hash for quiz in course.quizzes.values()}
    assert len(hashes) == len(course.quizzes)
    quiz = course.quizzes["privacy-and-data"]
    assert quiz.content_hash == content_hash(quiz.questions)
    first = msgspec.structs.replace(quiz.questions[0], explanation="Another one.")
    assert content_hash((first, *quiz.questions[1:])) != quiz.content_hash


def test_neighbours_cross_steps_and_end_with_the_course(course: Course) -> None:
    before, after = course.neighbours("a-closer-look-at-diligence")
    assert before is course.videos["privacy-and-data"]
    assert after is course.steps[1].videos[0]
    assert course.neighbours(course.ordered[0].id) == (None, course.ordered[1])
    assert course.neighbours(course.ordered[-1].id) == (course.ordered[-2], None)
    with pytest.raises(KeyError):
        course.neighbours("unknown")


def test_a_folder_may_hold_the_compiled_course(course: Course, tmp_path: Path) -> None:
    shutil.copy(CONTENT / "course.json", tmp_path)
    assert load_course(tmp_path).content_hash == course.content_hash
    assert load_course(tmp_path / "course.json").steps == course.steps


def test_a_folder_with_sources_is_compiled_in_memory(course: Course, tmp_path: Path) -> None:
    shutil.copytree(CONTENT, tmp_path / "content")
    stale = tmp_path / "content" / "course.json"
    stale.write_text("{}")
    assert course_in(tmp_path / "content").content_hash == course.content_hash
    assert stale.read_text() == "{}"


def test_faulty_sources_are_refused_with_every_problem(tmp_path: Path) -> None:
    shutil.copytree(CONTENT / "01-ai-and-claude-fundamentals", tmp_path / "01-start")
    for name in ("privacy-and-data", "capabilities-and-limitations"):
        (tmp_path / "01-start" / f"{name}.toml").unlink()
    with pytest.raises(ContentError) as error:
        course_in(tmp_path)
    assert len(error.value.problems) == 2
    assert str(error.value).splitlines() == list(error.value.problems)


def test_a_company_may_run_videos_of_its_own_channel(tmp_path: Path) -> None:
    shutil.copytree(CONTENT / "01-ai-and-claude-fundamentals", tmp_path / "01-start")
    path = tmp_path / "01-start" / "privacy-and-data.toml"
    path.write_text(path.read_text().replace('"Anthropic"', '"Our company"'))
    assert course_in(tmp_path).videos["privacy-and-data"].channel == "Our company"


def test_a_missing_course_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"there is no course\. Point CONTENT_DIR at"):
        load_course(tmp_path)
    with pytest.raises(ContentError, match="there is no course"):
        load_course(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"not json", "is not a compiled course"),
        (b'{"format": 1, "content_hash": "x", "steps": [{"id": 1}]}', "is not a compiled course"),
        (b'{"format": 2, "content_hash": "x", "steps": []}', "has format 2"),
        (b'{"format": 1, "content_hash": "x", "steps": []}', "does not match its content hash"),
    ],
)
def test_a_file_that_is_no_compiled_course_is_refused(body: bytes, problem: str) -> None:
    with pytest.raises(ContentError) as error:
        decode_course(body)
    assert str(error.value).startswith(f"course.json: {problem}")
    assert "`portal content build`" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_word_that_was_changed_after_the_build_is_noticed() -> None:
    body = (CONTENT / "course.json").read_bytes()
    changed = body.replace(b"AI fluency", b"AI mastery", 1)
    assert changed != body
    with pytest.raises(ContentError, match="it was changed after the build"):
        decode_course(changed)


def test_loading_needs_none_of_the_authoring_tools() -> None:
    script = (
        "import sys; from portal.authoring.loading import course_in; course_in(None);"
        "print(*(n for n in ('tomllib', 'portal.authoring.compiler') if n in sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert run.stdout.strip() == ""
