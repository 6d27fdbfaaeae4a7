"""A pool of connections that is safe behind a transaction pooler.

It opens on first use, bounds every wait, always gets its connections back, turns every way of
losing the database into `Unavailable`, and does not let requests wait for a database that does not
answer.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

import asyncpg

from portal.db.circuit_breaker import CircuitBreaker
from portal.db.connections import Background, is_closed, no_reset, one_off, terminate, timed
from portal.db.deadline import current_deadline
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
from portal.db.read_only import State, Writes, state_of
from portal.db.reasons import explain
from portal.db.trouble_log import TroubleLog
from portal.errors import Unavailable

if TYPE_CHECKING:
    from portal.config.dsn import Dsn

log = logging.getLogger("db/engine")

ACQUIRE_SECONDS = 5.0
CONNECT_SECONDS = 5.0
STATEMENT_SECONDS = 5.0
RELEASE_SECONDS = 5.0  # for the server to end an interrupted statement
RENEW_SECONDS = 1.0
IDLE_SECONDS = 60.0  # shorter than any pooler's own limit, so that we drop first


class Pool:
    """At most `size` connections to one DSN, opened as they are needed.

    `statements` counts what was sent (BEGIN and COMMIT included), so that tests can hold a request
    to its number of statements. The other counts since the start are for `/metrics`: connections
    `opened`, `acquire_timeouts`, and `returns` of a database that was away. `succeeded_at` is when
    a statement last did, in seconds of `time.monotonic`. `waiting` is how many wait for a
    connection now, and `on_acquire` gets the seconds that each has waited. Every statement of a
    request, COMMIT included, runs inside `around_statement` where there is one. With
    `misfits_reported` a schema or rights that do not fit are `Unavailable`, and a line in the log.
    """

    def __init__(
        self,
        dsn: Dsn,
        *,
        size: int = 5,
        statement_seconds: float | None = STATEMENT_SECONDS,
        lock_wait: str | None = None,
        misfits_reported: bool = False,
    ) -> None:
        self.dsn = dsn
        self.size = size
        self.statement_seconds = statement_seconds
        self.lock_wait = lock_wait
        self.misfits_reported = misfits_reported
        self.acquire_seconds = dsn.acquire_timeout or ACQUIRE_SECONDS
        self.statements = 0
        self.opened = 0
        self.waiting = 0
        self.acquire_timeouts = 0
        self.on_acquire: Callable[[float], object] | None = None
        self.around_statement: Callable[[str], AbstractContextManager[None]] | None = None
        self.away = False
        self.returns = 0
        self.succeeded_at = float("-inf")
        self.breaker = CircuitBreaker(self._ping, self._on_breaker)
        self.writes = Writes(self.ask_state, self._on_writes, self.drop_idle)
        self.background = Background()
        self.trouble = TroubleLog()
        self._was_there = False
        self._renewed_at = float("-inf")
        self._connections: asyncpg.Pool[Any] | None = None

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

    async def connect_outside(self) -> asyncpg.Connection[Any]:
        """Returns a connection outside the pool; the caller closes it."""
        with unavailable_while_connecting():
            return await asyncpg.connect(**self.connect_arguments())

    async def ensure_open(self) -> asyncpg.Pool[Any]:
        """Returns asyncpg's pool. Made without a connection, so that nobody waits in here."""
        if self._connections is None:
            self._connections = await asyncpg.create_pool(
                **self.connect_arguments(),
                min_size=0,
                max_size=self.size,
                max_inactive_connection_lifetime=IDLE_SECONDS,
                init=self._begin_session,
                reset=no_reset,
            )
        return self._connections

    async def _begin_session(self, connection: asyncpg.Connection[Any]) -> None:
        self.opened += 1
        if self.lock_wait is not None:  # as a statement: a session pooler refuses such parameters
            await connection.execute(f"SET lock_timeout = '{self.lock_wait}'")

    async def close(self) -> None:
        """Close every connection; those still in use are cut after two seconds."""
        await self.breaker.stop_probing()
        await self.writes.stop_asking()
        connections, self._connections = self._connections, None
        if connections is None:
            return
        try:
            await asyncio.wait_for(connections.close(), 2)
        except TimeoutError:
            connections.terminate()
        await self.background.close()

    @property
    def open_connections(self) -> int:
        return self._connections.get_size() if self._connections else 0

    @property
    def idle_connections(self) -> int:
        return self._connections.get_idle_size() if self._connections else 0

    @property
    def has_room(self) -> bool:
        """Returns whether a statement would not wait for somebody else's connection."""
        return bool(self.idle_connections) or self.open_connections < self.size

    @property
    def limit(self) -> float | None:
        """The seconds that BEGIN or a single statement may take, its wait for a connection
        included; None without a limit."""
        if self.statement_seconds is None:
            return None
        return max(self.acquire_seconds, self.dsn.command_timeout or self.statement_seconds)

    async def acquire(self) -> Any:
        """Returns a pooled connection; `TimeoutError` after the DSN's acquire limit, and at once
        while the circuit is open."""
        self.breaker.check()
        started = time.perf_counter()
        self.waiting += 1
        try:
            connections = await self.ensure_open()
            return await connections.acquire(timeout=self._acquire_limit())
        except TimeoutError as error:
            self.acquire_timeouts += 1
            full = self.open_connections == self.size
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
        request = current_deadline()
        limit = self.acquire_seconds
        return limit if request is None else min(limit, request.remaining(self.limit or limit))

    async def release(self, connection: Any) -> None:
        """Give a connection back. One that was lost meanwhile is no error: what it was asked for
        is known by now."""
        if self._connections is None:
            return
        try:
            # A cancelled request must still give its connection back.
            await asyncio.shield(self._connections.release(connection, timeout=RELEASE_SECONDS))
        except (*LOST, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            log.debug("release failed: %s", type(error).__name__)

    async def _release_interrupted(self, connection: Any) -> None:
        if self.breaker.is_open:
            terminate(connection)
        await self.release(connection)

    async def drop_idle(self) -> None:
        """Have every connection that is not in use replaced before its next use."""
        if self._connections is not None:
            await self._connections.expire_connections()

    async def fetch(self, query: str, args: Sequence[Any], *, retry: bool) -> Any:
        """Run one statement on any connection and return its records; `retry` allows a second try
        when the connection turns out to be dead. Raises what the driver raises."""
        try:
            return await self._fetch_once(query, args)
        except (asyncpg.ConnectionDoesNotExistError, ConnectionResetError):
            if not retry:
                raise
            await self.drop_idle()
            return await self._fetch_once(query, args)

    async def _fetch_once(self, query: str, args: Sequence[Any]) -> Any:
        connection = await self.acquire()
        try:
            rows = await timed(connection, query, args)
        except BaseException as error:
            await self._release_after(error, connection)
            raise
        await self.release(connection)
        return rows

    async def _release_after(self, error: BaseException, connection: Any) -> None:
        if isinstance(error, (TimeoutError, asyncio.CancelledError)):
            self.background.spawn(self._release_interrupted(connection))
            return
        if isinstance(error, asyncpg.InternalClientError):
            terminate(connection)
        try:
            # asyncpg sends Parse, Describe and Flush, and only then encodes the arguments. When
            # that fails no Sync was sent, and a pooler keeps its server connection reserved.
            unsynced = isinstance(error, (asyncpg.InterfaceError, asyncpg.DataError))
            if unsynced and not is_closed(connection):
                await connection.execute("SELECT 1")
        finally:
            await self.release(connection)

    @contextmanager
    def monitored(self) -> Iterator[None]:
        """As `unavailable_on_loss`, and one line in the log when the database goes away, one when
        it is back. While it was never there, the start says so itself."""
        try:
            with self.breaker.waiting(), unavailable_on_loss():
                yield
        except Unavailable as error:
            self._record_failure(error.__cause__)
            raise
        except asyncpg.PostgresError as error:
            self.breaker.record_success()
            if self.misfits_reported and isinstance(error, MISFIT):
                self.trouble.statement_refused(error)
                self._renew(error)
                raise Unavailable(AWAY, retry_after=RETRY_SECONDS) from error
            raise
        self.breaker.record_success()
        if self.away and self._was_there:
            self.returns += 1
            log.error("the database is back")
        self.away = False
        self._was_there = True
        self.succeeded_at = time.monotonic()

    def _record_failure(self, cause: BaseException | None) -> None:
        cut = isinstance(cause, asyncpg.PostgresConnectionError)  # the server sent no error
        if isinstance(cause, asyncpg.PostgresError) and not cut:
            self.breaker.record_success()
        if isinstance(cause, BUSY):
            request = current_deadline()
            if request is not None and isinstance(cause, TimeoutError):
                request.expired = True
            if not self.breaker.is_open:
                self.trouble.timed_out(cause)
            self._renew(cause)
        elif isinstance(cause, REFUSED):
            self.trouble.write_refused(cause)
        elif not isinstance(cause, asyncpg.ReadOnlySQLTransactionError):
            self._record_away(explain(cause).rstrip("."))

    def _renew(self, cause: BaseException | None) -> None:
        """A session keeps the settings that it began with. What may be due to one of those is not
        met again on the same sessions once the setting is mended."""
        now = time.monotonic()
        if isinstance(cause, OF_SESSION) and now - self._renewed_at > RENEW_SECONDS:
            self._renewed_at = now
            self.background.spawn(self.drop_idle())

    def _record_away(self, reason: str) -> None:
        if not self.away and self._was_there:
            log.error("the database is away: %s", reason)
        self.away = True

    def _on_breaker(self, is_open: bool) -> None:
        if is_open:
            self._record_away("it does not answer")
        else:
            # What lay idle meanwhile may lead to a server that is no longer there.
            self.background.spawn(self.drop_idle())

    def _on_writes(self, state: State) -> None:
        log.error("%s", state.sentence)
        # Older sessions may lead to a server, or keep a setting, of before.
        self.background.spawn(self.drop_idle())

    async def _ping(self, seconds: float) -> None:
        async with one_off(self.connect_arguments(), seconds) as connection:
            await connection.execute("SELECT 1")

    async def ask_state(self, tables: Sequence[str] = ()) -> State | None:
        """Returns what a connection outside the pool says, None when it does not in time."""
        return await state_of(self.connect_arguments(), self.breaker.step_seconds, tables)
