"""A transaction that always gives its connection back."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from typing import Literal, Self

import asyncpg
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction

from portal.db.connections import is_closed, is_interrupted, is_spent, terminate
from portal.db.deadline import within_deadline
from portal.db.failures import LOST
from portal.db.pool import Pool

log = logging.getLogger("db/engine")

# What the code means must not depend on a default of the server, the database or the role.
BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"
BEGIN_OVERRULING = f"{BEGIN} READ WRITE"


class SafeTransaction(PostgresTransaction):
    """A transaction that returns its connection whatever BEGIN, COMMIT or ROLLBACK do.

    As in Piccolo, a nested transaction joins the outer one and does nothing itself.
    """

    def __init__(self, engine: PostgresEngine, pool: Pool, *, allow_nested: bool) -> None:
        super().__init__(engine, allow_nested=allow_nested)
        self.pool = pool

    async def __aenter__(self) -> Self:
        if self._parent is not None:
            return self._parent  # type: ignore[return-value]
        with self.pool.monitored():
            async with within_deadline(self.pool.limit):
                try:
                    await self._begin()
                except (asyncpg.ConnectionDoesNotExistError, ConnectionResetError):
                    # A container that was frozen wakes up with dead connections. Nothing has been
                    # executed yet, so a second try cannot do anything twice.
                    await self.pool.drop_idle()
                    await self._begin()
        self.context = self.engine.current_transaction.set(self)
        return self

    async def _begin(self) -> None:
        self.connection = await self.pool.acquire()
        try:
            self.pool.statements += 1
            await self.begin()
        except BaseException:
            await self._release_connection(broken=True)
            raise

    async def begin(self) -> None:
        if not self.pool.writes.overruled:
            await self._execute(BEGIN)
            return
        try:
            await self._execute(BEGIN_OVERRULING)
        except asyncpg.FeatureNotSupportedError as error:
            await self.pool.writes.overrule_failed()
            raise asyncpg.ReadOnlySQLTransactionError("a standby") from error

    async def commit(self) -> None:
        await self._execute("COMMIT")
        self._committed = True

    async def rollback(self) -> None:
        await self._execute("ROLLBACK")
        self._rolled_back = True

    async def _execute(self, statement: str) -> None:
        around = self.pool.around_statement
        with nullcontext() if around is None else around(statement):
            await self.connection.execute(statement)

    async def __aexit__(
        self, kind: object, error: BaseException | None, traceback: object
    ) -> Literal[False]:
        if self._parent is not None:
            return False
        if is_interrupted(error):
            self.engine.current_transaction.reset(self.context)
            self.pool.background.spawn(self._undo())
            return False
        settled = False
        self.pool.statements += 1
        try:
            with self.pool.monitored():
                if error is not None:
                    if not self._rolled_back:
                        await self._roll_back_quietly()
                elif not (self._committed or self._rolled_back):
                    await self.commit()
            settled = not is_closed(self.connection)
        except asyncpg.PostgresError:
            # COMMIT was refused, for example by a deferred constraint: the transaction is over
            settled = not is_spent(self.connection)
            raise
        finally:
            self.engine.current_transaction.reset(self.context)
            await self._release_connection(broken=not settled)
        return False

    async def _roll_back_quietly(self) -> None:
        """A failing ROLLBACK must not hide the error that caused it."""
        try:
            await self.rollback()
        except (*LOST, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            log.debug("rollback failed: %s", type(error).__name__)
            terminate(self.connection)

    async def _undo(self) -> None:
        """Undo what was interrupted."""
        try:
            if not (self._committed or self._rolled_back or self.pool.breaker.is_open):
                await self._roll_back_quietly()
        finally:
            await self._release_connection(broken=is_spent(self.connection))

    async def _release_connection(self, *, broken: bool) -> None:
        if broken:
            terminate(self.connection)
        await self.pool.release(self.connection)
