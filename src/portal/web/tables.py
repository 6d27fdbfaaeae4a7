"""The table of rate limits, shared by all replicas."""

from __future__ import annotations

from piccolo.columns import Integer, Text, Timestamptz
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table


class RateBucket(Table, tablename="rate_bucket"):
    """Tries within the window that began at `window_start`. Keys are hashes."""

    key = Text(primary_key=True, default=None, null=False)
    window_start = Timestamptz(default=TimestamptzNow(), null=False)
    tries = Integer(default=0, null=False)
