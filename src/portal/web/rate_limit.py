"""Limits on tries within a window, counted in PostgreSQL so that all replicas share them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from datetime import datetime, timedelta

from portal import clock
from portal.db import sql
from portal.errors import RateLimited
from portal.web.counters import count
from portal.web.formats import plural

# No window begins in the time to come, whatever the clock was when it was written.
_TAKE = """
    INSERT INTO rate_bucket AS b (key, window_start, tries)
    SELECT key, $2, 1 FROM unnest($1::text[]) AS key ORDER BY key
    ON CONFLICT (key) DO UPDATE SET
        tries = CASE WHEN b.window_start <= $3 THEN 1 ELSE b.tries + 1 END,
        window_start = CASE WHEN b.window_start <= $3 THEN $2 ELSE least(b.window_start, $2) END
    RETURNING key, tries, window_start
"""
_GIVE_BACK = """
    UPDATE rate_bucket SET tries = tries - 1
    WHERE tries > 0 AND key = ANY (
        SELECT key FROM rate_bucket WHERE key = ANY ($1::text[]) ORDER BY key FOR UPDATE)
"""


def bucket(*parts: str) -> str:
    """Returns the key of a limit; hashed, because a part may be an address or a login name."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


async def acquire(limits: Mapping[str, int], window: timedelta) -> None:
    """Count one try against every bucket; `RateLimited` when one of them does not allow it.

    The try is counted before it is made, so that a hundred at once cannot all slip through. A
    refused try is not counted anywhere: it must not use up a limit that others share.
    """
    now = clock.now()
    rows = await sql.execute(_TAKE, sorted(limits), now, now - window)
    over: list[datetime] = [r["window_start"] for r in rows if r["tries"] > limits[r["key"]]]
    if not over:
        return
    await refund(limits)
    count("rate_limit_refusals")
    wait = max(1, math.ceil((max(over) + window - now).total_seconds()))
    in_words = plural(wait, "second") if wait < 60 else plural(math.ceil(wait / 60), "minute")
    raise RateLimited(f"Too many tries. You can try again in {in_words}.", retry_after=wait)


async def refund(limits: Mapping[str, int]) -> None:
    """Take a counted try back, because it did not fail. Whoever was right is not refused when that
    cannot be written down."""
    await sql.execute_best_effort(_GIVE_BACK, sorted(limits))
