"""What counts as watched. Pure functions over half-open intervals of whole seconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

Interval: TypeAlias = tuple[int, int]
Seconds: TypeAlias = tuple[Interval, ...]

COMPLETE_PERCENT = 90
MIN_LENGTH = 30
MAX_SECOND = 86_400  # no video is longer than a day

FASTEST = 2  # times real time
FIRST_REPORT_SECONDS = 15
LONGEST_GAP_SECONDS = 60
GRACE_SECONDS = 10


def union(intervals: Iterable[Interval]) -> Seconds:
    """Returns the same seconds as sorted intervals that neither overlap nor touch."""
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def count(seconds: Sequence[Interval]) -> int:
    """Returns how many seconds the intervals of a union hold."""
    return sum(end - start for start, end in seconds)


def allowance(since_last_report: float | None) -> int:
    """Returns how many new seconds a report may bring.

    Nobody can have watched more than twice the time that has passed since the learner's last
    report; a gap counts as a minute at most, and a first report as a quarter of one.
    """
    passed = FIRST_REPORT_SECONDS if since_last_report is None else since_last_report
    return int(FASTEST * min(max(passed, 0), LONGEST_GAP_SECONDS) + GRACE_SECONDS)


def add_watched(watched: Seconds, start: int, end: int, allowed: int) -> Seconds:
    """Returns the union with the report `[start, end)`, of which only the first `allowed` seconds
    that were not watched before count."""
    position = start
    new: list[Interval] = []
    for known_start, known_end in (*union(watched), (end, end)):
        if allowed <= 0 or position >= end:
            break
        gap_end = min(known_start, end)
        if gap_end > position:
            taken = min(gap_end - position, allowed)
            new.append((position, position + taken))
            allowed -= taken
        position = max(position, known_end)
    return union((*watched, *new))


def length(of_content: int | None, reported: int) -> int:
    """Returns the length that counts, in seconds: the content's, else the greatest ever reported,
    but never less than half a minute."""
    return of_content or max(reported, MIN_LENGTH)


def watched_percent(watched: Seconds, length_seconds: int) -> int:
    """Returns the whole percentage watched, rounded down, so that 90 is never said too early."""
    within = union((start, min(end, length_seconds)) for start, end in watched)
    return min(100, 100 * count(within) // length_seconds)


def completes(percent: int) -> bool:
    return percent >= COMPLETE_PERCENT
