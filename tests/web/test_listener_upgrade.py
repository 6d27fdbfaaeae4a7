"""No upgrade is taken: the request is answered as any other, with its body."""

from __future__ import annotations

import json

import pytest

from tests.ops.command import Running
from tests.support import PASSWORDS
from tests.web.wire import request, wire

OFFERS = {
    "h2c": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk",
    "websocket": b"Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZQ==\r\nSec-WebSocket-Version: 13",
    "two": b"connection: close-not\r\nCONNECTION: upgrade\r\nUpgrade: TLS/1.0, h2c",
}
LOGIN = json.dumps({"username": "alex", "password": PASSWORDS["alex"]}).encode()
CHUNKED = b"%x;part=1\r\n%s\r\n%x\r\n%s\r\n0\r\nTrailer: of the body\r\n\r\n" % (
    10,
    LOGIN[:10],
    len(LOGIN) - 10,
    LOGIN[10:],
)
KIND = b"\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS)
async def test_a_body_arrives_beside_an_offer_to_upgrade(serving: Running, offer: bytes) -> None:
    sized = request(b"POST /api/auth/login" + KIND + offer, LOGIN)
    chunked = request(b"POST /api/auth/login" + KIND + offer + b"\r\nTransfer-Encoding: chunked")
    async with wire(serving.port) as line:
        await line.send(sized + chunked + CHUNKED + sized)
        for _ in range(3):
            answer = await line.answer()
            assert answer.status == 200, answer.body
            assert json.loads(answer.body)["user"]["id"] == "alex"
            assert answer.headers.get("connection") != "close"
        assert (await line.ask(b"GET /api/health\r\n" + offer)).status == 200
        assert (await line.ask(b"HEAD /api/health\r\n" + offer)).status == 200
        assert (await line.ask(b"PUT /api/health\r\n" + offer, b"{}")).status == 405
        assert (await line.ask(b"GET /api/auth/me")).status == 200


@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS)
async def test_it_does_not_matter_where_the_bytes_are_split(serving: Running, offer: bytes) -> None:
    wanted = b'{"username": "alex"}'
    whole = request(b"POST /api/auth/login" + KIND + offer, wanted) + request(b"GET /api/health")
    async with wire(serving.port) as line:
        for at in range(1, len(whole)):
            await line.send(whole[:at])
            await line.send(whole[at:])
            assert (await line.answer()).status == 400  # there is no password in it
            assert (await line.answer()).status == 200
        await line.send(*(whole[at : at + 1] for at in range(len(whole))))
        assert (await line.answer()).status == 400
        assert (await line.answer()).status == 200


async def test_close_beside_the_offer_is_heard(serving: Running) -> None:
    offer = b"Connection: close, Upgrade\r\nUpgrade: h2c"
    async with wire(serving.port) as line:
        answer = await line.ask(b"POST /api/auth/login" + KIND + offer, LOGIN)
        assert answer.status == 200
        assert answer.headers["connection"] == "close"
        assert await line.is_closed()


async def test_an_older_client_that_offers_is_answered(serving: Running) -> None:
    async with wire(serving.port) as line:
        await line.send(
            b"POST /api/auth/login HTTP/1.0" + KIND + OFFERS["h2c"] + b"\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(LOGIN), LOGIN)
        )
        assert (await line.answer()).status == 200


async def test_a_tunnel_is_refused(serving: Running) -> None:
    async with wire(serving.port) as line:
        await line.send(b"CONNECT localhost:5432 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = await line.answer()
        assert answer.status == 405
        assert answer.body == b"This server is no proxy."
        assert await line.is_closed()
