"""What goes over the socket, byte by byte, to a `portal serve` in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple

import httpx
from uvicorn import Config
from uvicorn.server import ServerState

from portal.web.listener import Connection, Listener
from tests.ops.command import Running, running

SECONDS = 10.0  # generous: a test that passes never waits for it
# `portal serve` with limits that a test can wait for.
RUNNER = """
import resource, sys
from portal.config.settings import Settings
from portal.cli.server import serve
from portal.web.listener import Limits
if {files}:
    resource.setrlimit(resource.RLIMIT_NOFILE, ({files}, {files}))
sys.exit(serve(Settings.from_env(), limits=Limits(**{limits})))
"""


class Answer(NamedTuple):
    status: int
    headers: httpx.Headers
    body: bytes


class Wire:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, *parts: bytes) -> None:
        """Send each part in a segment of its own."""
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()
            await asyncio.sleep(0)

    async def answer(self, *, bodiless: bool = False) -> Answer:
        """Returns the next answer; `bodiless` is that of a HEAD."""
        async with asyncio.timeout(SECONDS):
            top = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = top.strip().split("\r\n")
            status = int(first.split(" ", 2)[1])
            pairs = [tuple(line.split(": ", 1)) for line in lines]
            headers = httpx.Headers(pairs)  # type: ignore[arg-type]
            body = b""
            if bodiless or status in (204, 304) or status < 200:
                pass
            elif "content-length" in headers:
                body = await self.reader.readexactly(int(headers["content-length"]))
            elif headers.get("transfer-encoding") == "chunked":
                while size := int(await self.reader.readuntil(b"\r\n"), 16):
                    body += (await self.reader.readexactly(size + 2))[:-2]
                await self.reader.readexactly(2)
            return Answer(status, headers, body)

    async def ask(self, head: bytes, body: bytes = b"") -> Answer:
        """Send a request, from its first line without the version to its last header."""
        await self.send(request(head, body))
        return await self.answer(bodiless=head.startswith(b"HEAD "))

    async def is_closed(self, seconds: float = SECONDS) -> bool:
        """Returns True once the other side has ended the connection and sent nothing before, False
        when that takes longer."""
        try:
            async with asyncio.timeout(seconds):
                return await self.reader.read(1) == b""
        except TimeoutError:
            return False
        except ConnectionError:
            return True


def request(head: bytes, body: bytes = b"") -> bytes:
    """Returns the bytes of a request, with Host and, where there is a body, its length."""
    first, *lines = head.split(b"\r\n")
    if body:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join([first + b" HTTP/1.1", b"Host: localhost", *lines, b"", body])


@contextlib.asynccontextmanager
async def wire(port: int) -> AsyncIterator[Wire]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1_000_000)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@contextlib.contextmanager
def limited(url: str, *, files: int = 0, **limits: float) -> Iterator[Running]:
    """`portal serve` with other limits than it has; `files` are the descriptors that it may use."""
    program = (sys.executable, "-c", RUNNER.format(files=files, limits=limits))
    with running("serve", url=url, program=program, SEED_DB="true") as serving:
        yield serving


@contextlib.asynccontextmanager
async def connected(application: Any, listener: Listener) -> AsyncIterator[Connection]:
    """One end of a pair of sockets in this process, held by a listener, for what must happen in an
    exact order."""
    loop = asyncio.get_running_loop()
    here, there = socket.socketpair()
    config = Config(application, log_config=None, lifespan="off")
    state = ServerState()

    def make() -> Connection:
        return listener(config=config, server_state=state, app_state={}, _loop=loop)

    transport, connection = await loop.create_connection(make, sock=here)
    try:
        yield connection
    finally:
        transport.abort()
        there.close()
        await asyncio.sleep(0)
