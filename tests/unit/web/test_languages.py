"""Texts from the right in pages from the left."""

from __future__ import annotations

import pytest

from portal.web import languages

HEBREW = "מבוא לבינה"
MIXED = "Claude הוא עוזר"


@pytest.mark.parametrize("tag", ["en", "he", "pt-BR", "zh-Hant", "zh-Hant-TW", "es-419", "fil"])
def test_language_tags(tag: str) -> None:
    assert languages.is_language(tag)


@pytest.mark.parametrize("tag", ["", "xx", "english", "e", "en_US", "he-", '"><script>', "en US"])
def test_what_is_no_language_tag(tag: str) -> None:
    assert not languages.is_language(tag)


@pytest.mark.parametrize(
    ("tag", "direction"),
    [
        ("en", "ltr"),
        ("he", "rtl"),
        ("AR-eg", "rtl"),
        ("fa", "rtl"),
        ("az-Arab", "rtl"),
        ("ur-Latn", "ltr"),
        ("ckb", "rtl"),
        ("nonsense", "ltr"),
    ],
)
def test_the_direction_follows_from_script_and_language(tag: str, direction: str) -> None:
    assert languages.direction_of(tag) == direction


def test_what_runs_from_the_left_stays_as_it_is() -> None:
    for text in ("Mike <b>", "Zoë & Søren", "Привет", "你好"):
        assert languages.isolated(text) == text
        assert "bdi" not in languages.bidi(text)
        assert languages.authored(text, "en") == languages.bidi(text)


def test_what_runs_from_the_right_is_set_apart() -> None:
    assert languages.isolated(HEBREW) == f"\u2068{HEBREW}\u2069"
    assert languages.bidi(f"{HEBREW}<") == f"<bdi>{HEBREW}&lt;</bdi>"


def test_a_course_names_its_language() -> None:
    """A sentence may begin with a foreign name, and a title be foreign as a whole."""
    assert languages.authored(MIXED, "he") == f'<bdi lang="he" dir="rtl">{MIXED}</bdi>'
    assert languages.authored("Welcome.", "he") == '<bdi lang="he">Welcome.</bdi>'
    assert languages.authored("Grüße", "de") == '<bdi lang="de">Grüße</bdi>'
    assert languages.attributes("he") == ' lang="he" dir="rtl"'
    assert languages.attributes("de") == ' lang="de" dir="ltr"'
    assert languages.attributes("en") == ' dir="auto"'
