"""Which time zone is meant, by whatever name, on machines with less data than this one."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.accounts import time_zones

# What a browser says of places whose name has changed, and what they are called.
OLD = {
    "Asia/Calcutta": "Asia/Kolkata",
    "Asia/Saigon": "Asia/Ho_Chi_Minh",
    "Asia/Katmandu": "Asia/Kathmandu",
    "Asia/Rangoon": "Asia/Yangon",
    "Europe/Kiev": "Europe/Kyiv",
    "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
    "America/Indianapolis": "America/Indiana/Indianapolis",
    "America/Godthab": "America/Nuuk",
    "America/Coral_Harbour": "America/Atikokan",
    "Africa/Asmera": "Africa/Asmara",
    "Atlantic/Faeroe": "Atlantic/Faroe",
    "Pacific/Truk": "Pacific/Chuuk",
    "Pacific/Enderbury": "Pacific/Kanton",
    "US/Pacific": "America/Los_Angeles",
    "EST5EDT": "America/New_York",
    "Japan": "Asia/Tokyo",
    "Etc/UTC": "UTC",
    "Zulu": "UTC",
    "+00:00": "UTC",
}


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Europe/Paris", "Europe/Paris"),
        ("EUROPE/PARIS", "Europe/Paris"),
        (" paris ", "Europe/Paris"),
        ("New  York", "America/New_York"),
        ("buenos aires", "America/Argentina/Buenos_Aires"),
        ("kiev", "Europe/Kyiv"),
        # a place of its own, although its clock is another's
        ("Europe/Amsterdam", "Europe/Amsterdam"),
        ("Arctic/Longyearbyen", "Arctic/Longyearbyen"),
        ("Etc/GMT+5", "Etc/GMT+5"),
        ("UTC", "UTC"),
        ("", None),
        ("Europe", None),
        ("CET", None),
        ("EST", None),
        ("samoa", None),  # there are two
        ("Factory", None),
        ("localtime", None),
        ("Etc/Unknown", None),
        ("../UTC", None),
        *OLD.items(),
    ],
)
def test_zones_that_people_and_browsers_mean(text: str, zone: str | None) -> None:
    assert time_zones.zone_named(text) == zone


def test_every_choice_is_a_zone_that_means_itself() -> None:
    chosen = time_zones.choices()
    assert len(chosen) == len(set(chosen)) > 400
    assert not set(OLD) & set(chosen)
    for name in chosen:
        assert ZoneInfo(name).key == name
        assert time_zones.zone_named(name) == name
        assert time_zones.usable_zone(name, "Asia/Tokyo") == name


def test_another_name_is_the_same_time() -> None:
    days = [datetime(2021, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(0, 2200, 10)]
    for old, name in time_zones._current_names().items():
        if old == "+00:00":
            continue
        for day in days:
            offsets = {day.astimezone(ZoneInfo(zone)).utcoffset() for zone in (old, name)}
            assert len(offsets) == 1, (old, name, day)


@pytest.mark.parametrize("stored", ["Mars/Olympus", "", "Europe", "../../etc/passwd", "a\0b", "é"])
def test_a_stored_zone_that_nobody_knows_is_the_default(stored: str) -> None:
    assert time_zones.usable_zone(stored, "Asia/Tokyo") == "Asia/Tokyo"
    assert time_zones.usable_zone(None, "Asia/Tokyo") == "Asia/Tokyo"


ELSEWHERE = """
from datetime import UTC, datetime
from zoneinfo import TZPATH, ZoneInfo
from portal.accounts import rules, time_zones
from portal.config.settings import Settings
assert TZPATH == (), TZPATH
for old, name in {old!r}.items():
    assert time_zones.zone_named(old) == name, old
    assert time_zones.usable_zone(old, "UTC") == name, old
    assert old == "+00:00" or ZoneInfo(old)
assert len(time_zones.choices()) > 400
for name in time_zones.choices():
    rules.local_day(datetime.now(UTC), name)
settings = Settings.from_env({{"TIME_ZONE": "Asia/Calcutta"}}, need_database=False)
print(settings.time_zone)
"""


def test_a_machine_without_zones_of_its_own_knows_them_all() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE.format(old=OLD)],
        env={**os.environ, "PYTHONTZPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "Asia/Calcutta\n", "")
