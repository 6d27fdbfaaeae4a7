"""What a word is, and the form in which words are compared. Pure functions.

A word is a run of letters, digits and the marks on them. In scripts that put no spaces between
words a whole run is one, and what is looked for is any part of it. Words that hang together
("sign-in", "company's") count apart and as one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from itertools import chain, pairwise
from typing import NamedTuple

# Letters of scripts that are written without spaces between words: Thai, Lao, Burmese, Khmer, Tai,
# Balinese, Javanese; Hiragana, Katakana and their extensions; Han.
_UNSPACED = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ecf\u0edc-\u0edf\u1000-\u103f\u1050-\u108f\u109a-\u109f"
    "\ua9e0-\ua9ef\ua9fa-\ua9fe\uaa60-\uaa7f\u1780-\u17d3\u17d7\u17dc\u17dd\u1950-\u197f"
    "\u1980-\u19cf\u1a20-\u1a7f\u1b05-\u1b4b\ua980-\ua9c0\uaa80-\uaadf"
    "\u3041-\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"
    "\U0001b000-\U0001b16f"
    "\u3005-\u3007\u3021-\u3029\u3031-\u3035\u303b\u303c\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U000323af"
)
# What stands between the parts of one word: hyphens, apostrophes, points, Hebrew punctuation.
APOSTROPHES = frozenset("'\u2019\u2018\u201b\uff07")
_JOINERS = APOSTROPHES | frozenset("-\u2010\u2011\uff0d._&\u00b7\u05be\u05f3\u05f4")
# What an apostrophe cuts off: "what's", "you'll", "don't".
SHORTENED = frozenset({"s", "t", "re", "ve", "ll", "d", "m"})
MAX_PARTS = 4  # of a word that hangs together, as in "state-of-the-art"

# Accents and vowel signs, which readers leave out: Latin, Greek and Cyrillic, Hebrew, Arabic. And
# what is not seen at all: soft hyphens, joiners, marks of direction and of variants.
_SILENT = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
    "\u00ad\u02bc\u034f\u061c\u180b-\u180d\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069"
    "\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]"
)
# Where Unicode has marks: all of them would take longer to go through than a course to index.
_WITH_MARKS = (
    range(0x300, 0x3100),
    range(0xA600, 0xAC00),
    range(0xFB00, 0xFE30),
    range(0x10000, 0x12000),
    range(0x13430, 0x13460),
    range(0x16000, 0x17000),
    range(0x1BC00, 0x1EA00),
    range(0xE0100, 0xE01F0),
)
_UNSEEN = "\u00ad\u061c\u200b-\u200f\u2060\ufeff"
# What NFKD leaves as it is, although readers type it with plain letters.
_LETTERS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i"}
)

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


class Word(NamedTuple):
    """A word of a text: from `start` to `end` there, and folded. `hangs` tells that only a hyphen
    or the like stands before it, `follows` that at most this or white space does; `unspaced` that
    it is a run of a script without spaces."""

    start: int
    end: int
    term: str
    hangs: bool
    follows: bool
    unspaced: bool


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Returns what a word is, and what one character of it is with its marks.

    The marks are taken from Python's own tables, at the first search, because its patterns know
    letters and digits only.
    """
    marks = "".join(c for c in map(chr, chain(*_WITH_MARKS)) if unicodedata.category(c)[0] == "M")
    inner = f"{marks}{_UNSEEN}"
    word = re.compile(
        rf"([{_UNSPACED}][{_UNSPACED}{inner}]*)|[^\W_{_UNSPACED}]+(?:[{inner}]+[^\W_{_UNSPACED}]*)*"
    )
    return word, re.compile(rf".[{inner}\uff9e\uff9f]*", re.DOTALL)


_PLAIN = re.compile(r"[^\W_]+")


def words(text: str) -> list[Word]:
    """Returns the words of a text in order."""
    is_plain = text.isascii()  # most texts are, and take half the time
    pattern = _PLAIN if is_plain else _patterns()[0]
    found: list[Word] = []
    before: Word | None = None
    for match in pattern.finditer(text):
        start, end = match.span()
        unspaced = not is_plain and match.lastindex is not None
        term = _folded_run(match[0]) if unspaced else fold(match[0])
        if not term:
            continue
        hangs = follows = False
        if before and not (unspaced or before.unspaced):
            gap = text[before.end : start]
            hangs = gap in _JOINERS and not (gap == "." and _is_number(before.term, term))
            follows = hangs or gap.isspace()
        before = Word(start, end, term, hangs, follows, unspaced)
        found.append(before)
    return found


