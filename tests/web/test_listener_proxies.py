"""Behind the proxies as `deploy/` has them: nobody's request is lost for what another one asked."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager

import httpx
import pytest

from portal.web.listener import LIMITS
from tests.conftest import find_tool
from tests.ops.command import Running, until
from tests.support import PASSWORDS, Database
from tests.web import proxies
from tests.web.wire import SECONDS, limited, request, wire

RUN: dict[str, Callable[[str, int], AbstractContextManager[int]]] = {
    "haproxy": proxies.haproxy,
    "caddy": proxies.caddy,
}
LOGIN = json.dumps({"username": "alex", "password": PASSWORDS["alex"]}).encode()
KIND = b"\r\nContent-Type: application/json\r\n"


def browser(port: int) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"http://localhost:{port}", timeout=SECONDS)


@pytest.fixture(params=RUN)
async def proxy(request: pytest.FixtureRequest, serving: Running) -> AsyncIterator[int]:
    """The port of a proxy that has found the portal ready."""
    program = find_tool(request.param)
    with RUN[request.param](program, serving.port) as port:
        await is_through(port)
        yield port


async def is_through(port: int) -> None:
    async def answers() -> bool:
        async with browser(port) as visitor:
            try:
                return (await visitor.get("/health/ready")).status_code == 200
            except httpx.TransportError:
                return False

    await until(answers, "the proxy reaches the portal")


async def test_a_head_costs_nobody_an_answer(proxy: int) -> None:
    """Right behind each, on the same connection, a write that no proxy repeats."""
    write = request(b"POST /api/progress" + KIND.rstrip(), b"{}")

    async def visit(path: bytes, status: int) -> list[int]:
        got = []
        async with wire(proxy) as line:
            for _ in range(10):
                await line.send(request(b"HEAD " + path) + write)
                assert (await line.answer(bodiless=True)).status == status
                got.append((await line.answer()).status)
        return got

    paths = {b"/login": 200, b"/api/health": 200, b"/nothing-here": 404, b"/dashboard": 303}
    answers = await asyncio.gather(*(visit(*one) for one in paths.items()))
    assert answers == [[401] * 10] * len(paths)


@pytest.mark.parametrize("name", ["h2c", "websocket"])
async def test_a_body_beside_an_offer_to_upgrade_arrives(proxy: int, name: str) -> None:
    offer = b"Connection: Upgrade\r\nUpgrade: " + name.encode()
    async with wire(proxy) as line:
        await line.send(request(b"POST /api/auth/login" + KIND + offer, LOGIN))
        answer = await line.answer()
        assert answer.status == 200
        assert json.loads(answer.body)["user"]["id"] == "alex"


async def test_posts_after_a_rest_are_answered(proxy: int) -> None:
    """Sixteen connections to the portal, a rest of more than the five seconds after which many a
    server closes them, and then writes, which no proxy repeats."""

    async def post() -> int:
        async with browser(proxy) as visitor:
            return (await visitor.post("/api/progress", json={})).status_code

    for rest in (0.0, 5.0):
        await asyncio.sleep(rest)
        assert await asyncio.gather(*(post() for _ in range(16))) == [401] * 16


def test_the_proxies_let_go_of_idle_connections_before_the_portal() -> None:
    caddy = proxies.caddy_file(1)
    assert re.findall(r"keepalive (\d+)s", caddy) == ["60"] * caddy.count("reverse_proxy")
    haproxy = proxies.haproxy_file(2, 1)
    [kept] = re.findall(r"timeout http-keep-alive (\d+)s", haproxy)
    assert int(kept) == 60
    purges = re.findall(r"pool-purge-delay (\d+)s", haproxy)
    assert len(purges) == haproxy.count("default-server")
    # a few purges until the last one is gone
    assert all(int(kept) + 5 * int(purge) <= LIMITS.idle_seconds for purge in purges)


@pytest.mark.parametrize("name", RUN)
async def test_a_portal_that_rests_longer_than_the_proxy_ends_nothing(
    name: str, shared_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both scaled down: the proxy lets go first, and no write meets a closed connection."""
    for make in ("haproxy_file", "caddy_file"):
        text = getattr(proxies, make)
        monkeypatch.setattr(
            proxies,
            make,
            lambda *ports, text=text: re.sub(r"(keepalive|keep-alive) 60s", r"\1 1s", text(*ports)),
        )
    program = find_tool(name)
    with limited(shared_database.url, idle_seconds=2.0) as started:
        await started.answers("/health/ready")
        with RUN[name](program, started.port) as port:
            await is_through(port)

            async def post(visitor: httpx.AsyncClient, wait: float) -> int:
                await asyncio.sleep(wait)
                return (await visitor.post("/api/progress", json={})).status_code

            async with browser(port) as visitor:
                for rest in (0.0, 0.9, 1.9):
                    waits = [rest + 0.02 * step for step in range(12)]
                    got = await asyncio.gather(*(post(visitor, wait) for wait in waits))
                    assert got == [401] * 12, rest
