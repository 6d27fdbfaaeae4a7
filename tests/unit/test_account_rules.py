"""Passwords that nobody should choose, zones that people mean, devices in words."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from portal.accounts import common, zones
from portal.accounts.devices import device_name
from portal.accounts.rules import MIN_PASSWORD, own_password_findings

NAMES = ("alex", "Alex Johnson", "a.johnson@example.com", None)
CHROME = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36{}"
WINDOWS = "Windows NT 10.0; Win64; x64"
APPLE = "Mozilla/5.0 ({}) AppleWebKit/605.1.15 (KHTML, like Gecko) {}Mobile/15E148 Safari/604.1"


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "Password",
        "PASSWORD123!",
        "p@ssw0rd",
        "iloveyou",
        "Sunshine2026",
        "12345678",
        "1234567890",
        "qwertyuiop",
        "1q2w3e4r",
        "aaaaaaaaaaaa",
        "abababababab",
        "alex johnson",
        "AlexJohnson",
        "a.johnson@example.com",
        "A.Johnson",
        "short",
        "",
        "the current one",
    ],
)
def test_passwords_that_nobody_should_choose(password: str) -> None:
    found = own_password_findings(password, names=NAMES, current="the current one")
    assert set(found) == {"password"}


@pytest.mark.parametrize(
    "password",
    [
        "nine swift otters",
        "Alex Johnson has a dog",
        "password of my own",
        "correct horse",
        "ÄÖÜäöüß€",
    ],
)
def test_passwords_that_people_may_choose(password: str) -> None:
    assert own_password_findings(password, names=NAMES, current="another one") == {}


def test_the_list_of_common_passwords_can_be_met() -> None:
    listed = common._common()
    assert len(listed) >= 1000
    assert all(len(entry) >= MIN_PASSWORD and entry == entry.casefold() for entry in listed)
    assert all(common.is_common(entry) for entry in listed)


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Europe/Paris", "Europe/Paris"),
        ("EUROPE/PARIS", "Europe/Paris"),
        (" paris ", "Europe/Paris"),
        ("New  York", "America/New_York"),
        ("buenos aires", None),  # there are two
        ("America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("Asia/Calcutta", "Asia/Calcutta"),  # what a browser may still say
        ("UTC", "UTC"),
        ("", None),
        ("Europe", None),
        ("CET", None),
        ("../UTC", None),
    ],
)
def test_zones_that_people_mean(text: str, zone: str | None) -> None:
    assert zones.zone_named(text) == zone


def test_every_choice_is_a_zone_that_means_itself() -> None:
    for name in zones.choices():
        assert ZoneInfo(name)
        assert zones.zone_named(name) == name


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (CHROME.format(WINDOWS, ""), "Chrome on Windows"),
        (CHROME.format(WINDOWS, " Edg/131.0.0.0"), "Edge on Windows"),
        (CHROME.format("X11; Linux x86_64", " OPR/115.0.0.0"), "Opera on Linux"),
        (CHROME.format("X11; CrOS x86_64 14541.0.0", ""), "Chrome on ChromeOS"),
        (CHROME.format("Linux; Android 10; K", ""), "Chrome on Android"),
        (
            CHROME.format("Linux; Android 14; SM-S921B", "").replace(
                "Chrome", "SamsungBrowser/27 Chrome"
            ),
            "Samsung Internet on Android",
        ),
        (CHROME.format("Macintosh; Intel Mac OS X 10_15_7", ""), "Chrome on macOS"),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
            "Firefox on Linux",
        ),
        (
            APPLE.format("iPhone; CPU iPhone OS 18_1 like Mac OS X", "Version/18.1 "),
            "Safari on iPhone",
        ),
        (APPLE.format("iPad; CPU OS 18_1 like Mac OS X", "CriOS/131.0 "), "Chrome on iPad"),
        (
            APPLE.format("iPhone; CPU iPhone OS 18_1 like Mac OS X", "FxiOS/133.0 "),
            "Firefox on iPhone",
        ),
        ("python-httpx/0.28.1", "A Python program"),
        ("curl/8.9.1", "curl"),
        ("Mozilla/5.0 (X11; Linux x86_64) Something/1.0", "A browser on Linux"),
        ("<script>alert(1)</script>", "Unknown device"),
        ("", "Unknown device"),
        (None, "Unknown device"),
    ],
)
def test_devices_in_words(user_agent: str | None, name: str) -> None:
    assert device_name(user_agent) == name
