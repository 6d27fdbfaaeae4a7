"""The one way to reach PostgreSQL: a Piccolo engine that is safe behind a transaction pooler.

Piccolo's own engine connects at import, keeps no limit on waiting for a connection, and loses the
connection when COMMIT fails. This subclass opens its pool on first use, bounds every wait, always
gives the connection back, turns every way of losing the database into `Unavailable`, and does not
let requests wait for a database that is silent.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import asyncpg
from piccolo.engine.postgres import PostgresEngine

from portal.db.circuit_breaker import CircuitBreaker
from portal.db.complaints import Complaints
from portal.db.connections import Background, brief, is_closed, no_reset, terminate, timed
from portal.db.deadline import current, within_deadline
from portal.db.failures import (
    AWAY,
    BUSY,
    LOST,
    MISFIT,
    OF_SESSION,
    REFUSED,
    RETRY_SECONDS,
    NoConnectionFree,
    unavailable_on_loss,
    unavailable_while_connecting,
)
from portal.db.notes import Notes
from portal.db.reasons import why
from portal.db.transactions import SafeTransaction
from portal.db.writes import QUESTION, State, Writes, state_of
from portal.errors import Unavailable

if TYPE_CHECKING:
    from piccolo.querystring import QueryString

    from portal.config.dsn import Dsn

__all__ = ["Engine", "SafeTransaction"]

log = logging.getLogger("db/engine")

ACQUIRE_SECONDS = 5.0
CONNECT_SECONDS = 5.0
STATEMENT_SECONDS = 5.0
RELEASE_SECONDS = 5.0  # for the server to end an interrupted statement
RENEW_SECONDS = 1.0
IDLE_SECONDS = 60.0  # shorter than any pooler's own limit, so that we drop first


class Engine(PostgresEngine):
    """A bounded, lazily opened pool on one DSN.

    `statements` counts what was sent (BEGIN and COMMIT included), so that tests can hold a request
    to its number of statements. The other counts since the start are for `/metrics`: connections
    `opened`, `acquire_timeouts`, and `returns` of a database that was away. `waiting` is how many
    wait for a connection now, and `on_acquire` gets the seconds that each has waited. With
    `misfits_told` a schema or rights that do not fit are `Unavailable`, and a line in the log.
    """

    def __init__(
        self,
        dsn: Dsn,
        *,
        pool_size: int = 5,
        statement_seconds: float | None = STATEMENT_SECONDS,
        lock_wait: str | None = None,
        misfits_told: bool = False,
    ) -> None:
        # Piccolo's __init__ would open a connection to ask for the version; set its fields instead.
        self.dsn = dsn
        self.config: dict[str, Any] = {}
        self.extensions: Sequence[str] = ()
        self.extra_nodes = {}
        self.pool = None
        self.log_queries = False
        self.log_responses = False
        self.engine_type = "postgres"
        self.min_version_number = 10
        self.query_id = 0
        self.current_transaction = contextvars.ContextVar(f"transaction_{id(self)}", default=None)

        self.pool_size = pool_size
        self.statement_seconds = statement_seconds
        self.lock_wait = lock_wait
        self.misfits_told = misfits_told
        self.acquire_seconds = dsn.acquire_timeout or ACQUIRE_SECONDS
        self.statements = 0
        self.opened = 0
        self.waiting = 0
        self.acquire_timeouts = 0
        self.on_acquire: Callable[[float], object] | None = None
        self.away = False
        self.returns = 0
        self._was_there = False
        self.silence = CircuitBreaker(self._ask, self._on_silence)
        self.writes = Writes(self._state, self._on_writes, self.drop_idle)
        self.complaints = Complaints()
        self.notes = Notes()
        self._renewed_at = float("-inf")
        self._opening: asyncio.Lock | None = None
        self.background = Background()

    def connect_arguments(self) -> dict[str, Any]:
        """Returns the arguments of `asyncpg.connect`, holding the password: never log them."""
        arguments = self.dsn.connect_kwargs()
        if arguments.get("timeout") is None:
            arguments["timeout"] = CONNECT_SECONDS
        if arguments.get("command_timeout") is None:
            arguments["command_timeout"] = self.statement_seconds
        # A named statement that meets another client's behind a pooler returns that client's rows.
        # Whether a host is a pooler cannot always be seen from its name, so there is no cache ever.
        arguments["statement_cache_size"] = 0
        return arguments

    async def check_version(self) -> None:
        """Never at import; `portal db check` does it."""

    async def prep_database(self) -> None:
        """The portal needs no extension."""

    async def get_new_connection(self) -> asyncpg.Connection[Any]:
        """Returns a connection outside the pool; the caller closes it."""
        with unavailable_while_connecting():
            return await asyncpg.connect(**self.connect_arguments())

    async def ensure_pool(self) -> asyncpg.Pool[Any]:
        if self.pool is None:
            if self._opening is None:
                self._opening = asyncio.Lock()
            async with self._opening:
                if self.pool is None:
                    self.pool = await asyncpg.create_pool(
                        **self.connect_arguments(),
                        min_size=0,
                        max_size=self.pool_size,
                        max_inactive_connection_lifetime=IDLE_SECONDS,
                        init=self._count_opened,
                        reset=no_reset,
                    )
        return self.pool

    async def _count_opened(self, connection: asyncpg.Connection[Any]) -> None:
        self.opened += 1
        if self.lock_wait is not None:  # as a statement: a session pooler refuses such parameters
            await connection.execute(f"SET lock_timeout = '{self.lock_wait}'")

    async def start_connection_pool(self, **_: Any) -> None:
        await self.ensure_pool()

    async def close_connection_pool(self) -> None:
        """Close every connection; those still in use are cut after two seconds."""
        await self.silence.close()
        await self.writes.close()
        pool, self.pool, self._opening = self.pool, None, None
        if pool is None:
            return
        try:
            await asyncio.wait_for(pool.close(), 2)
        except TimeoutError:
            pool.terminate()
        await self.background.close()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """As `unavailable_on_loss`, and one line in the log when the database goes away, one when
        it is back. While it was never there, the start says so itself."""
        try:
            with self.silence.waiting(), unavailable_on_loss():
                yield
        except Unavailable as error:
            self._note(error.__cause__)
            raise
        except asyncpg.PostgresError as error:
            self.silence.heard()
            if self.misfits_told and isinstance(error, MISFIT):
                self.complaints.misfit(error)
                self._renew(error)
                raise Unavailable(AWAY, retry_after=RETRY_SECONDS) from error
            raise
        self.silence.heard()
        if self.away and self._was_there:
            self.returns += 1
            log.error("the database is back")
        self.away = False
        self._was_there = True

    def _note(self, cause: BaseException | None) -> None:
        cut = isinstance(cause, asyncpg.PostgresConnectionError)  # nobody said a word about that
        if isinstance(cause, asyncpg.PostgresError) and not cut:
            self.silence.heard()
        if isinstance(cause, BUSY):
            request = current()
            if request is not None and isinstance(cause, TimeoutError):
                request.lost = True
            if not self.silence.silent:
                self.complaints.in_vain(cause)
            self._renew(cause)
        elif isinstance(cause, REFUSED):
            self.complaints.refuses_to_write(cause)
        elif not isinstance(cause, asyncpg.ReadOnlySQLTransactionError):
            self._gone(why(cause).rstrip("."))

    def _renew(self, cause: BaseException | None) -> None:
        """A session keeps the settings that it began with. What may be due to one of those is not
        met again on the same sessions once the setting is mended."""
        now = time.monotonic()
        if isinstance(cause, OF_SESSION) and now - self._renewed_at > RENEW_SECONDS:
            self._renewed_at = now
            self.background.start(self.drop_idle())

    def _gone(self, why: str) -> None:
        if not self.away and self._was_there:
            log.error("the database is away: %s", why)
        self.away = True

    def _on_silence(self, silent: bool) -> None:
        if silent:
            self._gone("it does not answer")
        elif self.pool is not None:
            # What lay idle meanwhile may lead to a server that is no longer there.
            self.background.start(self.drop_idle())

    def _on_writes(self, state: State) -> None:
        log.error("%s", state.sentence)
        # Older sessions may lead to a server, or keep a setting, of before.
        self.background.start(self.drop_idle())

    async def _ask(self, seconds: float) -> None:
        """One question on a connection of its own, whatever the pool is doing."""
        async with brief(self.connect_arguments(), seconds) as connection:
            await connection.execute("SELECT 1")

    async def _state(self, tables: Sequence[str] = ()) -> State | None:
        return await state_of(self.connect_arguments(), self.silence.step_seconds, tables)

    async def examine(self, tables: Sequence[str] = ()) -> State | None:
        """Returns what the database says of itself and of `tables` in one statement, or None when
        it does not answer. A pool whose connections are all in use does not hide it; a silent
        database may take as long as the limits are."""
        pool = self.pool
        try:
            if pool is None or pool.get_idle_size() or pool.get_size() < self.pool_size:
                state = State(**(await self.fetch(QUESTION, [tables], retry=True))[0])
                await self.writes.seen(state)
                return state
            if not self.silence.is_heard:
                with unavailable_on_loss():
                    await self.silence.admit()
                return await self._state(tables)
        except Unavailable:
            return None
        except asyncpg.PostgresError as error:  # as of a server whose files are gone
            self.complaints.misfit(error)
            return None
        return State(standby=False, meant=self.writes.read_only, session=False)

    @property
    def limit(self) -> float | None:
        """The seconds that BEGIN or a single statement may take, its wait for a connection
        included; None without a limit."""
        if self.statement_seconds is None:
            return None
        return max(self.acquire_seconds, self.dsn.command_timeout or self.statement_seconds)

    async def acquire(self) -> Any:
        """Returns a pooled connection; `TimeoutError` after the DSN's acquire limit, and at once
        while the database is silent."""
        await self.silence.admit()
        started = time.perf_counter()
        self.waiting += 1
        try:
            pool = await self.ensure_pool()
            return await pool.acquire(timeout=self._acquire_limit())
        except TimeoutError as error:
            self.acquire_timeouts += 1
            full = self.pool is not None and self.pool.get_size() == self.pool_size
            raise (NoConnectionFree if full else TimeoutError) from error
        except LOST:
            raise
        except asyncpg.PostgresError as error:  # only connecting has been tried
            raise Unavailable(AWAY, retry_after=RETRY_SECONDS) from error
        finally:
            self.waiting -= 1
            if self.on_acquire is not None:
                self.on_acquire(time.perf_counter() - started)

    def _acquire_limit(self) -> float:
        request = current()
        limit = self.acquire_seconds
        return limit if request is None else min(limit, request.left(self.limit or limit))

    async def release(self, connection: Any) -> None:
        """Give a connection back. One that was lost meanwhile is no error: what it was asked for
        is known by now."""
        if self.pool is None:
            return
        try:
            # A cancelled request must still give its connection back.
            await asyncio.shield(self.pool.release(connection, timeout=RELEASE_SECONDS))
        except (*LOST, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            log.debug("release failed: %s", type(error).__name__)

    async def _release_interrupted(self, connection: Any) -> None:
        if self.silence.silent:
            terminate(connection)
        await self.release(connection)

    async def drop_idle(self) -> None:
        """Have every connection that is not in use replaced before its next use."""
        if self.pool is not None:
            await self.pool.expire_connections()

    async def fetch(self, query: str, args: Sequence[Any] = (), *, retry: bool = False) -> Any:
        """Run one statement and return its records.

        Joins the current transaction, if there is one. `retry` allows a second try when the
        connection turns out to be dead; give it only where running the statement twice is harmless.
        """
        self.statements += 1
        with self.watched():
            transaction = self.current_transaction.get()
            if transaction is not None:
                async with within_deadline(self.limit, counted=False):
                    try:
                        return await timed(transaction.connection, query, args)
                    except asyncpg.ReadOnlySQLTransactionError:
                        await self.writes.refused()  # for the next one
                        raise
            async with within_deadline(self.limit):
                try:
                    return await self._fetch_pooled(query, args)
                except (asyncpg.ConnectionDoesNotExistError, ConnectionResetError):
                    if not retry:
                        raise
                    await self.drop_idle()
                    return await self._fetch_pooled(query, args)
                except asyncpg.ReadOnlySQLTransactionError:
                    if not await self.writes.refused():
                        raise
                except asyncpg.SerializationError:
                    pass  # the default of the server is stricter than what a transaction states
                # Refused as a whole, nothing has been done: twice is harmless.
                async with self.transaction():
                    return await self.fetch(query, args)

    async def note(self, query: str, args: Sequence[Any] = ()) -> None:
        """As `Notes.take`; while the database takes no writes, nothing is tried."""
        if not self.writes.read_only:
            await self.notes.take(lambda: self.fetch(query, args))

    async def _fetch_pooled(self, query: str, args: Sequence[Any]) -> Any:
        connection = await self.acquire()
        try:
            rows = await timed(connection, query, args)
        except (TimeoutError, asyncio.CancelledError):
            self.background.start(self._release_interrupted(connection))
            raise
        except (asyncpg.InterfaceError, asyncpg.DataError):
            # asyncpg sends Parse, Describe and Flush, and only then encodes the arguments. When
            # that fails no Sync was sent, and a pooler keeps its server connection reserved.
            try:
                if not is_closed(connection):
                    await connection.execute("SELECT 1")
            finally:
                await self.release(connection)
            raise
        except asyncpg.InternalClientError:
            terminate(connection)
            await self.release(connection)
            raise
        except BaseException:
            await self.release(connection)
            raise
        await self.release(connection)
        return rows

    async def run_querystring(self, querystring: QueryString, in_pool: bool = True) -> Any:  # noqa: ARG002
        query, args = querystring.compile_string(engine_type=self.engine_type)
        return await self.fetch(query, args, retry=query.lstrip()[:6].upper() == "SELECT")

    async def run_ddl(self, ddl: str, in_pool: bool = True) -> Any:  # noqa: ARG002
        return await self.fetch(ddl)

    async def batch(self, *args: Any, **kwargs: Any) -> Any:
        """Refused: Piccolo's batch swallows exceptions raised inside it."""
        raise NotImplementedError("Use keyset pages instead of batch().")

    def transaction(self, allow_nested: bool = True) -> SafeTransaction:
        return SafeTransaction(engine=self, allow_nested=allow_nested)
