"""Where settings come from: the environment, and while developing the two `.env` files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

T = TypeVar("T")

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


class Setting(Struct, frozen=True):
    """One variable. `default` is the text that counts when it is not set, "" for none.

    A secret can also be given as NAME_FILE, the path of a file that holds it.
    """

    name: str
    default: str
    meaning: str
    secret: bool = False

    @property
    def file_name(self) -> str:
        """Returns the variable that may name a file holding the value, if this is a secret."""
        return f"{self.name}_FILE"


class EnvFileError(ValueError):
    """A file that cannot be read; the message is one sentence that starts with its name."""


class Refused(ValueError):
    """The predicate of the sentence whose subject is the variable."""


class Reader:
    """Reads one variable at a time and remembers what was wrong.

    A refused value is replaced by the default, so that reading goes on to the next problem.
    """

    def __init__(
        self, environ: Mapping[str, str], folder: Path, settings: Iterable[Setting]
    ) -> None:
        settings = tuple(settings)
        self._defaults = {setting.name: setting.default for setting in settings}
        self._values, self.problems = gather(environ, folder, settings)

    def refuse(self, name: str, predicate: str) -> None:
        self.problems.append(f"{name} {predicate}")

    def given(self, name: str) -> bool:
        return name in self._values or f"{name}_FILE" in self._values

    def text(self, name: str) -> str:
        return self._values.get(name, self._defaults[name]).strip()

    def parsed(self, name: str, parse: Callable[[str], T]) -> T | None:
        """Returns what `parse` makes of the value; None when there is none or it is refused."""
        text = self.text(name)
        return self._checked(name, text, parse) if text else None

    def secret(self, name: str, parse: Callable[[str], T]) -> T | None:
        """As `parsed`, also from the file that NAME_FILE names. Only one line break at the end is
        removed: tools that write secrets end them with one, whether into a file or a variable."""
        file_name = f"{name}_FILE"
        if name in self._values and file_name in self._values:
            self.refuse(name, f"and {file_name} are both set: keep one of them.")
            return None
        text = self._values.get(name)
        if file_name in self._values:
            text = self._file_content(file_name)
        if text and "\0" in text:
            self.refuse(file_name if file_name in self._values else name, "holds a NUL character.")
            return None
        return self._checked(name, _without_line_break(text), parse) if text else None

    def _file_content(self, file_name: str) -> str | None:
        try:
            content = Path(self._values[file_name].strip()).read_text(encoding="utf-8-sig")
        except (OSError, ValueError):  # ValueError: not UTF-8, or a NUL in the path
            self.refuse(file_name, "names a file that cannot be read.")
            return None
        if not content.strip():
            self.refuse(file_name, "names an empty file.")
            return None
        return content

    def _checked(self, name: str, text: str, parse: Callable[[str], T]) -> T | None:
        try:
            return parse(text)
        except Refused as refusal:
            self.refuse(name, str(refusal))
        return None

    def whole(self, name: str, low: int, high: int) -> int:
        text = self.text(name)
        if re.fullmatch(r"[0-9]{1,9}", text) and low <= int(text) <= high:
            return int(text)
        self.refuse(name, f"must be a whole number from {low} to {high}.")
        return int(self._defaults[name])

    def flag(self, name: str) -> bool:
        text = self.text(name).lower()
        if text not in _FLAGS:
            self.refuse(name, "must be true or false.")
        return _FLAGS.get(text, False)

    def choice(self, name: str, first: T, second: T) -> T:
        text = self.text(name).lower()
        for allowed in (first, second):
            if text == allowed:
                return allowed
        self.refuse(name, f"must be {first} or {second}.")
        return first


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


def _without_line_break(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")


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
