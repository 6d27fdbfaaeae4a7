"""Languages and writing directions of what authors and people wrote; the interface itself is in
English. Pure functions."""

from __future__ import annotations

import re
import unicodedata
from html import escape
from typing import Final

ENGLISH: Final = "en"

# ISO 639-1. Languages without a code of two letters have one of three, which is not looked up.
CODES: Final = frozenset(
    """aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da
    de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz
    ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln
    lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi
    pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti
    tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu""".split()  # noqa: SIM905
)
TAG: Final = re.compile(
    r"(?P<language>[a-z]{2,3})(-(?P<script>[a-z]{4}))?(-([a-z]{2}|[0-9]{3}))?"
    r"(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*",
    re.IGNORECASE,
)
FROM_THE_RIGHT: Final = frozenset(
    ("ar", "arc", "ckb", "dv", "fa", "he", "ks", "nqo", "ps", "sd", "syr", "ug", "ur", "yi")
)
SCRIPTS_FROM_THE_RIGHT: Final = frozenset(
    ("adlm", "arab", "hebr", "mand", "nkoo", "rohg", "samr", "syrc", "thaa")
)

_STRONG: Final = frozenset(("R", "AL"))
# Set a text apart from the sentence around it, in its own direction.
_ISOLATE: Final = "\u2068"
_END: Final = "\u2069"


def is_language(tag: str) -> bool:
    """Whether this is a language tag such as "en", "pt-BR" or "zh-Hant"."""
    match = TAG.fullmatch(tag)
    return match is not None and (len(match["language"]) == 3 or match["language"].lower() in CODES)


def direction_of(tag: str) -> str:
    """Returns "rtl" for a language that is written from the right, by its script if the tag names
    one, else "ltr"."""
    match = TAG.fullmatch(tag)
    if match is None:
        return "ltr"
    if match["script"]:
        return "rtl" if match["script"].lower() in SCRIPTS_FROM_THE_RIGHT else "ltr"
    return "rtl" if match["language"].lower() in FROM_THE_RIGHT else "ltr"


def runs_from_the_right(text: str) -> bool:
    """Whether anything in the text is written from the right."""
    return not text.isascii() and any(unicodedata.bidirectional(each) in _STRONG for each in text)


def isolated(text: str) -> str:
    """Returns the text as it can stand inside a sentence; unchanged when nothing of it is written
    from the right."""
    return f"{_ISOLATE}{text}{_END}" if runs_from_the_right(text) else text


def bidi(text: str) -> str:
    """Returns HTML of what a person wrote, set apart in its own direction."""
    words = escape(text)
    return f"<bdi>{words}</bdi>" if runs_from_the_right(text) else words


def authored(text: str, language: str) -> str:
    """Returns HTML of a text of the course, in its language and set apart.

    A sentence of a language from the right may begin with a foreign name, and a title may be
    foreign as a whole: what is written from the right anywhere in it decides.
    """
    if language == ENGLISH:
        return bidi(text)
    direction = ""
    if direction_of(language) == "rtl" and runs_from_the_right(text):
        direction = ' dir="rtl"'
    return f'<bdi lang="{escape(language)}"{direction}>{escape(text)}</bdi>'


def attributes(language: str) -> str:
    """Returns the attributes of an element that holds texts of the course and nothing else."""
    if language == ENGLISH:
        return ' dir="auto"'
    return f' lang="{escape(language)}" dir="{direction_of(language)}"'
