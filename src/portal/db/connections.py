"""What the pool and transactions need to know of a connection, and do with it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg

from portal.errors import Unavailable

log = logging.getLogger("db/engine")

SLOW_SECONDS = 0.25
STATEMENT_LENGTH = 200  # characters of a slow statement that the log shows


async def no_reset(connection: asyncpg.Connection[Any]) -> None:
    """Nothing in the portal leaves session state behind, and a reset costs a round trip."""


class Background:
    """Tasks that nobody waits for, and that may fail."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._forget)

    async def close(self) -> None:
        """Wait at most a second for the tasks that still run."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.debug("in the background: %s", type(task.exception()).__name__)


@asynccontextmanager
async def one_off(
    arguments: dict[str, Any], seconds: float
) -> AsyncIterator[asyncpg.Connection[Any]]:
    """A connection outside the pool for one statement; `TimeoutError` when connecting, or the
    statement, takes longer than `seconds`."""
    connection = await asyncpg.connect(
        **{**arguments, "timeout": seconds, "command_timeout": seconds}
    )
    try:
        yield connection
        await connection.close(timeout=seconds)
    finally:
        connection.terminate()


def is_closed(connection: Any) -> bool:
    """Returns True also for a connection that the pool has dropped because it was lost."""
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:
        return True


def is_spent(connection: Any) -> bool:
    """Returns whether it cannot be used again: it is closed, or its transaction is still open."""
    return is_closed(connection) or bool(connection.is_in_transaction())


def terminate(connection: Any) -> None:
    """Close without telling the server; a lost connection is closed already."""
    with suppress(asyncpg.InterfaceError):
        connection.terminate()


def is_interrupted(error: BaseException | None) -> bool:
    """Returns whether the server may still be at work on the statement that ended in `error`. It
    has to end that first, and one that does not answer never does: nobody should wait for it."""
    if isinstance(error, Unavailable):
        error = error.__cause__
    return isinstance(error, (TimeoutError, asyncio.CancelledError))


async def timed(connection: Any, query: str, args: Sequence[Any]) -> Any:
    """Run the statement, and name it in the log when it is slow; its arguments are never shown."""
    started = time.perf_counter()
    try:
        return await connection.fetch(query, *args)
    finally:
        elapsed = time.perf_counter() - started
        if elapsed > SLOW_SECONDS:
            statement = " ".join(query.split())[:STATEMENT_LENGTH]
            context = {"ms": round(elapsed * 1000), "statement": statement}
            log.warning("slow query", extra={"context": context})
