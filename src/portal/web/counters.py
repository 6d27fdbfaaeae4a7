"""What people did, counted in this process once it is committed.

Apart from `web/metrics.py`, which shows them: the actions that count also run on the command line,
which must not pay for the import of prometheus_client.
"""

from __future__ import annotations

from collections import Counter

_counts: Counter[tuple[str, str]] = Counter()


def count(event: str, outcome: str = "") -> None:
    """Count one `event`, such as `sign_ins`. Call it after the commit. `event` and `outcome` are
    words of the code, never of a person: everyone who scrapes the metrics reads them."""
    _counts[event, outcome] += 1


def counts() -> dict[tuple[str, str], int]:
    """Returns (event, outcome) → how often since the process started."""
    return dict(_counts)
