"""The shape of course files in TOML, and reading them strictly but completely.

Every value of a file is looked at, so that an author sees all mistakes at once. Runs of white
space in texts become one space: a text may be broken into lines wherever it reads well.
"""

import difflib
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, get_args, get_origin

import msgspec

from portal.learning.catalogue import Kind, Level, Provider
from portal.learning.findings import Finding

TIME: Final = re.compile(r"(?:([0-9]+):)?([0-9]{1,2}):([0-5][0-9])")

Table = dict[str, Any]
SourceT = TypeVar("SourceT", bound=msgspec.Struct)


class ChoiceSource(msgspec.Struct, frozen=True):
    id: str
    text: str
    right: bool = False


class QuestionSource(msgspec.Struct, frozen=True):
    id: str
    kind: Kind
    text: str
    explanation: str
    choices: tuple[Table, ...] = ()
    answer: bool | None = None
    at: str = ""


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
    questions: tuple[Table, ...] = ()


class TopicSource(msgspec.Struct, frozen=True):
    id: str
    title: str
    description: str
    videos: tuple[str, ...]


class StepSource(msgspec.Struct, frozen=True):
    id: str
    title: str
    summary: str
    objectives: tuple[str, ...]
    practice: tuple[str, ...]
    topics: tuple[Table, ...]


# What to write for a type, in an author's words.
FORMS: Final[dict[Any, str]] = {
    str: 'text in quotes, as in "text"',
    bool: "true or false, without quotes",
    bool | None: "true or false, without quotes",
    tuple[str, ...]: 'a list of texts, as in ["one", "two"]',
    tuple[Table, ...]: "a list of tables",
}


def seconds(time: str) -> int | None:
    """The seconds in "4:22" or "1:04:22"; None when it is not written like that."""
    match = TIME.fullmatch(time)
    if match is None:
        return None
    hours, minutes, rest = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + rest


def parse(path: Path, file: str, found: list[Finding]) -> Table | None:
    """The TOML table in the file at `path`. Adds a finding and returns None if there is none."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        found.append(Finding(file, "", "the file is missing", "Write it, see docs/CONTENT.md."))
    except UnicodeDecodeError:
        found.append(Finding(file, "", "the file is not UTF-8", "Save it as UTF-8."))
    except tomllib.TOMLDecodeError as error:
        found.append(Finding(file, "", f"is not valid TOML: {error}", "Mend it at that place."))
    return None


def fill(
    table: Table, source: type[SourceT], file: str, place: str, found: list[Finding]
) -> SourceT | None:
    """A table as a source. Adds a finding per problem; None when a required value is no use.

    `place` says where in `file` the table stands, empty for the file itself.
    """
    fields = {field.name: field for field in msgspec.structs.fields(source)}
    found.extend(
        Finding(file, place, f'unknown key "{name}"', _did_you_mean(name, fields))
        for name in sorted(table.keys() - fields.keys())
    )
    values: Table = {}
    complete = True
    for name, field in fields.items():
        if name not in table and not field.required:
            continue
        value, problem = _converted(table, name, field.type)
        if problem:
            where = f"{place}, {name}" if place else name
            found.append(Finding(file, where, problem, f"Write {_form(field.type)}."))
        if value is not None:
            values[name] = value
        elif field.required:
            complete = False
    return source(**values) if complete else None


def _converted(table: Table, name: str, wanted: Any) -> tuple[Any, str]:
    """The value, or None, and what is wrong with it, if anything is."""
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
