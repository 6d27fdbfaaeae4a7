"""Time for tests: it stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime

NOON = datetime(2026, 2, 24, 12, tzinfo=UTC)


class Clock:
    """Time that stands still until a test moves it."""

    def __init__(self) -> None:
        self.moment = NOON

    def __call__(self) -> datetime:
        return self.moment
