"""Detects what stands between an address and the server: nothing, a session or a transaction
pooler.

The address rarely tells, the behaviour does. On a direct connection the process that the server
announced is the one that answers. Where they differ something stands in between, and the question
is whether a session keeps its process. So more clients connect beside the first, and all are asked
in turn for their process: a transaction or statement pooler gives two clients the same one, or one
client two. A session pooler gives each its own, or lets it queue for one while the others are
answered at once. No transaction is opened meanwhile, and nothing is left behind.
"""

from __future__ import annotations

import asyncio
import enum
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import asyncpg

from portal.errors import CommandFailed

if TYPE_CHECKING:
    from portal.config.dsn import Dsn

CLOSE_SECONDS = 1.0
# For the whole detection; at a busy pooler we wait as its other clients do.
LIMIT_SECONDS = 7.0
# Once this has passed without a sign of a transaction pooler, the detection ends.
ENOUGH_SECONDS = 3.0
# How long another client may queue for a process before the first is asked whether it does, too.
QUEUE_SECONDS = 0.3
# For a pooler that does not even accept a client which has to queue.
ACCEPT_SECONDS = 3.0
# More than one: a pooler may be several processes behind one port, each with its own connections.
OTHERS = 4
ROUNDS = 2

_PROCESS = "SELECT pg_backend_pid()"
_REFUSED = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)


class Pooling(enum.Enum):
    """The values are words for messages."""

    NONE = "direct"
    SESSION = "session pooler"
    TRANSACTION = "transaction pooler"


async def connect_with(
    settings: dict[str, str], dsn: Dsn, seconds: float, statement_seconds: float | None = None
) -> asyncpg.Connection[Any]:
    """Returns a connection with these parameters of the server, made within `seconds`, on which a
    statement that takes longer than `statement_seconds` (None: than the address says) raises
    `TimeoutError`. Raises what the driver raises."""
    arguments = dsn.connect_kwargs() | {"statement_cache_size": 0, "server_settings": settings}
    arguments["timeout"] = min(arguments.get("timeout") or seconds, seconds)
    if statement_seconds is not None:
        arguments["command_timeout"] = statement_seconds
    return await asyncpg.connect(**arguments)


async def close(connection: asyncpg.Connection[Any], seconds: float = CLOSE_SECONDS) -> None:
    """Close politely within this time, and otherwise cut the connection."""
    try:
        await connection.close(timeout=seconds)
    except _REFUSED:
        connection.terminate()


def remedy(dsn: Dsn) -> str:
    """Returns what corrects an address that leads to a transaction pooler without showing it."""
    if dsn.variable == "DATABASE_URL":
        return "add ?pgbouncer=true, and set DATABASE_URL_UNPOOLED to the direct address."
    return "set it to the direct address."


def refusal(dsn: Dsn) -> str:
    """Returns the sentence for a command that needs a session and finds a transaction pooler."""
    return (
        f"{dsn.variable} goes through a transaction pooler, which cannot carry migrations and"
        f" whatever else needs a session of its own: {remedy(dsn)}"
    )


async def pooling(connection: asyncpg.Connection[Any], dsn: Dsn) -> Pooling:
    """Returns what `connection`, made with `dsn` and outside any transaction, goes through.

    One statement on a direct connection. Elsewhere up to `OTHERS` more clients connect for a
    moment. Raises `TimeoutError` when there is no answer, and `CommandFailed` when the pooler
    accepts no second client.
    """
    first = _Client(connection)
    async with asyncio.timeout(LIMIT_SECONDS):
        await first.check_process()
        if first.process == connection.get_server_pid():
            return Pooling.NONE
        clients = [first]
        try:
            await _compare_with_others(clients, dsn)
        except _ProcessShared:
            return Pooling.TRANSACTION
        finally:
            for other in clients[1:]:
                await asyncio.shield(other.disconnect())
    return Pooling.SESSION


class _ProcessShared(Exception):
    """A client was given a second process, or the one of another client."""


class _Client:
    """A client of the pooler, and the process that it was given first."""

    def __init__(self, connection: asyncpg.Connection[Any] | None = None) -> None:
        self.connection = connection
        self.process: int | None = None
        self.connecting: asyncio.Task[None] | None = None

    def start_connecting(self, dsn: Dsn) -> asyncio.Task[None]:
        """Begin to connect and ask; returns the task that ends when both are done."""
        self.connecting = asyncio.create_task(self._connect(dsn))
        return self.connecting

    async def _connect(self, dsn: Dsn) -> None:
        self.connection = await connect_with(dsn.pooler_settings(), dsn, LIMIT_SECONDS)
        await self.check_process()

    async def check_process(self) -> None:
        assert self.connection is not None
        process = await self.connection.fetchval(_PROCESS, timeout=LIMIT_SECONDS)
        if self.process not in (None, process):
            raise _ProcessShared
        self.process = process

    async def disconnect(self) -> None:
        if self.connecting is not None and not self.connecting.done():
            if self.connection is not None:
                self.connection.terminate()  # a cancelled question would be cancelled at the server
            self.connecting.cancel()
            with suppress(asyncio.CancelledError, *_REFUSED):
                await self.connecting
        elif self.connection is not None:
            await close(self.connection)


async def _compare_with_others(clients: list[_Client], dsn: Dsn) -> None:
    """Connect more clients beside the first and ask all of them. Raises `_ProcessShared` on any
    sign that processes are shared; returns when there is none."""
    ends = asyncio.get_running_loop().time() + ENOUGH_SECONDS
    first = clients[0]
    for _ in range(OTHERS):
        other = _Client()
        connecting = other.start_connecting(dsn)
        clients.append(other)
        if await _has_to_queue(other, connecting, first):
            break
        error = connecting.exception()
        if error is not None:
            clients.remove(other)
            await other.disconnect()
            if len(clients) == 1:
                raise CommandFailed(_no_second_client(dsn)) from error
            break
        await first.check_process()
        await _ask_twice(clients[-1:])
        _check_distinct(clients)
    connected = [client for client in clients if client.process is not None]
    for _ in range(ROUNDS):
        if asyncio.get_running_loop().time() > ends:
            break
        await _ask_twice(connected)


async def _has_to_queue(other: _Client, connecting: asyncio.Task[None], first: _Client) -> bool:
    """Returns whether `first` is answered again and again while `other` gets no process: its own is
    reserved for it. In a transaction pooler it would queue behind the other."""
    loop = asyncio.get_running_loop()
    give_up = loop.time() + ACCEPT_SECONDS
    while True:
        await asyncio.wait({connecting}, timeout=QUEUE_SECONDS)
        if connecting.done():
            return False
        for _ in range(3):
            await first.check_process()
        accepted = other.connection is not None
        if not connecting.done() and (accepted or loop.time() > give_up):
            return True


async def _ask_twice(clients: list[_Client]) -> None:
    """Ask each twice for its process: some poolers hand out the idle one that was used last, others
    the one that was used first."""
    for client in clients:
        await client.check_process()
        await client.check_process()
    _check_distinct(clients)


def _check_distinct(clients: list[_Client]) -> None:
    given = [client.process for client in clients]
    if len(set(given)) < len(given):
        raise _ProcessShared


def _no_second_client(dsn: Dsn) -> str:
    return (
        f"{dsn.variable} goes through a pooler that lets no second client in, so that it cannot be"
        " seen whether it keeps sessions: try again, or use the direct address of the database."
    )
