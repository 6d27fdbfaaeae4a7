"""The one way to reach PostgreSQL: Piccolo's engine, on a pool of our own.

Piccolo's own connects at import, keeps no limit on waiting for a connection, and loses the
connection when COMMIT fails.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import asyncpg
from piccolo.engine.postgres import PostgresEngine

from portal.db.connections import timed
from portal.db.deadline import request_deadline, within_deadline
from portal.db.failures import unavailable_on_loss
from portal.db.pool import STATEMENT_SECONDS, Pool
from portal.db.read_only import QUESTION, State
from portal.db.transactions import SafeTransaction
from portal.errors import Unavailable

if TYPE_CHECKING:
    from piccolo.querystring import QueryString

    from portal.config.dsn import Dsn

log = logging.getLogger("db/engine")

BEST_EFFORT_SECONDS = 0.5  # two round trips of a slow network
BEST_EFFORT_PAUSE_SECONDS = 10.0  # after one that failed, so that not every request waits


class Engine(PostgresEngine):
    """What Piccolo calls, and what `portal.db.sql` runs its statements on: statements that join the
    transaction of their task. Everything about connections is the business of `pool`; the keywords
    are those of `Pool`."""

    pool: Pool

    def __init__(
        self,
        dsn: Dsn,
        *,
        pool_size: int = 5,
        statement_seconds: float | None = STATEMENT_SECONDS,
        lock_wait: str | None = None,
        misfits_reported: bool = False,
    ) -> None:
        # Piccolo's __init__ would open a connection to ask for the version; set its fields instead.
        self.config: dict[str, Any] = {}
        self.extensions: Sequence[str] = ()
        self.extra_nodes = {}
        self.log_queries = False
        self.log_responses = False
        self.engine_type = "postgres"
        self.min_version_number = 10
        self.query_id = 0
        self.current_transaction = contextvars.ContextVar(f"transaction_{id(self)}", default=None)
        self.pool = Pool(
            dsn,
            size=pool_size,
            statement_seconds=statement_seconds,
            lock_wait=lock_wait,
            misfits_reported=misfits_reported,
        )
        self.missed_writes = 0
        self._best_effort_from = float("-inf")

    async def check_version(self) -> None:
        """Never at import; `portal db check` does it."""

    async def prep_database(self) -> None:
        """The portal needs no extension."""

    async def get_new_connection(self) -> asyncpg.Connection[Any]:
        return await self.pool.connect_outside()

    async def start_connection_pool(self, **_: Any) -> None:
        await self.pool.ensure_open()

    async def close_connection_pool(self) -> None:
        await self.pool.close()

    async def fetch(self, query: str, args: Sequence[Any] = (), *, retry: bool = False) -> Any:
        """Run one statement and return its records.

        Joins the current transaction, if there is one. `retry` allows a second try when the
        connection turns out to be dead; give it only where running the statement twice is harmless.
        """
        around = self.pool.around_statement
        if around is None:
            return await self._fetch(query, args, retry=retry)
        with around(query):
            return await self._fetch(query, args, retry=retry)

    async def _fetch(self, query: str, args: Sequence[Any], *, retry: bool) -> Any:
        pool = self.pool
        pool.statements += 1
        with pool.monitored():
            transaction = self.current_transaction.get()
            if transaction is not None:
                async with within_deadline(pool.limit, counted=False):
                    try:
                        return await timed(transaction.connection, query, args)
                    except asyncpg.ReadOnlySQLTransactionError:
                        await pool.writes.check_after_refusal()  # for the next one
                        raise
            async with within_deadline(pool.limit):
                try:
                    return await pool.fetch(query, args, retry=retry)
                except asyncpg.ReadOnlySQLTransactionError:
                    if not await pool.writes.check_after_refusal():
                        raise
                except asyncpg.SerializationError:
                    pass  # the default of the server is stricter than what a transaction states
                # Refused as a whole, nothing has been done: twice is harmless.
                async with self.transaction():
                    return await self._fetch(query, args, retry=False)

    async def fetch_best_effort(self, query: str, args: Sequence[Any] = ()) -> None:
        """As `sql.execute_best_effort`. What could not be written is counted in `missed_writes`;
        while the database takes no writes, nothing is tried."""
        if self.pool.writes.read_only:
            return
        if time.monotonic() < self._best_effort_from:
            self.missed_writes += 1
            return
        try:
            with request_deadline():  # one of its own, so that the request may still wait as long
                async with asyncio.timeout(BEST_EFFORT_SECONDS):
                    await self.fetch(query, args)
        except (Unavailable, TimeoutError, asyncpg.PostgresError) as error:
            self.missed_writes += 1
            self._best_effort_from = time.monotonic() + BEST_EFFORT_PAUSE_SECONDS
            log.debug("a note was not taken: %s", type(error).__name__)

    async def examine(self, tables: Sequence[str] = ()) -> State | None:
        """Returns what the database says of itself and of `tables` in one statement, or None when
        it does not answer. A pool whose connections are all in use does not hide it; a database
        that does not answer may take as long as the limits are."""
        pool = self.pool
        try:
            if pool.has_room:
                state = State(**(await self.fetch(QUESTION, [tables], retry=True))[0])
                await pool.writes.learn_from_pooled(state)
                return state
            if not pool.breaker.succeeded_lately:
                with unavailable_on_loss():
                    pool.breaker.check()
                return await pool.ask_state(tables)
        except Unavailable:
            return None
        except asyncpg.PostgresError as error:  # as of a server whose files are gone
            pool.trouble.statement_refused(error)
            return None
        return State(standby=False, meant=pool.writes.read_only, session=False)

    async def run_querystring(self, querystring: QueryString, in_pool: bool = True) -> Any:  # noqa: ARG002
        query, args = querystring.compile_string(engine_type=self.engine_type)
        return await self.fetch(query, args, retry=query.startswith("SELECT"))

    async def run_ddl(self, ddl: str, in_pool: bool = True) -> Any:  # noqa: ARG002
        return await self.fetch(ddl)

    async def batch(self, *args: Any, **kwargs: Any) -> Any:
        """Refused: Piccolo's batch swallows exceptions raised inside it."""
        raise NotImplementedError("Use keyset pages instead of batch().")

    def transaction(self, allow_nested: bool = True) -> SafeTransaction:
        return SafeTransaction(self, self.pool, allow_nested=allow_nested)
