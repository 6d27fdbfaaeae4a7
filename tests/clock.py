"""Time for tests: it stands still until a test moves it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

NOON = datetime(2026, 2, 24, 12, tzinfo=UTC)
Freeze: TypeAlias = Callable[[datetime], None]


class Clock:
    """Time that stands still until a test moves it."""

    def __init__(self) -> None:
        self.moment = NOON

    def __call__(self) -> datetime:
        return self.moment
