"""The time zones that can be chosen, and which one somebody means.

The names come from the package tzdata, because a system's own data may lack the old ones, which
browsers still send: Asia/Calcutta from every Chromium in Kolkata.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

UTC = "UTC"
_OF_CITIES = ("Africa/", "America/", "Asia/", "Atlantic/", "Europe/", "Indian/")
# An old name is a link to a zone of the same time. For these that is in another country, although
# the place has a name of its own.
_RENAMED = {
    "Africa/Asmera": "Africa/Asmara",
    "Africa/Timbuktu": "Africa/Bamako",
    "America/Coral_Harbour": "America/Atikokan",
    "America/Virgin": "America/St_Thomas",
    "Antarctica/South_Pole": "Antarctica/McMurdo",
    "Atlantic/Jan_Mayen": "Arctic/Longyearbyen",
    "Iceland": "Atlantic/Reykjavik",
    "Pacific/Ponape": "Pacific/Pohnpei",
    "Pacific/Truk": "Pacific/Chuuk",
    "Pacific/Yap": "Pacific/Chuuk",
    "EST5EDT": "America/New_York",
    "CST6CDT": "America/Chicago",
    "MST7MDT": "America/Denver",
    "PST8PDT": "America/Los_Angeles",
    "+00:00": UTC,  # what Chromium calls GMT
}
# Abbreviations: CET is the time of many, and EST a link to Panama.
_ABBREVIATION = re.compile("[A-Z]{3}")


def _lines(*place: str) -> list[str]:
    from importlib.resources import files  # of no use before the first person is known

    text = files("tzdata").joinpath(*place).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@cache
def choices() -> list[str]:
    """Returns the names to choose from, each zone once, by area and city."""
    return [UTC, *sorted({line.split("\t")[2] for line in _lines("zoneinfo", "zone.tab")})]


@cache
def _current_names() -> dict[str, str]:
    """Returns a mapping from every name of a zone to the one among the choices, or to itself where
    there is none."""
    chosen = set(choices())
    links = [line.split() for line in _lines("zoneinfo", "tzdata.zi") if line.startswith("L ")]
    targets = {alias: target for _, target, alias in links} | _RENAMED
    current = {}
    for name in {*_lines("zones"), *_RENAMED} - {"Factory"}:
        now = name
        while now not in chosen and now in targets:
            now = targets[now]
        current[name] = UTC if now in ("Etc/UTC", "Etc/GMT") else now
    return current


@cache
def _known() -> dict[str, str]:
    """Returns a mapping from what may be typed, in lower case, to the zone that is meant: a name,
    new or old, or the city in it where all names with that city mean one zone."""
    cities: dict[str, set[str]] = {}
    names = {}
    for name, current in _current_names().items():
        if name == UTC or not _ABBREVIATION.fullmatch(name):
            names[name.lower()] = current
        if name == current or name.startswith(_OF_CITIES):
            cities.setdefault(name.rpartition("/")[2].lower(), set()).add(current)
    return {city: zones.pop() for city, zones in cities.items() if len(zones) == 1} | names


def zone_named(text: str) -> str | None:
    """Returns the zone that a person or a browser means, or None: "europe/paris", "new york"."""
    return _known().get("_".join(text.lower().split()))


@lru_cache(maxsize=1024)
def usable_zone(stored: str | None, default: str) -> str:
    """Returns the present name of a stored zone; `default` for none, and for one that this machine
    does not know, because the row was written elsewhere."""
    if stored is None:
        return default
    current = _current_names().get(stored, stored)
    try:
        ZoneInfo(current)
    except (KeyError, ValueError, OSError):
        return default
    return current
