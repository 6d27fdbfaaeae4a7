"""Where settings come from: the environment, and while developing the two `.env` files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
from msgspec import Struct

ENV_FILES = (".env.local", ".env")

_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)")
_SINGLE_QUOTED = re.compile(r"\s*'([^']*)'\s*(?:#.*)?")
_DOUBLE_QUOTED = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*(?:#.*)?')
_COMMENT = re.compile(r"\s#")
_FLAGS = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}
_ESCAPE = re.compile(r'\\([nr"\\$])')


class Refused(ValueError):
    """The predicate of the sentence whose subject is the variable, or `subject` when that is
    another one."""

    def __init__(self, predicate: str, subject: str | None = None) -> None:
        super().__init__(predicate)
        self.subject = subject


class EnvFileError(ValueError):
    """A file that cannot be read; the message is one sentence that starts with its name."""


class Setting(Struct, frozen=True):
    """One variable, declared beside the field that holds it: `Annotated[int, Setting(1, 9)] = 5`.

    `low` and `high` bound an int; flags and choices follow from their type, and `parse` reads
    everything else or raises Refused. A secret can also be given as NAME_FILE, the path of a file
    that holds it. `required` is what to say when it is missing.
    """

    low: int = 0
    high: int = 0
    parse: Callable[[str], Any] = str
    secret: bool = False
    required: str | None = None
    name: str = ""  # unless it is the field's
    field: str = ""
    default: str = ""  # as text, "" for none

    @property
    def file_name(self) -> str:
        """Returns the variable that may name a file holding the value, if this is a secret."""
        return f"{self.name}_FILE"

    def given(self, values: Mapping[str, str]) -> bool:
        return self.name in values or self.file_name in values

    def read(self, values: Mapping[str, str]) -> Any:
        """Returns what the gathered `values` say, None when they say nothing. Raises Refused."""
        text = self._secret_text(values) if self.secret else values.get(self.name, "").strip()
        if not text and self.required:
            raise Refused(self.required)
        return self.parse(text) if text else None

    def _secret_text(self, values: Mapping[str, str]) -> str:
        """Only one line break at the end is removed: tools that write secrets end them with one,
        whether into a file or a variable."""
        text, path = values.get(self.name, ""), values.get(self.file_name)
        if text and path:
            raise Refused(f"and {self.file_name} are both set: keep one of them.")
        if path:
            text = self._file_content(path.strip())
        if "\0" in text:
            raise Refused("holds a NUL character.", self.file_name if path else None)
        return text.removesuffix("\n").removesuffix("\r")

    def _file_content(self, path: str) -> str:
        try:
            content = Path(path).read_text(encoding="utf-8-sig")
        except (OSError, ValueError):  # ValueError: not UTF-8, or a NUL in the path
            content = None
        if content is None:
            raise Refused("names a file that cannot be read.", self.file_name)
        if not content.strip():
            raise Refused("names an empty file.", self.file_name)
        return content


def declared_by(owner: type[Struct]) -> tuple[Setting, ...]:
    """Returns the settings that the fields of `owner` declare, complete."""
    return tuple(
        _completed(setting, field, kind)
        for field in msgspec.structs.fields(owner)
        if get_origin(field.type) is Annotated
        for kind, setting in [get_args(field.type)]
    )


def _completed(setting: Setting, field: msgspec.structs.FieldInfo, kind: Any) -> Setting:
    default = field.default
    parse = setting.parse
    if kind is bool:
        parse, default = _flag, str(default).lower()
    elif kind is int:
        parse = partial(_whole_number, low=setting.low, high=setting.high)
    elif get_origin(kind) is Literal:
        parse = partial(_choice, allowed=get_args(kind))
    return msgspec.structs.replace(
        setting,
        name=setting.name or field.name.upper(),
        field=field.name,
        default=str(default or ""),
        parse=parse,
    )


def _flag(text: str) -> bool:
    if text.lower() not in _FLAGS:
        raise Refused("must be true or false.")
    return _FLAGS[text.lower()]


def _whole_number(text: str, *, low: int, high: int) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
        raise Refused(f"must be a whole number from {low} to {high}.")
    return int(text)


def _choice(text: str, *, allowed: tuple[str, ...]) -> str:
    if text.lower() not in allowed:
        *others, last = allowed
        raise Refused(f"must be {', '.join(others)} or {last}.")
    return text.lower()


def gather(
    environ: Mapping[str, str], folder: Path, settings: Iterable[Setting]
) -> tuple[dict[str, str], list[str]]:
    """Returns the values that are set, and one sentence per problem with a file.

    The environment wins over `.env.local`, and that over `.env`; neither is read unless APP_ENV is
    `development` in the environment itself. Empty counts as not set.
    """
    layers, problems = [environ], []
    if environ.get("APP_ENV", "").strip().lower() == "development":
        for name in ENV_FILES:
            try:
                layers.append(read_env_file(folder / name))
            except EnvFileError as error:
                problems.append(str(error))

    values: dict[str, str] = {}
    for setting in settings:
        forms = (setting.name, setting.file_name) if setting.secret else (setting.name,)
        for layer in layers:
            found = {form: layer[form] for form in forms if layer.get(form, "").strip()}
            if found:
                values |= found
                break
    return values, problems


def read_env_file(path: Path) -> dict[str, str]:
    """Returns the variables of a file of NAME=value lines; none when there is no file.

    `export ` before a name, comments, and single or double quotes around a value are understood;
    nothing is expanded. Raises EnvFileError.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (FileNotFoundError, IsADirectoryError):  # some name a virtual environment ".env"
        return {}
    except (OSError, UnicodeError):
        lines = None
    if lines is None:
        raise EnvFileError(f"{path.name} cannot be read.")

    values: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        value = _value(match[2]) if match else None
        if match is None or value is None:
            raise EnvFileError(f"{path.name} cannot be read: line {number} is not NAME=value.")
        values[match[1]] = value
    return values


def _value(text: str) -> str | None:
    """Returns what stands after the equals sign; None when a quote is not closed."""
    if quoted := _SINGLE_QUOTED.fullmatch(text):
        return quoted[1]
    if quoted := _DOUBLE_QUOTED.fullmatch(text):
        breaks = {"n": "\n", "r": "\r"}
        return _ESCAPE.sub(lambda escape: breaks.get(escape[1], escape[1]), quoted[1])
    if text.lstrip().startswith(("'", '"')):
        return None
    return _COMMENT.split(text, maxsplit=1)[0].strip()
