"""What counts as watched. Pure functions over half-open intervals of whole seconds.

The player shows at once what it expects (js/player-watch.js); what counts is decided here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

Interval: TypeAlias = tuple[int, int]
Seconds: TypeAlias = tuple[Interval, ...]

COMPLETE_PERCENT = 90
MIN_LENGTH = 30
MAX_SECOND = 86_400  # no video is longer than a day

# What a player may have played since the learner's last reports, in whole seconds of video.
SECONDS_PER_SECOND = 2
SECONDS_AT_FIRST = 20
SECONDS_AT_MOST = 120
TIME_TO_FILL = timedelta(seconds=SECONDS_AT_MOST / SECONDS_PER_SECOND)


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


def seconds_in(seconds: Sequence[Interval]) -> int:
    """Returns how many seconds the intervals of a union hold."""
    return sum(end - start for start, end in seconds)


def first_full_at(now: datetime) -> datetime:
    """Returns when the allowance of somebody who has never reported anything will be full."""
    return now + TIME_TO_FILL * (1 - SECONDS_AT_FIRST / SECONDS_AT_MOST)


def allowance(full_at: datetime, now: datetime) -> int:
    """Returns how many new seconds a learner may report now, over all videos and devices.

    They grow with the clock, at the fastest speed of any player, up to the most that is ever
    allowed at once; the moment at which that is reached is all that has to be known.
    """
    missing = _believed(full_at, now) - now
    return max(0, SECONDS_AT_MOST - math.ceil(missing.total_seconds() * SECONDS_PER_SECOND))


def spent(full_at: datetime, now: datetime, seconds: int) -> datetime:
    """Returns when the allowance will be full after some of its seconds were spent."""
    return _believed(full_at, now) + timedelta(seconds=seconds / SECONDS_PER_SECOND)


def time_to_gain(seconds: int) -> int:
    """Returns how long it takes, in whole seconds, until so many more may be reported, or the most
    there is."""
    return math.ceil(min(seconds, SECONDS_AT_MOST) / SECONDS_PER_SECOND)


def _believed(full_at: datetime, now: datetime) -> datetime:
    """Returns the moment, not before now. Another server's clock may be a little ahead of this
    one's, and is waited for; a clock that was wrong is not: then the allowance grows from nothing.
    """
    return now + TIME_TO_FILL if full_at > now + 2 * TIME_TO_FILL else max(full_at, now)


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


def _is_near(reported: int, of_content: int) -> bool:
    """Whether a player's length is shorter than the content's, by a fifth at most."""
    return 5 * reported >= 4 * of_content and reported < of_content


def reported_length(of_content: int | None, before: int, reported: int) -> int:
    """Returns which of the lengths that a learner's player has reported is to be remembered: the
    greatest; the shortest that can stand for the content's, if one can."""
    near = [each for each in (before, reported) if of_content and _is_near(each, of_content)]
    return min(near, default=max(before, reported))


def counted_length(of_content: int | None, reported: int) -> int:
    """Returns the length that counts, in seconds: the shorter of the content's and the learner's
    player's, as long as they are near each other; without the content's, the player's, but never
    less than half a minute."""
    if of_content is None:
        return max(reported, MIN_LENGTH)
    return reported if _is_near(reported, of_content) else of_content


def watched_percent(watched: Seconds, length_seconds: int) -> int:
    """Returns the whole percentage watched, rounded down, so that 90 is never said too early."""
    within = union((start, min(end, length_seconds)) for start, end in watched)
    return min(100, 100 * seconds_in(within) // length_seconds)


def completes(percent: int) -> bool:
    return percent >= COMPLETE_PERCENT
