"""Every wait of a connection has an end, and nothing of any length is kept."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator

import psutil
import pytest

from portal.web.listener import LIMITS, Limits
from tests.ops.command import STOPPED, Running, until
from tests.support import PASSWORDS, Database
from tests.web.wire import limited, request, wire

HEAD = b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\n"
JSON = b"Content-Type: application/json\r\n"
LOGIN = json.dumps({"username": "alex", "password": PASSWORDS["alex"]}).encode()


def test_the_limits_that_are_shipped() -> None:
    shipped = Limits(
        head_seconds=10,
        body_seconds=30,
        write_seconds=60,
        idle_seconds=75,
        farewell_seconds=1,
        head_bytes=64 * 1024,
        connections=0,
    )
    assert shipped == LIMITS


@pytest.fixture(scope="module")
async def hasty(shared_database: Database) -> AsyncIterator[Running]:
    """Waits half a second for everything, except two for the next request."""
    with limited(
        shared_database.url,
        head_seconds=0.5,
        body_seconds=0.5,
        write_seconds=0.5,
        idle_seconds=2.0,
    ) as started:
        await started.answers("/health/ready")
        yield started


@pytest.mark.parametrize("sent", [b"", b"\r\n", b"\r\n\r\n\r\n"])
async def test_a_connection_that_says_nothing_is_closed_without_a_word(
    hasty: Running, sent: bytes
) -> None:
    async with wire(hasty.port) as line:
        await line.send(sent)
        assert await line.is_closed(seconds=5)


@pytest.mark.parametrize("sent", [b"G", b"GET /api/health HTTP/1.1\r\n", HEAD, HEAD + b"X-More: "])
async def test_headers_must_arrive_in_time(hasty: Running, sent: bytes) -> None:
    async with wire(hasty.port) as line:
        await line.send(sent)
        answer = await line.answer()
        assert answer.status == 408
        assert answer.body == b"The request did not arrive in time."
        assert await line.is_closed()


async def test_headers_that_trickle_are_late_all_the_same(hasty: Running) -> None:
    async with wire(hasty.port) as line:
        await line.send(HEAD)

        async def trickle() -> None:
            while True:
                await line.send(b"X-More: a\r\n")
                await asyncio.sleep(0.05)

        trickling = asyncio.ensure_future(trickle())
        assert (await line.answer()).status == 408
        trickling.cancel()
        await asyncio.gather(trickling, return_exceptions=True)


@pytest.mark.parametrize(
    "framed",
    [
        b"Content-Length: 1000\r\n\r\n",
        b'Content-Length: 1000\r\n\r\n{"username":',
        b"Transfer-Encoding: chunked\r\n\r\n",
        b'Transfer-Encoding: chunked\r\n\r\n9\r\n{"usernam',
        b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
    ],
)
async def test_a_body_must_not_stand_still(hasty: Running, framed: bytes) -> None:
    async with wire(hasty.port) as line:
        await line.send(HEAD + JSON + framed)
        answer = await line.answer()
        assert answer.status == 408
        assert json.loads(answer.body) == {"error": "The request did not arrive in time."}
        assert await line.is_closed()
    assert "Traceback" not in hasty.output()


async def test_a_slow_body_that_moves_is_waited_for(hasty: Running) -> None:
    async with wire(hasty.port) as line:
        await line.send(HEAD + JSON + b"Content-Length: %d\r\n\r\n" % len(LOGIN))
        started = time.monotonic()
        for at in range(0, len(LOGIN), 4):
            await line.send(LOGIN[at : at + 4])
            await asyncio.sleep(0.2)  # the slowness is what is tried: each pause within the limit
        assert time.monotonic() - started > 3 * 0.5
        assert (await line.answer()).status == 200


async def test_the_rest_of_a_body_that_was_answered_early_comes_to_an_end(hasty: Running) -> None:
    async with wire(hasty.port) as line:
        await line.send(b"POST /api/progress HTTP/1.1\r\nHost: localhost\r\n" + JSON)
        await line.send(b"Content-Length: 5000000\r\n\r\n{")
        assert (await line.answer()).status == 401
        started = time.monotonic()
        while not await line.is_closed(seconds=0.1):
            await line.send(b" " * 100)
            assert time.monotonic() - started < 5


async def test_a_body_after_its_answer_leaves_the_connection_usable(hasty: Running) -> None:
    async with wire(hasty.port) as line:
        await line.send(b"POST /api/progress HTTP/1.1\r\nHost: localhost\r\n" + JSON)
        await line.send(b"Content-Length: 4\r\n\r\n{")
        assert (await line.answer()).status == 401
        await line.send(b"   ")
        assert (await line.ask(b"GET /api/health")).status == 200
        assert await line.is_closed(seconds=5), "its rest has an end, too"


async def test_a_connection_rests_for_its_time_and_then_ends(hasty: Running) -> None:
    async with wire(hasty.port) as line:
        started = time.monotonic()
        assert (await line.ask(b"GET /api/health")).status == 200
        assert await line.is_closed(seconds=5)
        assert 1.9 < time.monotonic() - started < 4


async def test_who_does_not_read_is_cut_off(hasty: Running) -> None:
    page = request(b"GET /login")
    async with wire(hasty.port) as line:
        line.reader._transport.pause_reading()  # type: ignore[attr-defined]

        async def ask_on() -> None:
            while True:  # until the answers fill every buffer on the way
                await line.send(page)

        async with asyncio.timeout(20):
            with pytest.raises(ConnectionError):
                await ask_on()


SIXTY_MEGABYTES = 60 * 1024 * 1024
ENDLESS = {
    "one header": HEAD + b"X-More: ",
    "many headers": HEAD,
    "an address": b"GET /",
    "spaces": HEAD + b"X-More:",
    "lines after a body": HEAD + JSON + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n",
    "one line after a body": HEAD + JSON + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-More: ",
    "what belongs to a chunk": HEAD + JSON + b"Transfer-Encoding: chunked\r\n\r\n2;more=",
}
FILLING = {
    "many headers": b"X: abcdefg\r\n",
    "lines after a body": b"X: abcdefg\r\n",
    "spaces": b" ",
}


@pytest.mark.parametrize("kind", ENDLESS)
async def test_sixty_megabytes_are_refused_at_sixty_four_kilobytes(
    serving: Running, kind: str
) -> None:
    process = psutil.Process(serving.process.pid)
    before = process.memory_info().rss
    filling = FILLING.get(kind, b"x")
    block = filling * (100_000 // len(filling))
    async with wire(serving.port) as line:
        await line.send(ENDLESS[kind])

        async def fill() -> None:
            for _ in range(SIXTY_MEGABYTES // len(block)):
                await line.send(block)

        filler = asyncio.ensure_future(fill())
        answer = await line.answer()
        assert answer.status == 431
        assert b"64 kB" in answer.body
        assert process.memory_info().rss - before < 8e6
        filler.cancel()
        await asyncio.gather(filler, return_exceptions=True)
    assert "Traceback" not in serving.output()


async def test_just_below_and_above_the_limit(serving: Running) -> None:
    for size, status in ((64 * 1024 - 200, 200), (64 * 1024 + 64, 431)):
        for header in (
            b"X-More: " + b"x" * size,
            b"\r\n".join([b"X: " + b"x" * 95] * round(size / 100)),
        ):
            async with wire(serving.port) as line:
                await line.send(request(b"GET /api/health\r\n" + header))
                assert (await line.answer()).status == status


async def test_too_many_requests_in_one_go_are_refused_after_the_first(serving: Running) -> None:
    async with wire(serving.port) as line:
        await line.send(request(b"GET /api/health") * 1000)
        answered = 0
        while (answer := await line.answer()).status == 200:
            answered += 1
        assert answer.status == 400
        assert 128 <= answered <= 130
        assert await line.is_closed()


async def test_a_hundred_requests_in_one_go_are_answered(serving: Running) -> None:
    async with wire(serving.port) as line:
        await line.send(request(b"GET /api/health") * 100)
        for _ in range(100):
            assert (await line.answer()).status == 200
        assert (await line.ask(b"GET /api/health")).status == 200


async def test_what_a_proxy_sends_as_the_signal_comes_is_answered(
    shared_database: Database,
) -> None:
    with limited(shared_database.url, farewell_seconds=60) as started:
        await started.answers("/health/ready")
        async with wire(started.port) as used, wire(started.port) as fresh:
            assert (await used.ask(b"GET /api/health")).status == 200
            assert not await fresh.is_closed(seconds=0.1)
            started.signal(signal.SIGTERM)

            async def refuses() -> bool:
                return await started.get("/api/health") is None

            await until(refuses, "it takes no new connection")
            for line in (used, fresh):
                answer = await line.ask(b"POST /api/auth/login\r\n" + JSON.strip(), LOGIN)
                assert answer.status == 200
                assert answer.headers["connection"] == "close"
                assert await line.is_closed(seconds=0.5)
            assert await started.ended(seconds=3) in STOPPED


async def test_a_person_at_a_terminal_waits_for_no_proxy(shared_database: Database) -> None:
    with limited(shared_database.url, farewell_seconds=60) as started:
        await started.answers("/health/ready")
        async with wire(started.port) as used:
            assert (await used.ask(b"GET /api/health")).status == 200
            started.signal(signal.SIGINT)
            assert await used.is_closed(seconds=3)


async def test_a_signal_soon_closes_idle_connections(shared_database: Database) -> None:
    with limited(shared_database.url) as started:
        await started.answers("/health/ready")
        async with (
            wire(started.port) as used,
            wire(started.port) as fresh,
            wire(started.port) as half,
        ):
            assert (await used.ask(b"GET /api/health")).status == 200
            await half.send(HEAD)
            assert not await fresh.is_closed(seconds=0.1)
            started.signal(signal.SIGTERM)
            for line in (used, fresh, half):
                assert await line.is_closed(seconds=1.5)
            assert await started.ended(seconds=3) in STOPPED
