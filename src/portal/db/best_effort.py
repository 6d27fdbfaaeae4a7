"""Bookkeeping: writes that nobody asked for, and that must not cost anybody an answer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

import asyncpg

from portal.db.deadline import request_deadline
from portal.errors import Unavailable

log = logging.getLogger("db/engine")

SECONDS = 0.5  # two round trips of a slow network
PAUSE_SECONDS = 10.0  # after one that failed, so that not every request waits


class BestEffort:
    """Writes what can be written soon. `missed` counts what could not."""

    def __init__(self) -> None:
        self.missed = 0
        self._paused_until = float("-inf")

    async def run(self, write: Callable[[], Awaitable[object]]) -> None:
        """Await `write`, which is given up after half a second. Never fails, and takes nothing of
        the time that the request may still wait for the database."""
        if time.monotonic() < self._paused_until:
            self.missed += 1
            return
        try:
            with request_deadline():
                async with asyncio.timeout(SECONDS):
                    await write()
        except (Unavailable, TimeoutError, asyncpg.PostgresError) as error:
            self.missed += 1
            self._paused_until = time.monotonic() + PAUSE_SECONDS
            log.debug("a note was not taken: %s", type(error).__name__)
