"""More connections than there is room for: probes are answered, and whoever asks something."""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
from collections.abc import AsyncIterator

import pytest

from portal.web.listener import LEAST, MOST, SPARE, room_for
from tests.ops.command import Running, until
from tests.support import PASSWORDS, Database
from tests.web.wire import Wire, limited, wire

LOGIN = json.dumps({"username": "alex", "password": PASSWORDS["alex"]}).encode()
FILES = 96
ROOM = FILES - 32 - 5 - SPARE


@pytest.fixture
async def cramped(database: Database) -> AsyncIterator[Running]:
    """May open 96 files."""
    with limited(database.url, files=FILES) as started:
        await started.answers("/health/ready")
        yield started


async def crowd(stack: contextlib.AsyncExitStack, port: int, number: int) -> list[Wire]:
    return [await stack.enter_async_context(wire(port)) for _ in range(number)]


def told(serving: Running) -> list[str]:
    """Returns the lines of the log that speak of the limit."""
    return [line for line in serving.output().splitlines() if "[serve/listen]" in line]


def test_room_follows_from_the_files_that_may_be_open() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        for files, room in ((FILES, ROOM), (1024, 1024 - 128 - 5 - SPARE), (40, LEAST)):
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
            assert room_for(5) == room
        if hard >= 10_000:
            resource.setrlimit(resource.RLIMIT_NOFILE, (10_000, hard))
            assert room_for(5) == MOST
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: loc", b"used"])
async def test_idle_connections_cut_nobody_off(cramped: Running, sent: bytes) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(3):
            lines = await crowd(stack, cramped.port, 110)
            for line in lines:
                if sent == b"used":
                    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                        await line.ask(b"GET /api/health")
                else:
                    await line.send(sent)
            for path in (b"/api/health", b"/health/ready", b"/login"):
                async with wire(cramped.port) as visitor:
                    assert (await visitor.ask(b"GET " + path)).status == 200
            async with wire(cramped.port) as visitor:
                kind = b"\r\nContent-Type: application/json"
                assert (await visitor.ask(b"POST /api/auth/login" + kind, LOGIN)).status == 200
        lines_told = told(cramped)
        assert len(lines_told) == 1, lines_told
        assert str(ROOM) in lines_told[0]
        assert "Too many open files" not in cramped.output()
        assert "Traceback" not in cramped.output()


async def test_the_longest_idle_goes_first(cramped: Running) -> None:
    async with contextlib.AsyncExitStack() as stack:
        first, second, *others = await crowd(stack, cramped.port, ROOM)
        for line in (second, *others, first):
            assert (await line.ask(b"GET /api/health")).status == 200
        await crowd(stack, cramped.port, 1)
        assert await second.is_closed(seconds=3)
        for line in (*others[1:], first):
            assert (await line.ask(b"GET /api/health")).status == 200


async def test_while_all_are_at_work_probes_are_answered(cramped: Running) -> None:
    head = b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\n"
    async with contextlib.AsyncExitStack() as stack:
        lines = await crowd(stack, cramped.port, ROOM)
        for line in lines:  # with the rest of their body still to come
            await line.send(head + b"Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{")

        async def is_full() -> bool:
            async with wire(cramped.port) as visitor:
                return (await visitor.ask(b"GET /login")).status == 503

        await until(is_full, "there is no room")
        for path in (b"/api/health", b"/health/ready", b"/health/live", b"/health/startup"):
            async with wire(cramped.port) as probe:
                answer = await probe.ask(b"GET " + path)
                assert answer.status == 200
                assert answer.headers["connection"] == "close"
        async with wire(cramped.port) as visitor:
            answer = await visitor.ask(b"GET /api/path")
            assert answer.status == 503
            assert int(answer.headers["retry-after"]) > 0
            assert json.loads(answer.body)["error"].startswith("The portal is busy")
        # idle ones beyond the room make way for each other, and for the probes
        await crowd(stack, cramped.port, 60)
        async with wire(cramped.port) as probe:
            assert (await probe.ask(b"GET /api/health")).status == 200
        for line in lines:
            await line.send(b"       }")
            assert (await line.answer()).status == 400
    assert len(told(cramped)) == 1
