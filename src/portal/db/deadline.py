"""How long one request may wait for the database in all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar

LEAST_SECONDS = 0.5  # every statement gets a chance
EXPIRED_SECONDS = 0.25  # what may still be tried once a statement has timed out
GRACE_SECONDS = 0.05  # the limits inside are the ones that are counted


class RequestDeadline:
    """The seconds that a request has waited for the database; `expired` once a wait timed out."""

    def __init__(self) -> None:
        self.waited = 0.0
        self.expired = False

    def remaining(self, limit: float) -> float:
        """Returns the seconds that the next statement may take, of `limit` for all together."""
        return EXPIRED_SECONDS if self.expired else max(limit - self.waited, LEAST_SECONDS)


_current: ContextVar[RequestDeadline | None] = ContextVar("request_deadline", default=None)


def current_deadline() -> RequestDeadline | None:
    """Returns the deadline of the request that is being served here, None outside of any."""
    return _current.get()


@contextmanager
def request_deadline() -> Iterator[None]:
    """All statements inside the block together may take little more than the limit of a single one,
    and after one that timed out nothing is waited for: a page that cannot be had must not wait a
    second time for what its error page would like to show. The statements of a transaction are not
    counted, so that a long import is not cut off."""
    token = _current.set(RequestDeadline())
    try:
        yield
    finally:
        _current.reset(token)


@asynccontextmanager
async def within_deadline(limit: float | None, *, counted: bool = True) -> AsyncIterator[None]:
    """End the block with `TimeoutError` after `limit` seconds, or after what remains of them for
    the request; None is no limit. What is not `counted` leaves as much as there was."""
    request = current_deadline()
    if limit is not None:
        limit = (limit if request is None else request.remaining(limit)) + GRACE_SECONDS
    started = time.monotonic()
    try:
        async with asyncio.timeout(limit):
            yield
    finally:
        if counted and request is not None:
            request.waited += time.monotonic() - started
