"""Requests of bytes that no client library would send, to a portal in a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.ops.command import Running, running
from tests.support import PASSWORDS

SECONDS = 20.0  # generous: a test that passes never waits for it


class Raw:
    """Sends what it is given on a connection each, as somebody signed in."""

    def __init__(self, serving: Running, sid: str) -> None:
        self.serving = serving
        self.sid = sid

    async def get(self, target: str, *headers: bytes) -> int:
        """Returns the status of a GET; 0 when the connection is closed without an answer."""
        return await self.status(self.head("GET", target, *headers))

    async def post(self, target: str, kind: bytes, body: bytes, *headers: bytes) -> int:
        """Returns the status of a POST of this content type; `headers` stand in for its length."""
        length = headers or (b"Content-Length: %d" % len(body),)
        return await self.status(self.head("POST", target, b"Content-Type: " + kind, *length), body)

    async def status(self, head: bytes, body: bytes = b"") -> int:
        async with self.sent(head, body) as reader:
            try:
                line = await asyncio.wait_for(reader.readline(), SECONDS)
            except ConnectionError:
                return 0
            return int(line.split()[1]) if line else 0

    @asynccontextmanager
    async def sent(self, head: bytes, body: bytes = b"") -> AsyncIterator[asyncio.StreamReader]:
        """The connection on which this was sent, to read from."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.serving.port)
        try:
            writer.write(head + body)
            yield reader
        finally:
            writer.close()

    def head(self, method: str, target: str, *headers: bytes) -> bytes:
        lines = (
            f"{method} {target} HTTP/1.1".encode("latin-1"),
            b"Host: localhost",
            b"Connection: close",
            b"Cookie: sid=" + self.sid.encode(),
            *headers,
            b"\r\n",
        )
        return b"\r\n".join(lines)


@asynccontextmanager
async def raw_portal(url: str, name: str = "alex", **environment: str) -> AsyncIterator[Raw]:
    """A portal on this database, spoken to as `name`. It has written no traceback at the end."""
    with running("serve", url=url, SEED_DB="true", **environment) as serving:
        await serving.answers("/health/ready")
        async with serving.browser() as browser:
            login = {"username": name, "password": PASSWORDS[name]}
            await browser.post("/api/auth/login", json=login)
            yield Raw(serving, browser.cookies["sid"])
        output = serving.output()
    assert "traceback" not in output.lower(), output
