"""How numbers, lengths and times are written. Filters of the templates; pure functions."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from portal import clock

NONE = "–"


class When(msgspec.Struct, frozen=True):
    """A moment for `<time datetime="iso">text</time>`."""

    iso: str
    text: str


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def number(value: int | None) -> str:
    """1240 → "1,240"; −5 with a minus sign; None → "–"."""
    if value is None:
        return NONE
    return f"{value:,}".replace("-", "−")


def percent(value: int | None) -> str:
    return NONE if value is None else f"{value}%"


def length(seconds: int | None) -> str:
    """392 → "6:32"; from an hour on "1 h 35 min"."""
    if seconds is None:
        return NONE
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes}:{rest:02d}"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if minutes else f"{hours} h"


def about(seconds: int) -> str:
    """1320 → "about 22 min"; rounded to a minute, from an hour on to five."""
    minutes = max(1, round(seconds / 60))
    if minutes < 60:
        return f"about {minutes} min"
    hours, rest = divmod(5 * round(minutes / 5), 60)
    return f"about {hours} h {rest} min" if rest else f"about {hours} h"


def ordinal(value: int) -> str:
    """7 → "7th"."""
    if 10 <= value % 100 <= 20:
        return f"{value:,}th"
    ending = {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value:,}{ending}"


def when(moment: datetime, zone_name: str, now: datetime | None = None) -> When:
    """Returns "today 14:05", "yesterday 14:05", "3 days ago" up to a week, then "24 Feb 2026"."""
    local_zone = zone(zone_name)
    local = moment.astimezone(local_zone)
    today = (now or clock.now()).astimezone(local_zone).date()
    days = today - local.date()
    if days == timedelta(0):
        text = f"today {local:%H:%M}"
    elif days == timedelta(days=1):
        text = f"yesterday {local:%H:%M}"
    elif timedelta(0) < days <= timedelta(days=7):
        text = f"{days.days} days ago"
    else:
        text = f"{local.day} {local:%b %Y}"
    return When(iso=local.isoformat(timespec="seconds"), text=text)


def plural(count: int, one: str, many: str | None = None) -> str:
    """(1, "video") → "1 video"; (4, "quiz", "quizzes") → "4 quizzes"."""
    return f"{number(count)} {one if count == 1 else (many or one + 's')}"
