"""Tells a database that is silent from one that is slow, or whose connections are all in use.

A refused connection is an answer, and a quick one. A database that is paused, or behind a network
that swallows everything, gives none: each request would wait for its whole limit and hold a
connection meanwhile. So when something has waited for a while, and nothing was heard since, a
question is asked on a connection of its own. Only when that gets no answer either is the database
silent; requests are then refused at once, until the question is answered.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import asyncpg

SUSPECT_SECONDS = 1.0
STEP_SECONDS = 2.0  # to connect, and again to answer: five round trips of a slow network
PAUSE_SECONDS = 0.1
REFUSALS = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
)


class CircuitBreaker:
    """`ask` puts the question; it raises `TimeoutError` when connecting, or the answer after that,
    takes longer than the seconds that it gets. `on_change` gets True when the database falls
    silent, and False when it speaks again."""

    def __init__(
        self, ask: Callable[[float], Awaitable[None]], on_change: Callable[[bool], None]
    ) -> None:
        self.suspect_seconds = SUSPECT_SECONDS
        self.step_seconds = STEP_SECONDS
        self.silent = False
        self._ask = ask
        self._on_change = on_change
        self._heard_at = float("-inf")
        self._judged_at = float("-inf")
        self._listening: asyncio.Task[None] | None = None
        self._judged = asyncio.Event()

    def heard(self) -> None:
        """Something came back from the server, on whatever connection."""
        self._heard_at = time.monotonic()
        self._judge(silent=False)

    @property
    def is_heard(self) -> bool:
        """Whether something was heard so recently that there is no reason to ask."""
        return time.monotonic() - self._heard_at < self.suspect_seconds

    @property
    def _stale_seconds(self) -> float:
        """Longer than a question takes: who is older than that did not run in between."""
        return 2 * self.step_seconds + 1.0

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """While the block runs, the caller waits for the server."""
        timer = asyncio.get_running_loop().call_later(self.suspect_seconds, self._suspect)
        try:
            yield
        finally:
            timer.cancel()

    async def admit(self) -> None:
        """Return at once, or raise `TimeoutError` while the database is silent.

        A process that was frozen in the meantime knows nothing: it waits for a new judgement.
        """
        if not self.silent:
            return
        if time.monotonic() - self._judged_at > self._stale_seconds:
            self._listen()
            self._judged.clear()
            async with asyncio.timeout(self._stale_seconds):
                await self._judged.wait()
        if self.silent:
            raise TimeoutError

    async def close(self) -> None:
        """Ask no more, and judge afresh after the next doubt."""
        task, self._listening = self._listening, None
        self.silent = False
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    def _suspect(self) -> None:
        if not self.is_heard:
            self._listen()

    def _listen(self) -> None:
        if self._listening is None or self._listening.done():
            # In no request's context: what it logs is about none of them.
            context = contextvars.Context()
            self._listening = asyncio.create_task(self._until_answered(), context=context)

    async def _until_answered(self) -> None:
        while True:
            asked_at = time.monotonic()
            answered = await self._answered()
            answered = answered or self._heard_at > asked_at
            now = time.monotonic()
            if not answered and now - asked_at > self._stale_seconds:
                continue  # it is this process that stood still
            self._judged_at = now
            self._judge(silent=not answered)
            self._judged.set()
            if answered:
                return
            await asyncio.sleep(PAUSE_SECONDS)

    def _judge(self, *, silent: bool) -> None:
        if silent is not self.silent:
            self.silent = silent
            self._on_change(silent)

    async def _answered(self) -> bool:
        """Returns True also for a refusal, which every request gets quickly enough by itself. It
        does not end a silence: a pooler in front of a silent server refuses now and then."""
        try:
            await self._ask(self.step_seconds)
        except TimeoutError:
            return False
        except REFUSALS:
            return not self.silent
        except asyncpg.PostgresError:
            return True  # it has no connection left, or does not know us: it speaks
        return True
