"""Before a change of the course goes out: what it touches, and whom."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from portal.authoring.changes.diff import compare_courses
from portal.authoring.compiler import build
from portal.learning.course import Choice, Course, Question, Requirement, Step, Task, Topic
from tests.learning.courses import course_of, given, question, singles, teach, video
from tests.ops.command import run_portal
from tests.support import CONTENT, QUIZ, Portal, answer_for, take_quiz

ASKED = question(1)
ORDER = question(2, "ordering", ("c", "a", "b"), choices=3)


def told(old: Course, new: Course) -> list[tuple[str, str, str]]:
    return [
        (change.video_id, change.question_id, change.what) for change in compare_courses(old, new)
    ]


def reworded(asked: Question, letter: str, text: str) -> Question:
    choices = tuple(replace(c, text=text) if c.id == letter else c for c in asked.choices)
    return replace(asked, choices=choices)


def swapped(asked: Question, one: str, other: str) -> Question:
    """The question with the texts of two choices changed round, the key as it was."""
    texts = {choice.id: choice.text for choice in asked.choices}
    texts[one], texts[other] = texts[other], texts[one]
    return replace(asked, choices=tuple(Choice(name, text) for name, text in texts.items()))


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        (ASKED, replace(ASKED, key=("c",)), "key changed"),
        (ASKED, replace(question(1, "multiple", ("b",))), "key changed"),
        (ASKED, swapped(ASKED, "b", "c"), "key changed"),
        (ASKED, replace(swapped(ASKED, "b", "c"), key=("c",)), "choices changed"),
        (ASKED, reworded(ASKED, "b", "The right one, in better words"), "choices changed"),
        (ASKED, reworded(ASKED, "d", "A wrong one, in better words"), "choices changed"),
        (ASKED, replace(ASKED, choices=ASKED.choices[:4]), "choices changed"),
        (ASKED, replace(ASKED, choices=ASKED.choices[::-1]), "choices changed"),
        (ASKED, replace(ASKED, text="What is asked, really?"), "text changed"),
        (ASKED, replace(ASKED, explanation="Since it is so."), "text changed"),
        (ASKED, replace(ASKED, at=99), "text changed"),
        (question(1, "true_false", ("true",)), question(1, "true_false", ("false",)),
         "key changed"),
        (ORDER, replace(ORDER, key=("a", "b", "c")), "key changed"),
        (ORDER, swapped(ORDER, "a", "b"), "key changed"),
        (ORDER, replace(swapped(ORDER, "a", "b"), key=("c", "b", "a")), "choices changed"),
        (ORDER, reworded(ORDER, "a", "The same in better words"), "choices changed"),
    ],
)  # fmt: skip
def test_a_changed_question_is_told_by_what_matters_most(
    before: Question, after: Question, what: str
) -> None:
    old, new = (course_of(video("basics", (q, *singles(1)[1:]))) for q in (before, after))
    assert told(old, new) == [("basics", before.id, what)]
    assert told(old, old) == []


def test_what_comes_and_goes_is_told() -> None:
    old = course_of(video("one", singles(2)), video("two"), video("three", singles(1)))
    new = course_of(video("one", singles(3)[1:]), video("two", singles(5)), video("four"))
    assert told(old, new) == [
        ("one", "question-3", "question added"),
        ("one", "question-1", "question removed"),
        ("two", "", "quiz added"),
        ("four", "", "video added"),
        ("three", "", "video removed"),
    ]
    assert ("two", "", "quiz removed") in told(new, old)


def test_a_video_in_another_place_is_told() -> None:
    one, two = course_of(video("one"), video("two")).ordered
    old = Course((Step("1", "S", "", (), (), (Topic("all-of-it", "T", "", (one, two)),)),), "")
    moved = replace(two, step_id="2", topic_id="later")
    new = Course(
        (
            Step("1", "S", "", (), (), (Topic("all-of-it", "T", "", (one,)),)),
            Step("2", "S", "", (), (), (Topic("later", "T", "", (moved,)),)),
        ),
        "",
    )
    (change,) = compare_courses(old, new)
    assert (change.what, change.detail) == (
        "video moved",
        "from step 1, all-of-it to step 2, later",
    )


def test_tasks_and_locks_are_told() -> None:
    topic = Topic("all-of-it", "T", "", (), (Requirement(step="1"),))
    tasks = (Task("try", "Try it."), Task("ask", "Ask."), "Just read this.")
    old = Course((Step("1", "S", "", (), tasks, (topic,)),), "")
    changed = (Task("try", "Try it, really."), Task("tell", "Tell."))
    opened = Topic("all-of-it", "T", "", ())
    new = Course((Step("1", "S", "", (), changed, (opened,), (Requirement(step="2"),)),), "")
    assert [(c.part, c.what, c.detail) for c in compare_courses(old, new)] == [
        ("step 1", "task removed", "Ask."),
        ("step 1", "task added", "Tell."),
        ("step 1", "lock changed", ""),
        ("topic all-of-it", "lock changed", ""),
    ]
    assert compare_courses(old, old) == []


def test_a_renamed_id_is_told_with_what_would_keep_its_history() -> None:
    old = course_of(video("one", (question(1),)))
    new = course_of(video("uno", (question(1),)))
    added, removed = compare_courses(old, replaced_ref(new))
    assert 'there, aliases = ["one"] would keep its history' not in removed.detail
    added, removed = compare_courses(old, new)
    assert added.what == "video added"
    assert removed.detail == 'now uno; there, aliases = ["one"] would keep its history'
    renamed = course_of(video("one", (replace(question(1), id="first"),)))
    added, removed = compare_courses(old, renamed)
    assert (added.question_id, added.detail) == (
        "first",
        'aliases = ["question-1"] would keep its history',
    )


def replaced_ref(course: Course) -> Course:
    (entry,) = course.ordered
    return course_of(replace(entry, ref="4szRHy_CT7s"))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    folder = tmp_path / "content"
    shutil.copytree(CONTENT, folder)
    (folder / "course.json").unlink()
    return folder


def edit(folder: Path, change: Callable[[str], str]) -> None:
    path = folder / "01-ai-and-claude-fundamentals" / f"{QUIZ}.toml"
    text = path.read_text()
    assert change(text) != text
    path.write_text(change(text))


def test_folders_and_compiled_files_can_be_compared_without_a_database(
    copy: Path, tmp_path: Path
) -> None:
    compiled = str(tmp_path / "course.json")
    build(copy, tmp_path / "course.json")
    same = run_portal("", "content", "plan", compiled, str(copy))
    assert (same.returncode, same.stdout) == (0, "Nothing that learners would notice.\n")
    edit(copy, lambda text: text.replace('id = "who-answers-for-it"', 'id = "who-answers"'))
    (copy / "08-industries-and-next-steps" / "next-steps.toml").write_text(
        (copy / "08-industries-and-next-steps" / "next-steps.toml")
        .read_text()
        .replace("hAhXWIvYCoE", "hAhXWIvYCoF")
    )
    plan = run_portal("", "content", "plan", compiled, str(copy))
    assert plan.returncode == 0, plan.stderr
    lines = plan.stdout.splitlines()
    assert lines[0].startswith(
        f'{QUIZ}, question "who-answers": question added'
        ' (aliases = ["who-answers-for-it"] would keep its history): '
    )
    assert lines[1].startswith(f'{QUIZ}, question "who-answers-for-it": question removed: ')
    assert lines[-1] == "2 changes."


def test_a_course_that_cannot_be_used_is_refused_with_its_path(copy: Path) -> None:
    edit(copy, lambda text: text.replace('kind = "single"', 'kind = "singel"', 1))
    refused = run_portal("", "content", "plan", str(CONTENT), str(copy))
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"{copy}: 01-ai-and-claude-fundamentals/{QUIZ}.toml: ")
    refused = run_portal("", "content", "plan", str(CONTENT), str(copy / "nowhere"))
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "there is no course" in refused.stderr


async def test_with_a_database_it_says_how_many_people_are_touched(
    portal: Portal, alex: httpx.AsyncClient, mike: httpx.AsyncClient, copy: Path
) -> None:
    await take_quiz(alex)
    await take_quiz(alex, wrong=1)
    quiz = (await mike.get(f"/api/quiz/{QUIZ}")).json()
    last = quiz["questions"][-1]
    body = {**answer_for(QUIZ, last, right=True), "attemptNumber": 1}
    assert (await mike.post(f"/api/quiz/{QUIZ}/answers", json=body)).status_code == 200
    await alex.post("/api/progress", json={"videoId": "next-steps", "done": True})

    name = f'id = "{last["id"]}"'
    edit(copy, lambda text: text.replace(name, 'id = "another-one"'))
    step = copy / "08-industries-and-next-steps" / "step.toml"
    step.write_text(step.read_text().replace('  "next-steps",\n', '  "last-steps",\n'))
    (step.parent / "next-steps.toml").rename(step.parent / "last-steps.toml")
    plan = run_portal(portal.database.url, "content", "plan", str(CONTENT), str(copy))
    assert plan.returncode == 0, plan.stderr
    by_what = {line.split(": ")[1].split(" (")[0]: line for line in plan.stdout.splitlines()[:-1]}
    assert by_what["question removed"].endswith(
        ". 2 people took the quiz, 3 attempts, 1 of them open; 3 answers to this question."
    )
    assert by_what["video removed"].endswith(". 1 person began it, 1 are done.")
    assert by_what["video added"].endswith(". nobody so far.")


async def test_a_removed_question_keeps_its_statistics(
    portal: Portal, alex: httpx.AsyncClient, mike: httpx.AsyncClient
) -> None:
    """Its words, its key and every answer to it stay with the version that was asked."""
    teach(portal, course_of(video("basics", singles(3))))
    for browser, right in ((alex, True), (mike, False)):
        answers = [given(q, right=right) for q in singles(3)]
        body = {"videoId": "basics", "attemptNumber": 1, "answers": answers}
        assert (await browser.post("/api/quiz/submit", json=body)).status_code == 200
    teach(portal, course_of(video("basics", singles(2))))
    answers = [given(q) for q in singles(2)]
    body = {"videoId": "basics", "attemptNumber": 2, "answers": answers}
    assert (await alex.post("/api/quiz/submit", json=body)).status_code == 200
    (row,) = await portal.database.fetch(
        """
        SELECT q ->> 'text' AS asked, q -> 'key' ->> 0 AS key, count(*) AS answers,
               count(*) FILTER (WHERE w.correct) AS right
        FROM quiz_answer w JOIN quiz_attempt a ON a.id = w.attempt
        JOIN quiz_version v USING (content_hash)
        CROSS JOIN jsonb_array_elements(v.body) q
        WHERE w.question_id = 'question-3' AND q ->> 'id' = w.question_id GROUP BY 1, 2
        """
    )
    assert tuple(row) == ("What is asked in question 3?", "b", 2, 1)
    checked = run_portal(portal.database.url, "scores", "check")
    assert (checked.returncode, checked.stdout) == (0, "0 differences.\n")