def _folded_run(run: str) -> str:
    """The folded characters of a run, which most often are the run itself."""
    if unicodedata.is_normalized("NFKC", run) and not _SILENT.search(run):
        return run
    return "".join(map(fold, _units(run)))


def _is_number(whole: str, fraction: str) -> bool:
    """3.5 is not 35, whereas the parts of a version or an address hang together."""
    return whole.isdigit() and fraction.isdigit()


def joined(hanging: Sequence[Word]) -> Iterator[tuple[str, Word, Word]]:
    """Yields what the words that hang together, in a list of all words of a text, are as one:
    every two to four neighbours, with the first and the last of them."""
    for first, word in enumerate(hanging):
        term = word.term
        for other in hanging[first + 1 : first + MAX_PARTS]:
            if not other.hangs:
                break
            term += other.term
            yield term, word, other


def spans(text: str, terms: Collection[str]) -> list[tuple[int, int]]:
    """Returns where in a text one of the terms stands: as a word, as neighbours that are it in one,
    or within a run of a script without spaces. In order, without overlaps."""
    found: list[tuple[int, int]] = []
    parts = [term for term in terms if is_unspaced(term)]
    known = words(text)
    for place, word in enumerate(known):
        if word.unspaced:
            found += _spans_in_run(text, word, parts) if parts else ()
            continue
        if word.term in terms:
            found.append((word.start, word.end))
        term = word.term
        for before, other in pairwise(known[place : place + MAX_PARTS]):
            if not (other.hangs or (other.follows and is_part(before) and is_part(other))):
                break
            term += other.term
            if term in terms:
                found.append((word.start, other.end))
    return _merged(sorted(found))


def is_part(word: Word) -> bool:
    """Whether a word may be one with its neighbour, though a space is between: "a part" is not
    "apart"."""
    return word.term not in ("a", "i")


def _spans_in_run(text: str, run: Word, parts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Whole characters with their marks, even where folding changed their number."""
    starts, ends = [], []
    at = run.start
    for unit in _units(text[run.start : run.end]):
        length = len(fold(unit))
        starts += [at] * length
        at += len(unit)
        ends += [at] * length
    for part in parts:
        place = run.term.find(part)
        while place >= 0:
            yield starts[place], ends[place + len(part) - 1]
            place = run.term.find(part, place + 1)


def _merged(found: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    apart: list[tuple[int, int]] = []
    for start, end in found:
        if apart and start < apart[-1][1]:
            apart[-1] = apart[-1][0], max(end, apart[-1][1])
        else:
            apart.append((start, end))
    return apart


def _units(run: str) -> list[str]:
    return _patterns()[1].findall(run)


@lru_cache(maxsize=16_384)
def fold(word: str) -> str:
    """Returns the word in small letters without accents: "Éléments" → "elements", "ß" → "ss"."""
    if word.isascii():
        return word.lower()
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", word).casefold())
    plain = _SILENT.sub("", parts).translate(_LETTERS)
    plain = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in plain)
    return unicodedata.normalize("NFC", plain)


@lru_cache(maxsize=1024)
def is_unspaced(term: str) -> bool:
    """Whether a folded word is of a script without spaces between words."""
    match = None if term.isascii() else _patterns()[0].match(term)
    return match is not None and match[1] is not None


def pieces(run: str) -> list[str]:
    """Returns what a run of a script without spaces is looked for by when nothing has all of it:
    every two characters, or three where they are letters of an alphabet."""
    ideographic = any("\u3005" <= c <= "\u9fff" or c >= "\uf900" for c in run)
    size = 2 if ideographic else 3
    return list(dict.fromkeys(run[n : n + size] for n in range(max(1, len(run) - size + 1))))


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
    return [word.term for word in words(text)]


def is_content_word(term: str) -> bool:
    """Whether a word tells what is meant: no stop word, no single letter."""
    return term not in STOP_WORDS and (len(term) > 1 or term.isdigit() or is_unspaced(term))


def content_words(terms: Sequence[str]) -> list[str]:
    """Returns the words that tell what is meant, each once."""
    return [term for term in dict.fromkeys(terms) if is_content_word(term)]
