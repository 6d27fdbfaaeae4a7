"""Names that people have, and names that nobody could see."""

from __future__ import annotations

import unicodedata

import pytest

from portal.accounts.rules import MAX_NAME, is_email, name_errors, normal_name

UNSEEN = "Use a name with visible letters."
HIDDEN = "Type the name again without invisible characters."
HEAPED = "Use fewer accents on one letter."
REAL = [
    "X",
    "Ö",
    "李",
    "王小明",
    "田中 花子",
    "たなか はなこ",
    "ﾀﾅｶ",
    "김민준",
    unicodedata.normalize("NFD", "김민준"),
    "O'Brien",
    "O’Brien",
    "Jean-Luc",
    "José",
    "Nguyễn Thị Ánh",
    unicodedata.normalize("NFD", "Nguyễn Thị Ánh"),
    "Zoë Lindström-Åkesson",
    "Łukasz Żółć",
    "Ọlọ́runtọ́bi",
    "Sòkè̟",
    "محمد",
    "مُحَمَّد",
    "رضا\u200cپور",
    "ﷲ",
    "שָׁלוֹם",
    "क्\u200dषेत्र",
    "अक्षय शर्मा",
    "শ্রী র\u200d্যাঙ্ক",
    "ശ്രീകുമാര്\u200d",
    "ශ්\u200dරී ලංකා",
    "நிவேதிதா",
    "สมชาย น้ำทิพย์",
    "ພອນທິບ",
    "ស្រីមុំ",
    "လျှို့ဝှက်",
    "བསྒྲུབས་རྒྱལ",
    "Ἀλέξανδρος",
    "Наталья",
    "Խաչատուր",
    "გიორგი",
    "አበበ ቢቂላ",
    "ᠠᠯᠲᠠᠨ\u180eᠠ",
    "葛\U000e0100城",
    "Ann 2",
    "Ms. Marvel (she/her)",
    "Ada 🚀",
    "Ada ❤\ufe0f",
    "👩 Ann",
    "👩🏽 Ann",
    "👩\u200d💻 Ann",
    "Ann 👩🏽\u200d💻",
    "🕵🏽\u200d♂\ufe0f Ann",
    "🏳\ufe0f\u200d🌈 Ann",
    "👨\u200d👩\u200d👧 Ann",
    "👩\u200d❤\ufe0f\u200d💋\u200d👨 Ann",
    "🙂\u200d↔\ufe0f Ann",
    "1\ufe0f\u20e3 Ann",
    "#\ufe0f\u20e3 Ann",
    "🇩🇪 Ann",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f Ann",
    "X Æ A-12",
    "x" * MAX_NAME,
]
ALONE = [
    "\u200d",
    "\u200c\u200d",
    "\u2800",
    "\u2800\u2800",
    "\u3164",
    "\u115f",
    "\u1160",
    "\uffa0",
    "\u034f",
    "\u17b4",
    "\ufe0f",
    "\U000e0100",
    "\U000e0061\U000e007f",
    "\u00ad",
    "\u200b",
    "\ufeff",
    "\u2060",
    "\u200e\u200f",
    "\u202e",
    "\u2066\u2069",
    "\u061c",
    "\u0301",
    "\U0001d159",
    "\ufffc",
    "\ue000",
    "\u0378",  # not assigned
    "-",
    "...",
    "🚀",
    "👩\u200d💻",
    "🏴\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f",
    "\u3164\u200d\u2800",
]
AMONG = [
    "Al\u200dex",
    "\u200dAlex",
    "Alex\u200d",
    "李\u200c明",
    "김\u3164민준",
    "Alex\u2800Johnson",
    "Al\u00adex",
    "Al\u200bex",
    "\ufeffAlex",
    "Alex\u202egnoL",
    "\u2067Alex\u2069",
    "Alex\u200f",
    "Al\u034fex",
    "Alex\ufe0f",
    "Alex\U000e0100",
    "Alex\U000e0061",
    "Alex\x07",
    "Alex\x00",
    "Alex \u0301",
    "\u0301Alex",
    "Al\u180bex",
    "क\ufe0f",
    "Alex\ue000",
    "\ud800Alex",
    "Ada👩\u200d",
    "👩\u200dAda",
    "👩\u200d\u200d💻 Ada",
    "👩\u200c💻 Ada",
    "👩\u200d💻" + "\u200d👩" * 3 + " Ada",  # five in one
    "⠀\u200d💻 Ada",
    "Ada 1\ufe0f",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067 Ada",  # without its end
    "🏴\U000e0068\U000e0069\U000e007f Ada",  # "hi"
    "👩\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f Ada",
]
HEAPS = [
    "Z" + "\u0301" * 111,
    "Ale" + "\u0301\u0302\u0303\u0304" + "x",  # the first is part of é
    "Ale" + "\u0323\u0324\u0325\u0326" + "x",
    "A" + "\u0301\u0323\u0334" * 3,
    "ก" + "\u0e49" * 3,
    "म" + "\u0951" * 3,
]


@pytest.mark.parametrize("name", REAL, ids=ascii)
def test_names_that_people_have(name: str) -> None:
    assert name_errors(normal_name(name)) == {}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", f"Enter a name of 1 to {MAX_NAME} characters."),
        (" \u00a0\u2003\u3000\t\n", f"Enter a name of 1 to {MAX_NAME} characters."),
        ("x" * (MAX_NAME + 1), f"Shorten the name to {MAX_NAME} characters."),
        *[(name, UNSEEN) for name in ALONE],
        *[(name, HIDDEN) for name in AMONG],
        *[(name, HEAPED) for name in HEAPS],
    ],
    ids=ascii,
)
def test_names_that_nobody_can_have(name: str, sentence: str) -> None:
    assert name_errors(normal_name(name)) == {"name": sentence}


def test_a_name_is_kept_composed_and_with_single_spaces() -> None:
    assert normal_name("  Jose\u0301 \u00a0 \u3000 Garci\u0301a\n") == "Jos\u00e9 Garc\u00eda"


def test_every_character_that_unicode_calls_unseen_is_refused_alone() -> None:
    """Whatever the category: nothing but letters and digits can carry a name."""
    for code in range(0x110000):
        character = chr(code)
        kind = unicodedata.category(character)
        if kind[0] in "ZM" or kind in ("Cc", "Cf", "Cs"):
            assert name_errors(normal_name(character)), hex(code)


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("a.johnson@example.com", True),
        ("jörg@münchen.example", True),
        ("a\u200bb@example.com", False),
        ("a@exam\u00adple.com", False),
        ("\u202ea@example.com", False),
        ("nobody", False),
        ("a b@example.com", False),
        ("x" * 250 + "@example.com", False),
    ],
    ids=ascii,
)
def test_addresses(text: str, valid: bool) -> None:
    assert is_email(text) is valid
