"""Whether the database takes writes, and what to do with sessions that believe otherwise.

A session keeps the `default_transaction_read_only` that it began with, and a connection made to a
server that has become a standby stays there. So one refused write says little: a connection outside
the pool shows what new sessions get. If they may write, the pooled ones are replaced. Behind a
pooler they cannot be, because it keeps the sessions; there transactions state READ WRITE, for as
long as old sessions turn up. If new sessions may not write either, it is configured so, or this is
a standby: then nothing is forced, and the question is repeated until it is over.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import asyncpg
import msgspec

from portal.db.connections import one_off
from portal.db.failures import LOST

PAUSE_SECONDS = 1.0  # while it takes no writes
STALE_PAUSE_SECONDS = 5.0  # while sessions are met that keep an older setting
STALE_SECONDS = 600.0  # for so long after the last of them

# What a new session of this role in this database would get. The server knows what is configured
# for both; what its own files say is only seen in a session that has nothing nearer.
_MEANT = """
    coalesce(
        (SELECT split_part(entry, '=', 2)::bool
         FROM pg_db_role_setting s, unnest(s.setconfig) AS entry
         WHERE split_part(entry, '=', 1) = 'default_transaction_read_only'
             AND s.setdatabase IN (0, (SELECT oid FROM pg_database
                                       WHERE datname = current_database()))
             AND s.setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = session_user))
         ORDER BY s.setrole = 0, s.setdatabase = 0 LIMIT 1),
        current_setting('default_transaction_read_only')::bool
            AND EXISTS (SELECT FROM pg_settings
                        WHERE name = 'default_transaction_read_only' AND source NOT IN (
                            'session', 'database', 'user', 'database user', 'global')))
"""

# One statement that changes nothing. $1 are tables that must be there to be read.
QUESTION = f"""
    SELECT pg_is_in_recovery() AS standby, {_MEANT} AS meant,
           current_setting('default_transaction_read_only')::bool AS session,
           (SELECT min(name) FROM unnest($1::text[]) AS name
            WHERE to_regclass(name) IS NULL) AS missing,
           (SELECT min(name) FROM unnest($1::text[]) AS name
            WHERE NOT has_table_privilege(to_regclass(name), 'SELECT')) AS closed
"""  # noqa: S608 - its own text


class State(msgspec.Struct, frozen=True):
    """What one session says. `standby` and `meant` are about the server and new sessions, `session`
    about this one, True meaning read-only. `missing` and `closed` name a table that is not there,
    or not to be read."""

    standby: bool
    meant: bool
    session: bool
    missing: str | None = None
    closed: str | None = None

    @property
    def read_only(self) -> bool:
        return self.standby or self.meant

    @property
    def sentence(self) -> str:
        if not self.read_only:
            return "the database takes writes again"
        reason = "it is a standby" if self.standby else "it is set to read-only"
        return f"the database takes no writes: {reason}"


async def state_of(
    arguments: dict[str, Any], seconds: float, tables: Sequence[str] = ()
) -> State | None:
    """Returns the state on a connection outside the pool, or None without an answer in time."""
    try:
        async with one_off(arguments, seconds) as connection:
            return State(**await connection.fetchrow(QUESTION, tables))
    except (*LOST, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
        return None


class Writes:
    """`ask` returns the state on a connection outside the pool, None when there is no answer.
    `on_change` is called with it when the database stops taking writes, and when it takes them
    again. `replace` has pooled connections replaced before their next use."""

    def __init__(
        self,
        ask: Callable[[], Awaitable[State | None]],
        on_change: Callable[[State], None],
        replace: Callable[[], Awaitable[None]],
    ) -> None:
        self.pause_seconds = PAUSE_SECONDS
        self.stale_pause_seconds = STALE_PAUSE_SECONDS
        self.read_only = False
        self._ask = ask
        self._on_change = on_change
        self._replace = replace
        self._stale_at = float("-inf")
        self._asking: asyncio.Task[None] | None = None
        self._again = asyncio.Event()
        self._asked = asyncio.Event()
        self._last: State | None = None

    @property
    def overruled(self) -> bool:
        """Returns whether transactions state that they write: lately sessions refused although new
        ones would not."""
        return not self.read_only and time.monotonic() - self._stale_at < STALE_SECONDS

    async def check_after_refusal(self) -> bool:
        """A session refused to write. Returns whether another try may succeed."""
        if self.read_only or self.overruled:
            self._keep_asking()
            return not self.read_only
        await self._replace()
        state = await self._ask_now()
        if state is None or state.read_only:
            return False
        self._stale_at = time.monotonic()
        return True

    async def overrule_failed(self) -> None:
        """A server refused to be overruled: it is a standby."""
        self._stale_at = float("-inf")
        await self.check_after_refusal()

    async def learn_from_pooled(self, state: State) -> None:
        """Take in what a pooled connection says; its server need not be that of new ones."""
        if self.read_only:
            self._keep_asking()
        elif state.read_only:
            await self._replace()
            self._again.set()
            self._keep_asking()
        elif state.session:
            if not self.overruled:
                await self._replace()
            self._stale_at = time.monotonic()
            self._keep_asking()

    async def stop_asking(self) -> None:
        """Ask no more, and forget what was learned."""
        task, self._asking = self._asking, None
        self.read_only = False
        self._stale_at = float("-inf")
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
        self._asked.set()

    async def _ask_now(self) -> State | None:
        self._asked.clear()
        self._again.set()
        self._keep_asking()
        await self._asked.wait()
        return self._last

    def _keep_asking(self) -> None:
        if self._asking is None or self._asking.done():
            # In no request's context: what it logs is about none of them.
            context = contextvars.Context()
            self._asking = asyncio.create_task(self._until_settled(), context=context)

    async def _until_settled(self) -> None:
        while True:
            self._again.clear()
            self._last = await self._ask()
            if self._last is not None:
                self._learn(self._last)
            self._asked.set()
            if self.read_only:
                pause = self.pause_seconds
            elif self.overruled:
                pause = self.stale_pause_seconds
            elif self._again.is_set():
                pause = 0.0
            else:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self._again.wait(), pause)

    def _learn(self, state: State) -> None:
        if state.session and not state.read_only:
            self._stale_at = time.monotonic()
        if state.read_only is not self.read_only:
            self.read_only = state.read_only
            self._on_change(state)
