"""Writing course files in TOML the way an author would: long texts broken, one choice a line."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

WIDTH = 100


def toml_document(table: Mapping[str, Any]) -> str:
    """Returns a table as a TOML file. Values are texts, whole numbers, truth values, lists of
    texts, lists of `choices`, and lists of tables, which come last under their own headings."""
    plain = {name: value for name, value in table.items() if not _is_tables(name, value)}
    parts = [_toml_pairs(plain)]
    for name, value in table.items():
        if name not in plain:
            parts += [f"\n[[{name}]]\n{toml_document(entry)}" for entry in value]
    return "".join(parts)


def toml_text(value: str) -> str:
    """Returns a text in quotes; a long one in three of them, broken into lines."""
    value = " ".join(value.split())
    quoted = _toml_string(value)
    if len(quoted) < WIDTH - 20:
        return quoted
    # What is escaped stays escaped; only quotes may stand as they are between three of them.
    inner = quoted[1:-1].replace('\\"', '"').replace('"""', '""\\"')
    lines = textwrap.wrap(inner, WIDTH, break_long_words=False, break_on_hyphens=False)
    return '"""\n' + "\n".join(lines) + '\n"""'


def _toml_pairs(table: Mapping[str, Any]) -> str:
    return "".join(f"{name} = {_toml_value(name, value)}\n" for name, value in table.items())


def _toml_value(name: str, value: Any) -> str:
    if isinstance(value, str):
        return toml_text(value)
    if isinstance(value, bool | int):
        return json.dumps(value)
    if name == "choices":
        return "[\n" + "".join(f"  {_toml_inline(choice)},\n" for choice in value) + "]"
    return "[\n" + "".join(f"  {_toml_short(item)},\n" for item in value) + "]"


def _toml_inline(table: Mapping[str, Any]) -> str:
    pairs = (f"{name} = {_toml_short(value)}" for name, value in table.items())
    return "{" + ", ".join(pairs) + "}"


def _toml_short(value: str | bool) -> str:  # noqa: FBT001 - a value, not a switch
    return _toml_string(" ".join(value.split())) if isinstance(value, str) else json.dumps(value)


def _toml_string(value: str) -> str:
    # JSON escapes what TOML wants escaped, but for one character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _is_tables(name: str, value: Any) -> bool:
    if name == "choices" or isinstance(value, str) or not isinstance(value, Sequence):
        return False
    return bool(value) and isinstance(value[0], Mapping)
