"""Distinguishes a database that does not answer from one that is slow, or whose connections are
all in use.

A refused connection is an answer, and a quick one. A database that is paused, or behind a network
that swallows everything, gives none: each request would wait for its whole limit. So when something
has waited for a while and nothing has succeeded since, a connection outside the pool probes the
database. Only when the probe gets no answer either does the circuit open; requests are then refused
at once, until a probe is answered.
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
    """`probe` asks the database something; it raises `TimeoutError` when connecting, or the answer
    after that, takes longer than the seconds that it is given. `on_change` is called with True when
    the circuit opens, and with False when it closes."""

    def __init__(
        self, probe: Callable[[float], Awaitable[None]], on_change: Callable[[bool], None]
    ) -> None:
        self.suspect_seconds = SUSPECT_SECONDS
        self.step_seconds = STEP_SECONDS
        self.is_open = False
        self._probe = probe
        self._on_change = on_change
        self._succeeded_at = float("-inf")
        self._probed_at = float("-inf")
        self._probing: asyncio.Task[None] | None = None

    @property
    def succeeded_lately(self) -> bool:
        """Returns whether the server answered so recently that there is no reason to probe."""
        return time.monotonic() - self._succeeded_at < self.suspect_seconds

    @property
    def _stale_seconds(self) -> float:
        """Longer than a probe takes: when more has passed, this process stood still in between."""
        return 2 * self.step_seconds + 1.0

    def check(self) -> None:
        """Return, or raise `TimeoutError` while the circuit is open.

        A process that was frozen in the meantime does not trust what it knew: the request is let
        through and waits for its own limit.
        """
        if self.is_open and time.monotonic() - self._probed_at <= self._stale_seconds:
            raise TimeoutError

    def record_success(self) -> None:
        """The server has answered, on whatever connection."""
        self._succeeded_at = time.monotonic()
        self._set(is_open=False)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """While the block runs, the caller waits for the server."""
        timer = asyncio.get_running_loop().call_later(self.suspect_seconds, self._suspect)
        try:
            yield
        finally:
            timer.cancel()

    async def stop_probing(self) -> None:
        """Probe no more, and begin with a closed circuit."""
        task, self._probing = self._probing, None
        self.is_open = False
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    def _suspect(self) -> None:
        if self.succeeded_lately or (self._probing is not None and not self._probing.done()):
            return
        # In no request's context: what it logs is about none of them.
        context = contextvars.Context()
        self._probing = asyncio.create_task(self._probe_until_answered(), context=context)

    async def _probe_until_answered(self) -> None:
        while True:
            started = time.monotonic()
            if await self._is_answered() or self._succeeded_at > started:
                self._set(is_open=False)
                return
            now = time.monotonic()
            if now - started <= self._stale_seconds:  # otherwise it was this process that stood
                self._probed_at = now
                self._set(is_open=True)
            await asyncio.sleep(PAUSE_SECONDS)

    def _set(self, *, is_open: bool) -> None:
        if is_open is not self.is_open:
            self.is_open = is_open
            self._on_change(is_open)

    async def _is_answered(self) -> bool:
        """Returns True also for a refusal, which every request gets quickly enough by itself. It
        does not close an open circuit: a pooler in front of a silent server refuses now and then.
        """
        try:
            await self._probe(self.step_seconds)
        except TimeoutError:
            return False
        except REFUSALS:
            return not self.is_open
        except asyncpg.PostgresError:
            return True  # it has no connection left, or does not know us: it speaks
        return True
