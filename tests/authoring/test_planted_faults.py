"""Faults planted one by one in a copy of the shipped course: each is found where it is.

A fault is a change of the tables in one file, so that it does not matter how the course is worded.
"""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from portal.authoring.scaffold.toml import toml_document
from tests.authoring.checking import check
from tests.support import CONTENT

Table = dict[str, Any]
HARD = (
    "Organizational accountability necessitates comprehensive institutional documentation"
    " regarding algorithmic recommendation methodologies, individual responsibilities,"
    " authorization procedures and contractual obligations of participating organizations."
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "content"
    shutil.copytree(CONTENT, root)
    for step in sorted(root.glob("0*"))[3:]:  # three hold every kind of question
        shutil.rmtree(step)
    return root


def read(path: Path) -> Table:
    return tomllib.loads(path.read_text())


def files(root: Path) -> Iterator[Path]:
    """The video files with a quiz, in the order of their names."""
    for path in sorted(root.glob("*/*.toml")):
        if path.name != "step.toml" and "questions" in read(path):
            yield path


def asked(root: Path, kind: str) -> tuple[Path, Table, Table]:
    """The first question of a kind, with its file and the table of that."""
    for path in files(root):
        table = read(path)
        for question in table["questions"]:
            if question["kind"] == kind:
                return path, table, question
    raise LookupError(kind)


class Fault(msgspec.Struct, frozen=True):
    """A change of the first question of `kind`, or without it of the first video, and what the
    check says of it. `where` holds {id}, the id of that question."""

    name: str
    change: Callable[[Table], Any]
    problem: str
    kind: str = ""
    where: str = 'question "{id}"'


def first_right(question: Table) -> Table:
    return next(choice for choice in question["choices"] if choice.get("right"))


def first_wrong(question: Table) -> Table:
    return next(choice for choice in question["choices"] if not choice.get("right"))


def all_right(question: Table) -> None:
    for choice in question["choices"]:
        choice["right"] = True


def none_right(question: Table) -> None:
    first_right(question).pop("right")


def only_one(question: Table) -> None:
    question["choices"] = [first_right(question)]


def in_order(question: Table) -> None:
    for letter, choice in zip("abcdefg", question["choices"], strict=False):
        choice["id"] = letter


def alike(question: Table) -> None:
    first_wrong(question)["text"] = "You check every figure against its source"
    first_right(question)["text"] = "You checked every figure against its source"


def copied(question: Table) -> None:
    question["explanation"] = first_right(question)["text"] + "."


def said_again(question: Table) -> None:
    question["explanation"] = question["text"]


def choice_id(question: Table, text: str) -> None:
    first_wrong(question)["id"] = text


def put(**values: Any) -> Callable[[Table], None]:
    return lambda table: table.update(values)


def drop(name: str) -> Callable[[Table], Any]:
    return lambda table: table.pop(name)


Q, V = "single", ""
FAULTS = [
    Fault("unknown key", put(explanatoin="Why"), 'unknown key "explanatoin"', Q),
    Fault("no explanation", drop("explanation"), "is missing", Q,
          'question "{id}", explanation'),
    Fault("empty question", put(text=" "), "has an empty text", Q, 'question "{id}", text'),
    Fault("kind", put(kind="essay"), "Invalid enum value 'essay'", Q, 'question "{id}", kind'),
    Fault("id of a question", put(id="Not a slug"), "the id is not a slug", Q,
          'question "Not a slug"'),
    Fault("two right", lambda q: put(right=True)(first_wrong(q)), "2 choices are right", Q),
    Fault("none right", none_right, "0 choices are right", Q),
    Fault("all right", all_right, "choices are right", "multiple"),
    Fault("letter twice", lambda q: choice_id(q, first_right(q)["id"]), "is used twice", Q),
    Fault("letter of two", lambda q: choice_id(q, "ok"), '"ok" is not a letter', Q),
    Fault("one choice", only_one, "has 1 choice", Q),
    Fault("alphabetical", in_order, "alphabetical and give it away", "ordering"),
    Fault("right in an ordering", lambda q: put(right=True)(q["choices"][0]),
          "right has no meaning in ordering", "ordering"),
    Fault("no answer", drop("answer"), "answer is missing", "true_false"),
    Fault("choices of a statement", put(choices=[{"id": "a", "text": "Yes"}]),
          "true_false has choices", "true_false"),
    Fault("answer of a choice", put(answer=True), "answer has no meaning in single", Q),
    Fault("same choices", lambda q: put(text=first_right(q)["text"])(first_wrong(q)),
          "two choices say", Q),
    Fault("near choices", alike, "are nearly the same", Q),
    Fault("all of the above", lambda q: put(text="All of the above")(q["choices"][1]),
          "points at other choices", Q, 'question "{id}", choice "b"'),
    Fault("both of these", lambda q: put(text="Both of these")(q["choices"][1]),
          "points at other choices", Q, 'question "{id}", choice "b"'),
    Fault("copied choice", copied, "the explanation repeats a choice", Q),
    Fault("copied question", said_again, "the explanation repeats the question", Q),
    Fault("too hard", put(text=HARD, explanation=HARD * 4), "years of school to read", Q),
    Fault("link", put(explanation="See http://example.com/why for the reasons of this rule."),
          '"http://example.com/why" is no usable address', Q),
    Fault("moment", put(at="2:59:59"), "the video ends at", Q),
    Fault("time", put(at="later"), '"later" is not a time', Q, 'question "{id}", at'),
    Fault("alias", put(aliases=["Old Name"]), '"Old Name" is not a slug', Q,
          'question "{id}", aliases'),
    Fault("provider", put(provider="vhs"), "Invalid enum value 'vhs'", V, "provider"),
    Fault("reference", put(provider="youtube", ref="short"), "no youtube reference", V, "ref"),
    Fault("vimeo reference", put(provider="vimeo", ref="abc"), "no vimeo reference", V, "ref"),
    Fault("channel", put(channel="Somebody"), "is not a trusted channel", V, "channel"),
    Fault("duration", put(duration="4.22"), "is not a time", V, "duration"),
    Fault("endless", put(duration="9:00:00"), "is not a plausible length", V, "duration"),
    Fault("objectives", put(objectives=[]), "has 0 entries", V, "objectives"),
    Fault("four questions", lambda t: t.update(questions=t["questions"][:4]), "the quiz has 4",
          V, "questions"),
    Fault("same id", lambda t: t["questions"][1].update(id=t["questions"][0]["id"]),
          "the id is used twice", V, 'question "{first}"'),
]  # fmt: skip


def test_there_are_faults_enough_and_the_copy_has_none(root: Path) -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 30
    assert check(root) == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_in_one_file_is_found_there(root: Path, fault: Fault) -> None:
    path, table, question = asked(root, fault.kind or "single")
    first = table["questions"][0]["id"]
    where = fault.where.format(id=question["id"], first=first)
    fault.change(question if fault.kind else table)
    path.write_text(toml_document(table))
    found = check(root)
    file = path.relative_to(root).as_posix()
    hits = [f for f in found if f.file == file and f.where == where and fault.problem in f.problem]
    assert len(hits) == 1, "\n".join(map(str, found))
    assert hits[0].remedy.endswith((".", "?"))
    # a fault does not bury an author in lines that mean the same
    assert len(found) <= 4, "\n".join(map(str, found))


def test_writing_a_table_anew_is_no_fault_itself(root: Path) -> None:
    for path in files(root):
        path.write_text(toml_document(read(path)))
    assert check(root) == []


# Faults between files


def found_at(root: Path, file: str, where: str, problem: str) -> bool:
    return any(f.file == file and f.where == where and problem in f.problem for f in check(root))


@pytest.mark.parametrize(
    ("word", "problem"),
    [("", "the same question stands in"), ("Now: ", "nearly the same question stands in")],
)
def test_a_question_that_is_asked_in_two_quizzes_is_found(
    root: Path, word: str, problem: str
) -> None:
    one, other = list(files(root))[:2]
    table = read(other)
    long = max((q["text"] for q in read(one)["questions"]), key=len)
    table["questions"][0]["text"] = word + long
    other.write_text(toml_document(table))
    where = f'question "{table["questions"][0]["id"]}"'
    assert found_at(root, other.relative_to(root).as_posix(), where, problem)


def test_the_same_video_or_id_twice_is_found(root: Path) -> None:
    one, *_, other = files(root)
    assert one.parent != other.parent
    table = read(other)
    other.write_text(toml_document(table | {"ref": read(one)["ref"], "provider": "youtube"}))
    problem = f"the same video stands in {one.relative_to(root).as_posix()}"
    assert found_at(root, other.relative_to(root).as_posix(), "ref", problem)
    other.write_text(toml_document(table | {"aliases": [one.stem]}))
    where, problem = f'video "{one.stem}"', "the video id is also used in"
    assert found_at(root, other.relative_to(root).as_posix(), where, problem)


@pytest.mark.parametrize(
    ("change", "where", "problem"),
    [
        (put(id="7"), "id", 'is "7"'),
        (put(objectives=["One"]), "objectives", "has 1 entry"),
        (put(practice=[]), "practice", "has 0 entries"),
        (put(summary="It takes 900 minutes."), "summary", "says 900 minutes, the videos take"),
        (lambda t: t["topics"][0]["videos"].append("no-such-video"),
         'topic "{topic}", videos', '"no-such-video" has no file'),
        (lambda t: t["topics"][0].update(id="no slug"), 'topic "no slug"', "not a slug"),
        (lambda t: t.update(summary="See www.example.com."), "", "is no usable address"),
    ],
)  # fmt: skip
def test_a_fault_of_a_step_is_found(
    root: Path, change: Callable[[Table], Any], where: str, problem: str
) -> None:
    path = min(root.glob("01-*/step.toml"))
    table = read(path)
    where = where.format(topic=table["topics"][0]["id"])
    change(table)
    path.write_text(toml_document(table))
    assert found_at(root, path.relative_to(root).as_posix(), where, problem)


def test_a_video_that_no_topic_lists_and_a_broken_file_are_found(root: Path) -> None:
    path = next(files(root))
    shutil.copy(path, path.with_name("left-over.toml"))
    file = path.with_name("left-over.toml").relative_to(root).as_posix()
    assert found_at(root, file, "", "is in no topic")
    path.with_name("left-over.toml").write_text("title = ")
    assert found_at(root, file, "", "is not valid TOML")


# Faults that show over the whole course


def everywhere(root: Path, kind: str, change: Callable[[Table], None]) -> None:
    for path in files(root):
        table = read(path)
        for question in table["questions"]:
            if question["kind"] == kind:
                change(question)
        path.write_text(toml_document(table))


def key_first(question: Table) -> None:
    """The right choice is written first, and has the letter a."""
    choices = sorted(question["choices"], key=lambda choice: not choice.get("right"))
    question["choices"] = [
        choice | {"id": letter} for letter, choice in zip("abcdefg", choices, strict=False)
    ]


def key_first_with_its_letter(question: Table) -> None:
    question["choices"].sort(key=lambda choice: not choice.get("right"))


def only_first(question: Table) -> None:
    for place, choice in enumerate(question["choices"]):
        choice["right"] = place == 0


def wordy(question: Table) -> None:
    first_right(question)["text"] += ", as far as it is possible and makes sense at all"


def terse(question: Table) -> None:
    for choice in question["choices"]:
        if not choice.get("right"):
            choice["text"] += ", as far as it is possible and makes sense at all"


def hard(question: Table) -> None:
    question["explanation"] += f" {HARD}"


@pytest.mark.parametrize(
    ("kind", "change", "problem"),
    [
        ("single", key_first, '"a" is right in '),
        ("single", key_first, "who always takes the first choice has "),
        ("single", key_first_with_its_letter, "choice 1 is right in "),
        ("multiple", only_first, "over all multiple-choice questions of the course, "),
        ("single", wordy, "the longest choice is right in "),
        ("single", wordy, "who always takes the longest choice has "),
        ("single", terse, "the shortest choice is right in "),
        ("single", terse, "who always takes the shortest choice has "),
        ("true_false", put(answer=True), "are true"),
        ("true_false", put(answer=False), "0 of "),
        ("single", hard, "its questions take "),
    ],
)
def test_a_pattern_over_the_course_is_found_with_its_figure_and_a_place(
    root: Path, kind: str, change: Callable[[Table], None], problem: str
) -> None:
    everywhere(root, kind, change)
    found = [finding for finding in check(root) if problem in finding.problem]
    assert found, "\n".join(map(str, check(root)))
    assert (root / found[0].file).is_file()
    named = f"{found[0].where} {found[0].remedy}"
    assert 'question "' in named
    assert any(character.isdigit() for character in found[0].problem)
