"""Statements written as SQL, on the engine that the tables use.

For hot reads that join or aggregate, and for single-statement upserts: one round trip, columns
named, rows returned as the Struct that the caller names. Everything else goes through Piccolo.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from piccolo.table import Table

    from portal.db.engine import Engine
    from portal.db.transactions import SafeTransaction

T = TypeVar("T")

_engine: Engine | None = None
_tables: list[str] = []


def bind(engine: Engine, tables: Sequence[type[Table]]) -> None:
    """Make `engine` the one that these tables and this module use."""
    global _engine, _tables
    _engine = engine
    _tables = [table._meta.tablename for table in tables]
    for table in tables:
        table._meta.db = engine


def engine() -> Engine:
    """Returns the bound engine; `RuntimeError` when the application was not created yet."""
    if _engine is None:
        raise RuntimeError("No engine is bound: create_app() or bind() comes first.")
    return _engine


def table_names() -> list[str]:
    """Returns the names of the bound tables."""
    return list(_tables)


def transaction() -> SafeTransaction:
    """`async with transaction():` everything inside is committed together, or not at all."""
    return engine().transaction()


async def fetch_records(query: str, *args: Any) -> list[Any]:
    """Returns the rows as records, for what has no Struct of its own."""
    return list(await engine().fetch(query, args, retry=True))


async def fetch(kind: type[T], query: str, *args: Any) -> list[T]:
    """Returns the rows as `kind`, whose fields must be named as the columns are."""
    return [kind(**row) for row in await fetch_records(query, *args)]


async def fetch_one(kind: type[T], query: str, *args: Any) -> T | None:
    """Returns the first row as `kind`, or None."""
    rows = await fetch_records(query, *args)
    return kind(**rows[0]) if rows else None


async def fetch_value(query: str, *args: Any) -> Any:
    """Returns the first column of the first row, or None."""
    rows = await fetch_records(query, *args)
    return rows[0][0] if rows else None


async def execute(query: str, *args: Any, retry: bool = False) -> list[Any]:
    """Run a write and return what it RETURNs as records. `retry` only where twice is harmless."""
    return list(await engine().fetch(query, args, retry=retry))


async def execute_best_effort(query: str, *args: Any) -> None:
    """Run a write that the request can do without, such as when somebody was last seen. Waits for
    it half a second at most, and never fails. Not inside a transaction, which it would abort."""
    await engine().fetch_best_effort(query, args)
