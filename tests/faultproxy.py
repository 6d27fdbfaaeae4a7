"""A network between the portal and its database that can be slow, silent, or cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from tests.support import Database

CHUNK = 65_536


class FaultProxy:
    """Passes bytes on between a port of 127.0.0.1 and a server's socket.

    `silent` swallows nothing and passes nothing on: both sides wait. `latency` is in seconds, for
    every piece of data in each direction.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.latency = 0.0
        self.connections = 0
        self._open = asyncio.Event()
        self._open.set()
        self._refusing = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    def url(self, database: str, parameters: str = "") -> str:
        """Returns the DSN of a database as seen through here."""
        host = quote("127.0.0.1")
        query = f"sslmode=disable&{parameters}"
        return f"postgresql://postgres@{host}:{self.port}/{database}?{query}"

    def fall_silent(self) -> None:
        self._open.clear()

    def speak(self) -> None:
        self._open.set()

    def cut(self) -> None:
        """Reset every connection; new ones are taken."""
        for writer in list(self._writers):
            writer.transport.abort()

    def refuse(self) -> None:
        """Cut, and take no new connection until `accept`."""
        self._refusing = True
        self.cut()

    def accept(self) -> None:
        self._refusing = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            writer.transport.abort()
            return
        self.connections += 1
        there, back = await asyncio.open_unix_connection(str(self.target))
        self._writers |= {writer, back}
        try:
            await asyncio.gather(self._pass_on(reader, back), self._pass_on(there, writer))
        finally:
            self._writers -= {writer, back}

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                await asyncio.sleep(self.latency)
                await self._open.wait()
                writer.write(data)
                await writer.drain()
        writer.close()

    def started(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        self.cut()
        self.speak()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def fault_proxy(database: Database) -> AsyncIterator[FaultProxy]:
    """A network in front of the server of this database."""
    proxy = FaultProxy(database.server.socket_folder / ".s.PGSQL.5432")

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        proxy.started(asyncio.create_task(proxy.serve(reader, writer)))

    listening = await asyncio.start_server(accepted, "127.0.0.1", 0)
    proxy.port = listening.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        listening.close()
        await proxy.close()
        await listening.wait_closed()
