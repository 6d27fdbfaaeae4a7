"""Passwords that nobody should choose, devices in words."""

from __future__ import annotations

import unicodedata
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.accounts import common_passwords
from portal.accounts.rules import (
    MAX_PASSWORD,
    MIN_PASSWORD,
    NewTeam,
    check_new_team,
    normal_login,
    normal_password,
    own_password_errors,
    password_errors,
    password_forms,
)
from portal.errors import Invalid
from portal.profile.user_agents import device_name

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
    found = own_password_errors(password, names=NAMES, current="the current one")
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
    assert own_password_errors(password, names=NAMES, current="another one") == {}


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_what_was_typed_is_compared_composed(form: Literal["NFC", "NFD"]) -> None:
    names = ("rené", unicodedata.normalize("NFD", "Renée Lefèvre"), None)
    for password in ("renée lefèvre", "RenéeLefèvre", "déjà vu in June"):
        typed = unicodedata.normalize(form, password)
        found = own_password_errors(typed, names=names, current="déjà vu in June")
        assert set(found) == {"password"}, password


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("é" * 8, None),
        ("e\u0301" * 8, None),
        ("e\u0301" * 7, "at least 8"),
        ("é" * 7, "at least 8"),
        ("e\u0301" * MAX_PASSWORD, None),
        ("e\u0301" * (MAX_PASSWORD + 1), "at most 256"),
        # the one that takes most when its marks are apart
        ("\u03b1\u0313\u0300\u0345" * MAX_PASSWORD, None),
        ("\u03b1\u0313\u0300\u0345" * (MAX_PASSWORD + 1), "at most 256"),
        ("\u03b1\u0313\u0300\u0345" * 9999, "at most 256"),
        ("        ", None),
        ("12345678\0", "cannot be used"),
        ("1234567\ud8008", "cannot be used"),
        ("😀" * 8, None),
    ],
)
def test_characters_are_counted_composed(password: str, sentence: str | None) -> None:
    found = password_errors(password)
    assert bool(found) is (sentence is not None)
    assert sentence is None or sentence in found["password"]


@given(st.text())
def test_forms_of_a_password(typed: str) -> None:
    forms = password_forms(typed)
    assert forms[0] == normal_password(typed)[: MAX_PASSWORD + 1]
    assert len(set(forms)) == len(forms) <= 3
    assert all(len(form) <= MAX_PASSWORD + 1 for form in forms)
    if typed.isascii():
        assert len(forms) == 1, "nothing costs more where nothing can differ"


@pytest.mark.parametrize(
    ("typed", "login"),
    [
        ("alex", "alex"),
        (" ALEX\t", "alex"),
        ("A.Z_0-9", "a.z_0-9"),
        ("Alex@Example.COM", "alex@example.com"),
        ("mi\u212ae", "mi\u212ae"),
        ("\u212aO\u0308", "\u212a\u00d6"),
        ("\u017fara", "\u017fara"),
        ("M\u0130KE", "m\u0130ke"),
        ("\uff2dIKE", "\uff2dike"),
        ("JO\u0308RG@x.de", "j\u00d6rg@x.de"),
        ("J\u00d6RG@x.de", "j\u00d6rg@x.de"),
    ],
)
def test_login_names(typed: str, login: str) -> None:
    assert normal_login(typed) == normal_login(login) == login


def test_the_list_of_common_passwords_can_be_met() -> None:
    listed = common_passwords._common()
    assert len(listed) >= 1000
    assert all(len(entry) >= MIN_PASSWORD and entry == entry.casefold() for entry in listed)
    assert all(common_passwords.is_common(entry) for entry in listed)


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


def test_no_team_takes_the_word_for_all_of_them() -> None:
    check_new_team(NewTeam("all-hands", "All hands", "dev"))
    with pytest.raises(Invalid) as refused:
        check_new_team(NewTeam("all", "All hands", "dev"))
    assert refused.value.details == {"id": "Use another id: “all” stands for all teams."}
