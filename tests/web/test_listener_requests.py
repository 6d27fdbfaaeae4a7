"""What two servers could read in two ways is refused with a sentence, and the connection closed."""

from __future__ import annotations

import json

import pytest

from tests.ops.command import Running
from tests.support import PASSWORDS
from tests.web.wire import request, wire

POST = b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
GET = b"GET /api/health HTTP/1.1\r\n"
HOST = b"Host: localhost\r\n"
LOGIN = json.dumps({"username": "alex", "password": PASSWORDS["alex"]}).encode()
NO_BODY = b"0\r\n\r\n"
UNCLEAR = {
    "no host": GET + b"\r\n",
    "two hosts": GET + HOST + b"host: example.com\r\n\r\n",
    "the same host twice": GET + HOST + HOST + b"\r\n",
    "two hosts in HTTP/1.0": b"GET /api/health HTTP/1.0\r\n" + HOST + HOST + b"\r\n",
    "a host with a space": GET + b"Host: a b\r\n\r\n",
    "a host with a path": GET + b"Host: localhost/x\r\n\r\n",
    "another host in the address": b"GET http://example.com/ HTTP/1.1\r\n" + HOST + b"\r\n",
    "an address of another kind": b"GET ftp://localhost/api/health HTTP/1.1\r\n" + HOST + b"\r\n",
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "the same length twice": POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "a list of lengths": POST + b"Content-Length: 2, 2\r\n\r\n{}",
    "a signed length": POST + b"Content-Length: +2\r\n\r\n{}",
    "an endless length": POST + b"Content-Length: 99999999999999999999\r\n\r\n{}",
    "length and chunked": POST
    + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    + NO_BODY,
    "chunked and length": POST
    + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
    + NO_BODY,
    "chunked twice": POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n" + NO_BODY,
    "packed and chunked": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + NO_BODY,
    "almost chunked": POST + b"Transfer-Encoding: xchunked\r\n\r\n" + NO_BODY,
    "a tab before chunked": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n" + NO_BODY,
    "chunked in HTTP/1.0": b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + NO_BODY,
    "a space before the colon": POST + b"Content-Length : 2\r\n\r\n{}",
    "a folded line": POST + b"X-More: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
    "lines without a return": b"GET /api/health HTTP/1.1\nHost: localhost\n\n",
    "a bare return": GET + HOST + b"X-More: a\rb\r\n\r\n",
    "a null": GET + HOST + b"X-More: a\0b\r\n\r\n",
    "a chunk without its end": POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}X0\r\n\r\n",
    "a chunk's size in 0x": POST + b"Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
    "HTTP/0.9": b"GET /api/health HTTP/0.9\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/2 by name": b"GET /api/health HTTP/2.0\r\n" + HOST + b"\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "no HTTP": b"EHLO example.com\r\n",
    "letters beyond ASCII": "GET /ä HTTP/1.1\r\n".encode() + HOST + b"\r\n",
}


@pytest.mark.parametrize("sent", UNCLEAR.values(), ids=UNCLEAR)
async def test_an_unclear_request_is_refused(serving: Running, sent: bytes) -> None:
    async with wire(serving.port) as line:
        await line.send(sent)
        answer = await line.answer()
        assert answer.status == 400
        assert answer.body.endswith(b".")
        assert answer.headers["connection"] == "close"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert await line.is_closed()
    assert "Traceback" not in serving.output()
    assert "uvicorn" not in serving.output()


async def test_what_follows_a_refused_request_is_not_looked_at(serving: Running) -> None:
    async with wire(serving.port) as line:
        await line.send(POST + b"Content-Length: 2, 40\r\n\r\n{}" + request(b"GET /api/health") * 3)
        assert (await line.answer()).status == 400
        assert await line.is_closed()


async def test_requests_before_a_refused_one_are_answered_first(serving: Running) -> None:
    login = request(b"POST /api/auth/login\r\nContent-Type: application/json", LOGIN)
    async with wire(serving.port) as line:
        await line.send(login + request(b"GET /api/health") + b"nonsense\r\n\r\n")
        assert json.loads((await line.answer()).body)["user"]["id"] == "alex"
        assert json.loads((await line.answer()).body)["status"] == "ok"
        assert (await line.answer()).status == 400
        assert await line.is_closed()


async def test_a_body_that_breaks_off_behind_others_is_refused_in_turn(serving: Running) -> None:
    login = request(b"POST /api/auth/login\r\nContent-Type: application/json", LOGIN)
    async with wire(serving.port) as line:
        await line.send(login + POST + b"Transfer-Encoding: chunked\r\n\r\nz\r\n")
        assert (await line.answer()).status == 200
        assert (await line.answer()).status == 400
        assert await line.is_closed()


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /api/health HTTP/1.0\r\n\r\n",
        b"GET /api/health HTTP/1.1\r\nHost:\r\n\r\n",
        b"GET /api/health HTTP/1.1\r\nHost: some_service.default.svc:3000\r\n\r\n",
        b"GET /api/health HTTP/1.1\r\nHost: [::1]:3000\r\n\r\n",
        b"GET http://LOCALHOST/api/health?a=b HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\r\n\r\nGET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /api/health HTTP/1.1\r\nHost: localhost\r\nX-More: " + b"x" * 60_000 + b"\r\n\r\n",
    ],
)
async def test_what_is_clear_is_answered(serving: Running, sent: bytes) -> None:
    async with wire(serving.port) as line:
        await line.send(sent)
        assert (await line.answer()).status == 200


@pytest.mark.parametrize("address", [b"http://localhost", b"http://localhost?next=/path"])
async def test_an_address_without_a_path_is_the_root(serving: Running, address: bytes) -> None:
    async with wire(serving.port) as line:
        assert (await line.ask(b"GET " + address)).headers["location"].startswith("/login")


async def test_the_server_as_a_whole_is_no_page(serving: Running) -> None:
    async with wire(serving.port) as line:
        assert (await line.ask(b"OPTIONS *")).status in (204, 404, 405)
        assert (await line.ask(b"GET /api/health")).status == 200


async def test_lines_after_a_body_are_no_headers(serving: Running) -> None:
    """They arrive when the request has long been judged by its headers."""
    chunked = b"Transfer-Encoding: chunked\r\nSec-Fetch-Site: same-origin\r\n\r\n%x\r\n%s\r\n0\r\n"
    late = b"Content-Type: text/plain\r\nSec-Fetch-Site: cross-site\r\nHost: example.com\r\n\r\n"
    async with wire(serving.port) as line:
        await line.send(POST + chunked % (len(LOGIN), LOGIN) + late)
        assert (await line.answer()).status == 200
        assert (await line.ask(b"GET /api/auth/me")).status == 200
