"""The one way to reach PostgreSQL: a Piccolo engine that is safe behind a transaction pooler.

Piccolo's own engine connects at import, keeps no limit on waiting for a connection, and loses the
connection when COMMIT fails. This subclass opens its pool on first use, bounds every wait, always
gives the connection back, and turns every way of losing the database into `Unavailable`.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Literal, Self

import asyncpg
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction

from portal.db.loss import BUSY, LOST, unavailable_on_loss
from portal.errors import Unavailable

if TYPE_CHECKING:
    from piccolo.querystring import QueryString

    from portal.db.dsn import Dsn

log = logging.getLogger("db/engine")

ACQUIRE_SECONDS = 5.0
CONNECT_SECONDS = 5.0
STATEMENT_SECONDS = 10.0
IDLE_SECONDS = 60.0  # shorter than any pooler's own limit, so that we drop first
SLOW_SECONDS = 0.25


async def _no_reset(connection: asyncpg.Connection[Any]) -> None:
    """Nothing in the portal leaves session state behind, and a reset costs a round trip."""


def _is_closed(connection: Any) -> bool:
    """Returns True also for a connection that the pool has dropped because it was lost."""
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:
        return True


def _terminate(connection: Any) -> None:
    """Close without a word to the server; a lost connection is closed already."""
    with suppress(asyncpg.InterfaceError):
        connection.terminate()


class SafeTransaction(PostgresTransaction):
    """A transaction that returns its connection whatever BEGIN, COMMIT or ROLLBACK do.

    As in Piccolo, a nested transaction joins the outer one and does nothing itself.
    """

    engine: Engine

    async def __aenter__(self) -> Self:
        if self._parent is not None:
            return self._parent  # type: ignore[return-value]
        with self.engine.watched():
            try:
                await self._begin()
            except (asyncpg.ConnectionDoesNotExistError, ConnectionResetError):
                # A container that was frozen wakes up with dead connections. Nothing has been
                # executed yet, so a second try cannot do anything twice.
                await self.engine.drop_idle()
                await self._begin()
        self.context = self.engine.current_transaction.set(self)
        return self

    async def _begin(self) -> None:
        self.connection = await self.engine.acquire()
        try:
            self.transaction = self.connection.transaction()
            self.engine.statements += 1
            await self.begin()
        except BaseException:
            await self._give_back(broken=True)
            raise

    async def __aexit__(
        self, kind: object, error: BaseException | None, traceback: object
    ) -> Literal[False]:
        if self._parent is not None:
            return False
        settled = False
        self.engine.statements += 1
        try:
            with self.engine.watched():
                if error is not None:
                    if not self._rolled_back:
                        await self._roll_back_quietly()
                elif not (self._committed or self._rolled_back):
                    await self.commit()
            settled = not _is_closed(self.connection)
        except asyncpg.PostgresError:
            # COMMIT was refused, for example by a deferred constraint: the transaction is over
            settled = not _is_closed(self.connection) and not self.connection.is_in_transaction()
            raise
        finally:
            self.engine.current_transaction.reset(self.context)
            await self._give_back(broken=not settled)
        return False

    async def _roll_back_quietly(self) -> None:
        """A failing ROLLBACK must not hide the error that caused it."""
        try:
            await self.rollback()
        except (*LOST, asyncpg.InterfaceError) as error:
            log.debug("rollback failed: %s", type(error).__name__)
            _terminate(self.connection)

    async def _give_back(self, *, broken: bool) -> None:
        if broken:
            _terminate(self.connection)
        await self.engine.release(self.connection)


class Engine(PostgresEngine):
    """A bounded, lazily opened pool on one DSN.

    `statements` counts what was sent (BEGIN and COMMIT included), so that tests can hold a request
    to its number of statements.
    """

    def __init__(
        self,
        dsn: Dsn,
        *,
        pool_size: int = 5,
        statement_seconds: float | None = STATEMENT_SECONDS,
        lock_wait: str | None = None,
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
        self.acquire_seconds = dsn.acquire_timeout or ACQUIRE_SECONDS
        self.statements = 0
        self._opening: asyncio.Lock | None = None
        self._away: bool | None = None

    def connect_arguments(self) -> dict[str, Any]:
        """Returns the arguments of `asyncpg.connect`, holding the password: never log them."""
        arguments = self.dsn.connect_kwargs()
        if arguments.get("timeout") is None:
            arguments["timeout"] = CONNECT_SECONDS
        if arguments.get("command_timeout") is None:
            arguments["command_timeout"] = self.statement_seconds
        if self.lock_wait is not None:
            arguments["server_settings"] = {
                **arguments["server_settings"],
                "lock_timeout": self.lock_wait,
            }
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
        with unavailable_on_loss():
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
                        reset=_no_reset,
                    )
        return self.pool

    async def start_connection_pool(self, **_: Any) -> None:
        await self.ensure_pool()

    async def close_connection_pool(self) -> None:
        """Close every connection; those still in use are cut after two seconds."""
        pool, self.pool, self._opening = self.pool, None, None
        if pool is None:
            return
        try:
            await asyncio.wait_for(pool.close(), 2)
        except TimeoutError:
            pool.terminate()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """As `unavailable_on_loss`, and one line in the log when the database goes away, one when
        it is back. While it was never there, the start says so itself."""
        try:
            with unavailable_on_loss():
                yield
        except Unavailable as error:
            if self._away is False and not isinstance(error.__cause__, BUSY):
                self._away = True
                log.error("the database is away: %s", type(error.__cause__).__name__)
            raise
        if self._away:
            log.error("the database is back")
        self._away = False

    async def acquire(self) -> Any:
        """Returns a pooled connection; `TimeoutError` after the DSN's acquire limit."""
        pool = await self.ensure_pool()
        return await pool.acquire(timeout=self.acquire_seconds)

    async def release(self, connection: Any) -> None:
        if self.pool is not None:
            # A cancelled request must still give its connection back.
            await asyncio.shield(self.pool.release(connection))

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
        started = time.perf_counter()
        try:
            with self.watched():
                transaction = self.current_transaction.get()
                if transaction is not None:
                    return await transaction.connection.fetch(query, *args)
                try:
                    return await self._fetch_pooled(query, args)
                except (asyncpg.ConnectionDoesNotExistError, ConnectionResetError):
                    if not retry:
                        raise
                    await self.drop_idle()
                    return await self._fetch_pooled(query, args)
        finally:
            elapsed = time.perf_counter() - started
            if elapsed > SLOW_SECONDS:
                log.warning("slow query %.0f ms: %s", elapsed * 1000, " ".join(query.split())[:200])

    async def _fetch_pooled(self, query: str, args: Sequence[Any]) -> Any:
        connection = await self.acquire()
        try:
            return await connection.fetch(query, *args)
        except (asyncpg.InterfaceError, asyncpg.DataError):
            # asyncpg sends Parse, Describe and Flush, and only then encodes the arguments. When
            # that fails no Sync was sent, and a pooler keeps its server connection reserved.
            if not _is_closed(connection):
                await connection.execute("SELECT 1")
            raise
        finally:
            await self.release(connection)

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
