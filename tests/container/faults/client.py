"""A small HTTP client for many requests at once, and what became of each of them."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from typing import Any, NamedTuple

LIMIT_SECONDS = 15.0  # longer than anything that the portal may take

OK = "ok"
AWAY = "503 with Retry-After"
BARE = "503 without Retry-After"
ERROR = "5xx"
REFUSED = "refused"
BROKEN = "broken off"
TIMEOUT = "no answer"

# Addresses at which TLS is spoken, and the name that is asked for there.
HTTPS: dict[tuple[str, int], str] = {}
_ANY_CERTIFICATE = ssl.create_default_context()
_ANY_CERTIFICATE.check_hostname = False
_ANY_CERTIFICATE.verify_mode = ssl.CERT_NONE


class Answer(NamedTuple):
    """`kind` is one of the words above; a status below 500 is `ok`, 0 means that none came."""

    kind: str
    status: int
    seconds: float
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def _kind(status: int, headers: dict[str, str]) -> str:
    if status < 500:
        return OK
    if status == 503:
        return AWAY if "retry-after" in headers else BARE
    return ERROR


async def _exchange(host: str, port: int, request: bytes) -> tuple[int, dict[str, str], bytes]:
    name = HTTPS.get((host, port))
    context = _ANY_CERTIFICATE if name else None
    reader, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=name)
    try:
        writer.write(request)
        status = int((await reader.readuntil(b"\r\n")).split()[1])
        headers: dict[str, str] = {}
        while (line := await reader.readuntil(b"\r\n")) != b"\r\n":
            name, _, value = line.decode("latin-1").partition(":")
            known = headers.get(name.strip().lower())
            headers[name.strip().lower()] = f"{known}, {value.strip()}" if known else value.strip()
        if "content-length" in headers:
            body = await reader.readexactly(int(headers["content-length"]))
        else:
            body = await reader.read()
        return status, headers, body
    finally:
        writer.close()


async def ask(
    address: tuple[str, int],
    path: str,
    body: object = None,
    *,
    cookie: str = "",
    limit: float = LIMIT_SECONDS,
) -> Answer:
    """Returns the answer to a GET, or to a POST of `body` as JSON, on a connection of its own."""
    data = b"" if body is None else json.dumps(body).encode()
    lines = [
        f"{'GET' if body is None else 'POST'} {path} HTTP/1.1",
        f"Host: {HTTPS.get(address, f'localhost:{address[1]}')}",
        "Connection: close",
        f"Cookie: {cookie}",
        "Content-Type: application/json",
        f"Content-Length: {len(data)}",
    ]
    request = "\r\n".join(lines).encode() + b"\r\n\r\n" + data
    started = time.monotonic()
    kind, status, headers, content = TIMEOUT, 0, dict[str, str](), b""
    try:
        async with asyncio.timeout(limit):
            status, headers, content = await _exchange(*address, request)
        kind = _kind(status, headers)
    except TimeoutError:
        pass
    except ConnectionRefusedError:
        kind = REFUSED
    except (OSError, asyncio.IncompleteReadError, ValueError, IndexError):
        kind = BROKEN
    return Answer(kind, status, time.monotonic() - started, headers, content)
