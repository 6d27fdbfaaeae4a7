"""The shape of course files in TOML, and reading them strictly but completely.

Every value of a file is looked at, so that an author sees all mistakes at once. Runs of white
space in texts become one space: a text may be broken into lines wherever it reads well.
"""

from __future__ import annotations

import difflib
import functools
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec

from portal.authoring.problems import TO_DO, Problem
from portal.authoring.textfiles import Unreadable, read_text
from portal.learning.course import Difficulty, Kind, Level, Provider

TIME = re.compile(r"(?:([0-9]+):)?([0-9]{1,2}):([0-5][0-9])")
TOO_LONG = "has a number that is too long"

Table = dict[str, Any]
SourceT = TypeVar("SourceT", bound=msgspec.Struct)


class CourseSource(msgspec.Struct, frozen=True):
    """`course.toml`: what this course is held to. All of it may be left out.

    `channels` are the publishers whose videos may be shown, `language` is that of the texts, and
    `min_questions` what a quiz needs; `quiz_required` asks for a quiz of every video.
    """

    channels: tuple[str, ...] = ("Anthropic", "Claude")
    language: str = "en"
    min_questions: int = 5
    quiz_required: bool = False


class ChoiceSource(msgspec.Struct, frozen=True):
    id: str
    text: str
    right: bool = False


class QuestionSource(msgspec.Struct, frozen=True):
    id: str
    kind: Kind
    text: str
    explanation: str
    difficulty: Difficulty = "medium"
    choices: tuple[Table, ...] = ()
    answer: bool | None = None
    at: str = ""
    aliases: tuple[str, ...] = ()


class VideoSource(msgspec.Struct, frozen=True):
    title: str
    provider: Provider
    ref: str
    channel: str
    level: Level
    summary: str
    objectives: tuple[str, ...]
    top_pick: bool = False
    duration: str = ""
    captions: str = ""
    aliases: tuple[str, ...] = ()
    questions: tuple[Table, ...] = ()


class RequirementSource(msgspec.Struct, frozen=True):
    step: str = ""
    topic: str = ""
    min_score: int = 0
    completed: bool = False


class TopicSource(msgspec.Struct, frozen=True):
    id: str
    title: str
    description: str
    videos: tuple[str, ...]
    requires: tuple[Table, ...] = ()


class TaskSource(msgspec.Struct, frozen=True):
    id: str
    text: str


class StepSource(msgspec.Struct, frozen=True):
    id: str
    title: str
    summary: str
    objectives: tuple[str, ...]
    practice: tuple[Table | str, ...]
    topics: tuple[Table, ...]
    requires: tuple[Table, ...] = ()


# What to write for a type, in an author's words.
FORMS: dict[Any, str] = {
    str: 'text in quotes, as in "text"',
    int: "a whole number, without quotes",
    bool: "true or false, without quotes",
    bool | None: "true or false, without quotes",
    tuple[str, ...]: 'a list of texts, as in ["one", "two"]',
    tuple[Table, ...]: "a list of tables",
    tuple[Table | str, ...]: "[[practice]] tables with id and text, or a list of texts",
}


def seconds(time: str) -> int | None:
    """Returns the seconds in "4:22" or "1:04:22"; None when it is not written like that."""
    match = TIME.fullmatch(time)
    if match is None:
        return None
    hours, minutes, rest = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + rest


def time_in(text: str, file: str, where: str, problems: list[Problem]) -> int | None:
    """Returns the seconds of a time; None without one, and for one that is not written like one,
    which is a problem."""
    value = seconds(text)
    if text and value is None:
        problems.append(Problem(file, where, f'"{text}" is not a time', 'Write it like "4:22".'))
    return value


def read_toml(path: Path, file: str, problems: list[Problem]) -> Table | None:
    """Returns the TOML table in the file at `path`. Adds a problem and returns None if there is
    none."""
    try:
        text = read_text(path)
        if not text.strip():
            problems.append(
                Problem(file, "", "the file is empty", "Write it, see docs/CONTENT.md.")
            )
            return None
        return tomllib.loads(text)
    except Unreadable as error:
        remedy = "Write it, see docs/CONTENT.md." if error.is_missing else error.remedy
        problems.append(Problem(file, "", f"the file {error.problem}", remedy))
    except tomllib.TOMLDecodeError as error:
        problems.append(Problem(file, "", f"is not valid TOML: {error}", "Mend it at that place."))
    except RecursionError:
        problems.append(
            Problem(file, "", "is nested too deeply", "Check that it is a course file.")
        )
    except ValueError:  # of a number with thousands of digits
        problems.append(Problem(file, "", TOO_LONG, "Shorten it."))
    return None


def read_source(
    path: Path, source: type[SourceT], file: str, problems: list[Problem]
) -> SourceT | None:
    """Returns the TOML file at `path` as a source, or None; adds a problem for each mistake."""
    table = read_toml(path, file, problems)
    return None if table is None else fill(table, source, file, "", problems)


def fill(
    table: Table, source: type[SourceT], file: str, place: str, problems: list[Problem]
) -> SourceT | None:
    """Returns a table as a source. Adds a problem per problem; None when a required value is no
    use.

    `place` says where in `file` the table stands, empty for the file itself.
    """
    fields = _fields_of(source)
    problems.extend(
        Problem(file, place, f'unknown key "{name}"', _did_you_mean(name, fields))
        for name in sorted(table.keys() - fields.keys())
    )
    values: Table = {}
    complete = True
    for name, field in fields.items():
        if name not in table and not field.required:
            continue
        value, problem = _converted(table, name, field.type)
        where = f"{place}, {name}" if place else name
        problems.extend(_left_to_do(file, where, value))
        if problem:
            problems.append(Problem(file, where, problem, f"Write {_form(field.type)}."))
        if value is not None:
            values[name] = value
        elif field.required:
            complete = False
    return source(**values) if complete else None


@functools.cache
def _fields_of(source: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    return {field.name: field for field in msgspec.structs.fields(source)}


def _converted(table: Table, name: str, wanted: Any) -> tuple[Any, str]:
    """Returns the value, or None, and what is wrong with it, if anything is."""
    if name not in table:
        return None, "is missing"
    try:
        value = _folded(msgspec.convert(table[name], wanted))
    except msgspec.ValidationError as error:
        return None, f"is not usable: {error}"
    return value, "has an empty text" if _is_blank(value) else ""


def _folded(value: Any) -> Any:
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, tuple):
        return tuple(_folded(item) for item in value)
    return value


def _left_to_do(file: str, where: str, value: Any) -> Iterable[Problem]:
    for text in value if isinstance(value, tuple) else (value,):
        if isinstance(text, str) and text.startswith(TO_DO):
            hint = text.removeprefix(TO_DO).strip(" :.") or "write it"
            remedy = f"{hint[0].upper()}{hint[1:]}."
            yield Problem(file, where, "is still to be written", remedy, to_do=True)


def _is_blank(value: Any) -> bool:
    return value == "" or (isinstance(value, tuple) and "" in value)


def _form(wanted: Any) -> str:
    if get_origin(wanted) is Literal:
        return "one of " + ", ".join(f'"{value}"' for value in get_args(wanted))
    return FORMS[wanted]


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1)
    if close:
        return f'Did you mean "{close[0]}"?'
    return f"Remove it; known are {', '.join(names)}."
