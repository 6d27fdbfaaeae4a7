"""The one source of the current time, so that tests can freeze it.

Callers write `clock.now()` with the module, never `from portal.clock import now`.
"""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Returns the current time, aware, in UTC."""
    return datetime.now(UTC)
