"""Column types that Piccolo does not have. Migrations import this module: it must never move."""

from __future__ import annotations

from typing import Any

from piccolo.columns import Column


class Int4MultiRange(Column):
    """PostgreSQL's `int4multirange`, a set of integer intervals; read and written only by SQL."""

    value_type = str

    def __init__(self, default: str | None = "{}", **kwargs: Any) -> None:
        self._validate_default(default, (str, None))
        self.default = default
        kwargs.update({"default": default})
        super().__init__(**kwargs)

    @property
    def column_type(self) -> str:
        return "INT4MULTIRANGE"
