"""What people did, counted in this process once it is committed.

The packages that write know nothing of metrics, and `ops`, which shows them, is above them: both
meet here.
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
