"""An offer to upgrade is ignored wherever the bytes are split: handed over one piece at a time,
because a socket may put pieces together again."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from portal.web.listener import Listener
from tests.web.wire import connected

BODY = b'{"a": 1}'
CHUNKS = b'3\r\n{"a\r\n5;part=2\r\n": 1}\r\n0\r\nTrailer: x\r\n\r\n'
OFFER = b"Connection: keep-alive, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: A\r\n"
SIZED = b"POST /sized?a=b HTTP/1.1\r\nHost: a\r\n" + OFFER + b"Content-Length: 8\r\n\r\n" + BODY
CHUNKED = b"PUT /chunked HTTP/1.1\r\n" + OFFER + b"Host: a\r\nTransfer-Encoding: chunked\r\n\r\n"
PLAIN = b"GET /plain HTTP/1.1\r\nHost: a\r\n\r\n"
WHOLE = SIZED + CHUNKED + CHUNKS + SIZED + PLAIN
WANTED = [
    ("POST", "/sized", BODY),
    ("PUT", "/chunked", BODY),
    ("POST", "/sized", BODY),
    ("GET", "/plain", b""),
]


async def heard(pieces: list[bytes]) -> list[tuple[str, str, bytes]]:
    """Returns method, path and body of the requests that the application gets."""
    got: list[tuple[str, str, bytes]] = []
    all_answered = asyncio.Event()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        names = [name for name, _ in scope["headers"]]
        assert b"upgrade" not in names
        assert names.count(b"host") == 1
        body = b""
        while True:
            message = await receive()
            body += message["body"]
            if not message["more_body"]:
                break
        got.append((scope["method"], scope["path"], body))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        if len(got) == len(WANTED):
            all_answered.set()

    async with connected(application, Listener()) as connection:
        for piece in pieces:
            connection.data_received(piece)
        async with asyncio.timeout(5):
            await all_answered.wait()
        assert connection.refusal is None
    return got


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, len(WHOLE)])
async def test_in_pieces_of_one_size(size: int) -> None:
    pieces = [WHOLE[at : at + size] for at in range(0, len(WHOLE), size)]
    assert await heard(pieces) == WANTED


async def test_in_two_pieces_split_anywhere() -> None:
    for at in range(1, len(WHOLE)):
        assert await heard([WHOLE[:at], WHOLE[at:]]) == WANTED, at


async def test_in_three_pieces_split_around_the_end_of_each_head() -> None:
    ends = [at + 4 for at in range(len(WHOLE)) if WHOLE[at : at + 4] == b"\r\n\r\n"]
    near = sorted({end + by for end in ends for by in range(-4, 3) if end + by < len(WHOLE)})
    for first, second in itertools.pairwise(near):
        pieces = [WHOLE[:first], WHOLE[first:second], WHOLE[second:]]
        assert await heard(pieces) == WANTED, (first, second)
