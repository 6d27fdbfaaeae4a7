"""HEAD as GET without a body, and the connection is kept: over a socket, where it can break."""

from __future__ import annotations

import json
import re

import pytest

from tests.ops.command import Running, running
from tests.support import PASSWORDS
from tests.web.wire import request, wire

NOWHERE = "postgresql://someone@127.0.0.1:1/nowhere"
UNLIKE = {"date", "x-request-id", "content-length", "set-cookie"}


async def sign_in(serving: Running) -> bytes:
    """Returns the cookie header of alex."""
    async with wire(serving.port) as line:
        login = json.dumps({"username": "alex", "password": PASSWORDS["alex"]}).encode()
        answer = await line.ask(b"POST /api/auth/login\r\nContent-Type: application/json", login)
        assert answer.status == 200, serving.output()
        return b"Cookie: " + answer.headers["set-cookie"].split(";")[0].encode()


async def addresses(serving: Running) -> dict[str, int]:
    """Returns address → status of one of every kind of answer."""
    async with wire(serving.port) as line:
        page = (await line.ask(b"GET /login")).body.decode()
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    return {
        "/": 200,
        "/api/health": 200,
        "/health/ready": 200,
        "/health/startup": 200,
        "/metrics": 200,
        "/login": 200,
        "/dashboard": 303,
        "/api/path": 401,
        "/api/auth/logout": 405,
        "/nothing-here": 404,
        "/api/nothing-here": 404,
        "/media/nothing.mp4": 303,
        **dict.fromkeys(files, 200),
    } | {"/": 303}


async def test_head_is_get_without_a_body_and_the_connection_is_kept(serving: Running) -> None:
    cookie = await sign_in(serving)
    asked = [(path.encode(), status, b"") for path, status in (await addresses(serving)).items()]
    asked += [(b"/dashboard", 200, cookie), (b"/video/nothing", 404, cookie), (b"/", 303, cookie)]
    asked += [(b"/login", 303, cookie), (b"/api/dashboard/kpis", 200, cookie)]
    async with wire(serving.port) as line:
        for path, status, more in asked:
            lines = b"\r\n" + more if more else b""
            by_get = await line.ask(b"GET " + path + lines)
            by_head = await line.ask(b"HEAD " + path + lines)
            assert by_get.status == by_head.status == status, path
            assert set(by_head.headers) == set(by_get.headers), path
            for name in set(by_get.headers) - UNLIKE:
                assert by_head.headers[name] == by_get.headers[name], (path, name)
            if path != b"/metrics":  # which grows
                length = by_head.headers.get("content-length")
                assert length == by_get.headers.get("content-length")
            assert by_head.headers.get("connection") != "close"


async def test_heads_in_one_go_do_not_shift_the_answers_behind_them(serving: Running) -> None:
    async with wire(serving.port) as line:
        heads = (b"HEAD /login", b"HEAD /nothing-here", b"HEAD /api/path", b"HEAD /dashboard")
        await line.send(b"".join(request(head) + request(b"GET /api/health") for head in heads))
        for status in (200, 404, 401, 303):
            assert (await line.answer(bodiless=True)).status == status
            behind = await line.answer()
            assert behind.status == 200
            assert json.loads(behind.body)["status"] == "ok"


async def test_a_file_that_is_known_already_has_neither_body_nor_length(serving: Running) -> None:
    path = next(p for p in await addresses(serving) if p.startswith("/static/")).encode()
    async with wire(serving.port) as line:
        etag = (await line.ask(b"GET " + path)).headers["etag"].encode()
        known = b"\r\nIf-None-Match: " + etag
        await line.send(request(b"GET " + path + known) + request(b"HEAD " + path + known))
        for _ in range(2):
            answer = await line.answer()
            assert answer.status == 304
            assert answer.headers["etag"].encode() == etag
            assert "content-length" not in answer.headers
            assert "transfer-encoding" not in answer.headers
        assert (await line.ask(b"GET /api/health")).status == 200


@pytest.mark.parametrize("path", [b"/health/ready", b"/health/startup", b"/login", b"/api/path"])
async def test_head_while_it_starts(path: bytes) -> None:
    with running("serve", url=NOWHERE) as starting:
        await starting.answers("/api/health")
        async with wire(starting.port) as line:
            assert (await line.ask(b"HEAD " + path)).status == 503
            assert (await line.ask(b"HEAD /api/health")).status == 200
            assert (await line.ask(b"GET " + path)).status == 503
