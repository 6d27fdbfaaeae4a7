"""Words of a text in the form in which they are compared. Pure functions."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

WORD = re.compile(r"[^\W_]+")

# What NFKD leaves as it is, although readers type it with plain letters.
_LETTERS = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ı": "i"})

# Words that stand in questions and titles alike and tell nothing about the subject.
_STOPS = """
a about an and are as at be by can could do does for from has have how i if in into is it its me my
not of on or our should so than that the their them there this to was we what when where which who
why will with would you your
"""
STOP_WORDS = frozenset(_STOPS.split())

# Endings that do not change what a word is about, longest first.
_SUFFIXES = "ments ment ials ings ions ers ors ial ing ion ive ed er or es is ly e s"
_ENDINGS = tuple(_SUFFIXES.split())
_SHORTEST_STEM = 4


@lru_cache(maxsize=16_384)
def fold(word: str) -> str:
    """Returns the word in small letters without accents: "Éléments" → "elements", "ß" → "ss"."""
    parts = unicodedata.normalize("NFKD", word.casefold())
    return "".join(c for c in parts if not unicodedata.combining(c)).translate(_LETTERS)


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """Returns what a folded word shares with its family: "delegation", "delegates" → "deleg".

    At least four letters are left; a shorter word is its own stem.
    """
    if word.endswith("ies"):
        return word.removesuffix("ies") + "y"
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            word = word.removesuffix(ending)
            break
    return word.removesuffix("at") if len(word) >= _SHORTEST_STEM + 3 else word


def words_of(text: str) -> list[str]:
    """Returns all words of a text, folded, in order."""
    return [fold(word) for word in WORD.findall(text)]


def telling(words: list[str]) -> list[str]:
    """Returns the words that tell what is meant, each once: no stop words, no single letters."""
    return [
        word
        for word in dict.fromkeys(words)
        if word not in STOP_WORDS and (len(word) > 1 or word.isdigit())
    ]
