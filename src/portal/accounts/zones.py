"""The time zones that can be chosen, and which one somebody means."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

# The rest of the database are old names, fixed offsets and abbreviations.
_AREAS = (
    "Africa/",
    "America/",
    "Antarctica/",
    "Asia/",
    "Atlantic/",
    "Australia/",
    "Europe/",
    "Indian/",
    "Pacific/",
)


@cache
def choices() -> list[str]:
    """Returns the names to choose from, by area and city."""
    return ["UTC", *sorted(name for name in available_timezones() if name.startswith(_AREAS))]


@cache
def _known() -> dict[str, str]:
    """Returns what may be typed, in small letters, to the zone that is meant: its name, and its
    city where that is the only one of the name."""
    cities: dict[str, set[str]] = {}
    for name in choices():
        cities.setdefault(name.rpartition("/")[2].lower(), set()).add(name)
    known = {city: names.pop() for city, names in cities.items() if len(names) == 1}
    return known | {name.lower(): name for name in available_timezones() if "/" in name}


def zone_named(text: str) -> str | None:
    """Returns the zone that a person or a browser means, or None: "europe/paris", "new york"."""
    return _known().get("_".join(text.lower().split()))
