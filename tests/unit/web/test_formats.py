"""How numbers, lengths and times are written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal.web import formats
from tests.clock import Freeze

NOW = datetime(2026, 2, 24, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (999, "999"), (1240, "1,240"), (1_000_000, "1,000,000"), (-5, "−5"), (None, "–")],
)
def test_number(value: int | None, text: str) -> None:
    assert formats.number(value) == text


@pytest.mark.parametrize(("value", "text"), [(0, "0%"), (100, "100%"), (None, "–")])
def test_percent(value: int | None, text: str) -> None:
    assert formats.percent(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00"),
        (9, "0:09"),
        (65, "1:05"),
        (392, "6:32"),
        (3599, "59:59"),
        (3600, "1 h"),
        (5700, "1 h 35 min"),
        (3660, "1 h 01 min"),
        (7200, "2 h"),
        (None, "–"),
    ],
)
def test_length(seconds: int | None, text: str) -> None:
    assert formats.length(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1, "about 1 min"),
        (1320, "about 22 min"),
        (3540, "about 59 min"),
        (3600, "about 1 h"),
        (3600 + 22 * 60, "about 1 h 20 min"),
        (3600 + 58 * 60, "about 2 h"),
        (7 * 3600, "about 7 h"),
    ],
)
def test_about(seconds: int, text: str) -> None:
    assert formats.about(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1st"),
        (2, "2nd"),
        (3, "3rd"),
        (4, "4th"),
        (10, "10th"),
        (11, "11th"),
        (12, "12th"),
        (13, "13th"),
        (21, "21st"),
        (101, "101st"),
        (111, "111th"),
        (112, "112th"),
        (1002, "1,002nd"),
    ],
)
def test_ordinal(value: int, text: str) -> None:
    assert formats.ordinal(value) == text


@pytest.mark.parametrize(
    ("count", "words", "text"),
    [
        (0, ("video",), "0 videos"),
        (1, ("video",), "1 video"),
        (62, ("video",), "62 videos"),
        (1, ("quiz", "quizzes"), "1 quiz"),
        (4, ("quiz", "quizzes"), "4 quizzes"),
        (1200, ("point",), "1,200 points"),
    ],
)
def test_plural(count: int, words: tuple[str, ...], text: str) -> None:
    assert formats.plural(count, *words) == text


@pytest.mark.parametrize(
    ("moment", "zone", "text"),
    [
        (NOW - timedelta(minutes=55), "UTC", "today 14:05"),
        (NOW.replace(hour=0, minute=0), "UTC", "today 00:00"),
        (NOW.replace(hour=0, minute=0) - timedelta(minutes=1), "UTC", "yesterday 23:59"),
        (NOW - timedelta(days=3), "UTC", "3 days ago"),
        (NOW - timedelta(days=7), "UTC", "7 days ago"),
        (NOW - timedelta(days=8), "UTC", "16 Feb 2026"),
        (NOW - timedelta(days=400), "UTC", "20 Jan 2025"),
        (NOW + timedelta(days=2), "UTC", "26 Feb 2026"),
        # the day is the reader's: 15:30 UTC is past midnight in Tokyo
        (NOW - timedelta(minutes=1), "Asia/Tokyo", "yesterday 23:59"),
        (NOW, "Asia/Tokyo", "today 00:00"),
        (NOW, "America/New_York", "today 10:00"),
    ],
)
def test_when(moment: datetime, zone: str, text: str) -> None:
    assert formats.when(moment, zone, NOW).text == text


def test_when_carries_the_exact_time_for_programs() -> None:
    assert formats.when(NOW, "Europe/Berlin", NOW).iso == "2026-02-24T16:00:00+01:00"


def test_when_looks_at_the_one_clock(freeze: Freeze) -> None:
    freeze(NOW)
    assert formats.when(NOW, "UTC").text == "today 15:00"
