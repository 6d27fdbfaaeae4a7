"""How hard a text is to read, and how alike two texts are. For authors' tools."""

from __future__ import annotations

import re
from collections.abc import Iterable

SENTENCE_END = re.compile(r"(?<=[.!?:;])\s+")
ENGLISH_WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)?|[0-9][0-9.,]*")
VOWELS = re.compile(r"[aeiouy]+")
# A final e, and the e of -ed and -es, are mostly silent: "made", "judged", "notes".
SILENT_END = re.compile(r"([^l]e|[^aeiouytd]ed|[^aeiouylcsxzgh]es)$")
PIECE = 3


def normalised(text: str) -> str:
    """Returns the words of a text in lower case, so that texts can be compared."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def sentences(text: str) -> list[str]:
    """Returns the text in sentences; a clause after a colon or a semicolon counts as one."""
    return SENTENCE_END.split(text.strip())


def syllables(word: str) -> int:
    """Returns about how many syllables an English word has, at least one; a number counts as
    one."""
    word = word.lower()
    groups = len(VOWELS.findall(word))
    return max(1, groups - 1 if SILENT_END.search(word) else groups)


def grade_level(texts: Iterable[str]) -> float:
    """Returns the Flesch-Kincaid grade level of English sentences, in years of American school.

    The formula is that of Kincaid, Fishburne, Rogers and Chissom, "Derivation of new readability
    formulas for Navy enlisted personnel" (1975). 0 when there is no word.
    """
    read = [words for text in texts if (words := ENGLISH_WORD.findall(text))]
    count = sum(map(len, read))
    if not count:
        return 0.0
    spoken = sum(syllables(word) for words in read for word in words)
    return 0.39 * count / len(read) + 11.8 * spoken / count - 15.59


def trigrams(text: str) -> frozenset[str]:
    """Returns all runs of three characters in the words of a text, for `similarity`."""
    padded = f" {normalised(text)} "
    return frozenset(padded[at : at + PIECE] for at in range(max(1, len(padded) - PIECE + 1)))


def similarity(one: frozenset[str], other: frozenset[str]) -> float:
    """Returns how much two texts share, from 0 to 1: Dice's coefficient (Dice 1945) of their
    pieces."""
    return 2 * len(one & other) / (len(one) + len(other))
