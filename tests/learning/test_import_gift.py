"""Bringing questions in GIFT: what is taken over, and what is refused with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ops.command import run_portal

from portal.learning.authoring import check, read_sources
from portal.learning.gift import NO_EXPLANATION, read_gift

GIFT = r"""// Questions on safety, exported
$CATEGORY: $course$/top/Safety/Machines

::Who checks::Who checks the notes
for a machine? {
  =Somebody who knows it  #Only they can tell.
  // a comment between the answers
  ~A second model #It shares blind spots.
  ~Nobody
####Where people may be hurt, somebody who knows has to look.}

A warning line \= a check\: true or \{false\}? {F#No, it is not.#Right, it passes the risk on.}

[html]Which <b>two</b> does a machine&nbsp;need?{
  ~%50%A cover
  ~%50%A switch \~ in reach
  ~%-100%A song}

$CATEGORY: Basics/Words
Water is {~hot =wet ~old} in a glass.

Two plus two equals {=four ~five}.

TRUE is true.{TRUE}
"""


def questions(text: str) -> list[dict[str, Any]]:
    categories, found = read_gift(text, "x.gift", "X")
    assert found == []
    return [question for category in categories for question in category.questions]


def test_the_kinds_that_can_be_graded_are_taken_over() -> None:
    categories, found = read_gift(GIFT, "safety.gift", "Safety")
    assert found == []
    assert [category.title for category in categories] == ["Machines", "Words"]
    assert categories[0].questions == [
        {
            "id": "who-checks",
            "text": "Who checks the notes for a machine?",
            "kind": "single",
            "choices": [
                {"id": "a", "text": "Somebody who knows it", "right": True},
                {"id": "b", "text": "A second model"},
                {"id": "c", "text": "Nobody"},
            ],
            "explanation": "Where people may be hurt, somebody who knows has to look.",
        },
        {
            "id": "a-warning-line-a-check-true-or-false",
            "text": "A warning line = a check: true or {false}?",
            "kind": "true_false",
            "answer": False,
            "explanation": "No, it is not. Right, it passes the risk on.",
        },
        {
            "id": "which-two-does-a-machine-need",
            "text": "Which two does a machine need?",
            "kind": "multiple",
            "choices": [
                {"id": "a", "text": "A cover", "right": True},
                {"id": "b", "text": "A switch ~ in reach", "right": True},
                {"id": "c", "text": "A song"},
            ],
            "explanation": NO_EXPLANATION,
        },
    ]
    words = categories[1].questions
    assert [question["text"] for question in words] == [
        "Water is … in a glass.",
        "Two plus two equals …",
        "TRUE is true.",
    ]
    assert words[2]["answer"] is True


def test_feedback_of_the_right_answer_comes_first() -> None:
    (question,) = questions("Q{~a#Not that. =b#This one.}")
    assert question["explanation"] == "This one. Not that."


def test_a_full_percentage_is_a_single_choice() -> None:
    (question,) = questions("Q{~%100%a ~%0%b ~%-50%c}")
    assert question["kind"] == "single"
    assert [choice.get("right") for choice in question["choices"]] == [True, None, None]


def test_every_escape_is_the_character_itself() -> None:
    (question,) = questions(r"::t\:1::A \~ B \= C \# D \{ E \} F \\ G{=one\=1#because \#1 ~two}")
    assert question["id"] == "t-1"
    assert question["text"] == "A ~ B = C # D { E } F \\ G"
    assert question["choices"][0]["text"] == "one=1"
    assert question["explanation"] == "because #1"


def test_questions_of_the_same_words_get_ids_of_their_own() -> None:
    assert [q["id"] for q in questions("Why?{T}\n\nWhy?{F}\n\nWhy?{T}")] == [
        "why",
        "why-2",
        "why-3",
    ]


REFUSED = [
    ("Write about it. {}", 1, "is an essay", "Ask for a choice"),
    ("When? {#1822:5}", 1, "asks for a number", "Offer numbers"),
    ("Name it. {=this =that}", 1, "is a short answer question", "wrong answers that begin with ~"),
    ("Match. {\n=a -> 1\n=b -> 2}", 1, "is a matching question", "a question of its own"),
    ("Just a text.", 1, "has no answers in braces", "Add them"),
    ("Open {=a ~b\n\n~c}", 1, "the brace is never closed", "must not contain an empty line"),
    ("Two {=a ~b} and {=c ~d}", 1, "has two pairs of braces", r"write \{"),
    ("{=a ~b}", 1, "asks nothing", "before the brace"),
    ("Q {perhaps}", 1, '"perhaps" is no answer', "with = or ~"),
    ("Q {\n=a\n=b\n~c}", 3, "has several answers with =", "Keep one ="),
    ("Q {\n=a\n~b\n~%50%c}", 4, "gives part of the points", "remove the percentage"),
    ("Q {~a ~b}", 1, "has no right answer", "Mark it with ="),
    ("Q {~%50%a ~%50%b}", 1, "has no wrong answer", "Add one"),
    ("Q {\n=a\n~b\n~}", 4, "has an empty answer", "Write it"),
]


@pytest.mark.parametrize(("text", "line", "problem", "remedy"), REFUSED)
def test_what_cannot_be_graded_is_refused_with_its_line(
    text: str, line: int, problem: str, remedy: str
) -> None:
    before = "// first line\n\nFine?{T}\n\n"
    _, found = read_gift(before + text + "\n\nAlso fine?{F}", "x.gift", "X")
    assert found[0].where == f"line {line + 4}"
    assert problem in found[0].problem
    assert remedy in found[0].remedy
    assert str(found[0]).startswith("x.gift: line ")


def test_every_refusal_is_told_at_once_and_nothing_is_written(tmp_path: Path) -> None:
    file = tmp_path / "mixed.gift"
    file.write_text("Fine?{T}\n\nWrite.{}\n\nMatch.{=a->1 =b->2}\n")
    refused = run_portal("", "content", "import", str(file), "--out", str(tmp_path / "course"))
    assert refused.returncode == 1
    assert [line.split(". ")[0] for line in refused.stderr.splitlines()] == [
        "mixed.gift: line 3: is an essay, which cannot be graded here",
        "mixed.gift: line 5: is a matching question",
    ]
    assert not (tmp_path / "course").exists()


def test_categories_become_videos_that_wait_for_their_address(tmp_path: Path) -> None:
    file = tmp_path / "work-safety.gift"
    file.write_text(GIFT, encoding="utf-8-sig")
    folder = tmp_path / "course"
    done = run_portal("", "content", "import", str(file), "--out", str(folder))
    assert done.returncode == 0, done.stderr
    assert "To do: 01-work-safety/machines.toml: ref: is still to be written" in done.stdout
    assert "01-work-safety/machines.toml: questions: the quiz has 3" in done.stdout
    (folder / "course.toml").write_text("min_questions = 3")
    assert check(folder) == []
    course = read_sources(folder)
    assert list(course.quizzes) == ["machines", "words"]
    assert course.quizzes["machines"].questions[2].key == ("a", "b")


def test_a_second_import_becomes_the_next_step(tmp_path: Path) -> None:
    folder = tmp_path / "course"
    for name in ("one", "two"):
        file = tmp_path / f"{name}.txt"
        file.write_text("$CATEGORY: Words\nWater is wet in a glass.{T}")
        run_portal("", "content", "import", str(file), "--out", str(folder))
    assert sorted(path.relative_to(folder).as_posix() for path in folder.glob("*/*.toml")) == [
        "01-one/step.toml",
        "01-one/words.toml",
        "02-two/step.toml",
        "02-two/words-2.toml",
    ]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("x.docx", b"", "x.docx is neither .gift, .txt nor .json."),
        ("x.gift", b"// nothing\n", "x.gift holds no question."),
        ("x.gift", "Qu\xe9?{T}".encode("latin-1"), "is not UTF-8; save it as UTF-8."),
        ("x.gift", None, "cannot be read: No such file or directory."),
    ],
)
def test_a_file_of_no_use_is_refused_in_one_line(
    tmp_path: Path, name: str, content: bytes | None, sentence: str
) -> None:
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    refused = run_portal("", "content", "import", str(file), "--out", str(tmp_path / "course"))
    assert refused.returncode == 1
    assert refused.stderr.rstrip("\n").endswith(sentence)
    assert refused.stderr.count("\n") == 1
