"""What is found and in which order: an index in memory, and the ranking. Pure.

A word of a query is met by the word itself, by its family ("delegate" → "delegation"), by a
beginning (while somebody types), and only when none of them exists by the nearest spelling.
An entry has to meet every word; if no entry does, those that meet the most are taken.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from math import log
from typing import Literal, TypeAlias

import msgspec

from portal.search.postings import Postings, View
from portal.search.query_words import QueryWord
from portal.search.text import content_words, is_unspaced, words_of

Kind: TypeAlias = Literal["video", "step", "topic", "explanation"]
Field: TypeAlias = Literal[
    "title", "objective", "summary", "practice", "question", "transcript", "explanation"
]
Key: TypeAlias = tuple[str, str]  # content hash of a quiz, id of its question
Name: TypeAlias = tuple[Kind, str]  # kind and id of an entry

# How much a word counts by where it stands.
WEIGHTS: dict[Field, float] = {
    "title": 8,
    "objective": 4,
    "summary": 3,
    "practice": 2,
    "question": 1.5,
    "transcript": 1.2,
    "explanation": 1,
}
# A video answers, a step or a topic leads to one, an explanation is read a second time.
KINDS: dict[Kind, float] = {"video": 1, "step": 0.9, "topic": 0.8, "explanation": 0.7}

MAX_WORDS = 8
MAX_RESULTS = 20
MAX_SUGGESTIONS = 3
MIN_LIKENESS = 0.6

# "Lesson 2B:" and "Step 3:" number a title. Who leaves them out has still given all of it.
_LABEL = re.compile(r"^\w+ \d+\w?: ")


class Text(msgspec.Struct, frozen=True):
    """One text of an entry; `at` is the second of the video at which it is said."""

    field: Field
    text: str
    at: int | None = None


class IndexEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Something that can be found. `texts` begin with its title, the weightiest first.

    `href` and `key`: of an explanation, the address depends on the learner's attempt, and it is
    found only by learners who have answered the question of that key.
    """

    kind: Kind
    id: str
    texts: tuple[Text, ...]
    place: str
    href: str = ""
    duration: int | None = None
    key: Key | None = None

    @property
    def title(self) -> str:
        return self.texts[0].text


class LockedEntry(msgspec.Struct, frozen=True):
    """What a learner finds of a locked part of the course: its texts before those of the field
    `hidden_from`, the reason, and an address where the path tells more."""

    reason: str
    href: str
    hidden_from: Field | None


class Hit(msgspec.Struct, frozen=True):
    """`line` is the text below the title that shows the match, or what the entry is about."""

    entry: IndexEntry
    score: float
    line: Text | None


class Hits(msgspec.Struct, frozen=True):
    """The best hits, and how many there are in all. `terms` are the words to mark. `read` tells
    how misspelt words were understood, or is None; `partial` is True when no entry has all the
    words."""

    hits: list[Hit]
    total: int
    terms: frozenset[str]
    read: str | None
    partial: bool
    suggestions: list[str]


NOTHING_LOCKED: Mapping[Name, LockedEntry] = {}


class Index:
    """Entries and their words. It only grows, and never forgets the order of adding."""

    def __init__(self, entries: Iterable[IndexEntry] = ()) -> None:
        self._entries: list[IndexEntry] = []
        self._open: dict[int, int] = {}  # number of an entry → how many texts it has
        self._keys: dict[Key, int] = {}
        self._numbers: dict[Name, int] = {}
        self._titles: list[frozenset[str]] = []
        self._postings = Postings()
        for entry in entries:
            self.add(entry)

    def add(self, entry: IndexEntry) -> None:
        number = len(self._entries)
        self._entries.append(entry)
        if entry.key is None:
            self._open[number] = len(entry.texts)
            self._numbers[entry.kind, entry.id] = number
        else:
            self._keys[entry.key] = number
        self._titles.append(
            frozenset(content_words(words_of(_LABEL.sub("", entry.title, count=1))))
        )
        self._postings.add((text.text, WEIGHTS[text.field]) for text in entry.texts)

    def search(
        self,
        words: Sequence[QueryWord],
        seen: Collection[Key] = (),
        locked: Mapping[Name, LockedEntry] = NOTHING_LOCKED,
    ) -> Hits:
        """Returns what meets the words of a query, best first. `seen` opens the explanations of
        these keys."""
        limits = self._limits(seen, locked)
        view = View(self._postings, limits)
        words = words[:MAX_WORDS]
        met: list[dict[int, float]] = []
        marks: set[str] = set()
        read: list[str] = []
        for place, word in enumerate(words):
            last = place == len(words) - 1
            meant, understood = view.meanings(word, last=last)
            read.append(understood)
            for qualities in meant:
                marks |= qualities.keys()
                met.append(view.strengths(qualities))
        terms = frozenset(marks)
        ranked, partial = self._ranked(met, terms, len(limits))
        best = ranked[:MAX_RESULTS]
        return Hits(
            hits=[Hit(self._entries[n], score, self._line(view, n, terms)) for score, n in best],
            total=len(ranked),
            terms=terms,
            read=" ".join(read) if read != [word.term for word in words] else None,
            partial=partial,
            suggestions=[] if ranked else self._like(view, [word.term for word in words]),
        )

    def _limits(self, seen: Collection[Key], locked: Mapping[Name, LockedEntry]) -> dict[int, int]:
        """Returns for each entry that may be seen how many of its texts may be."""
        limits = dict(self._open)
        for key in seen:
            if key in self._keys:
                number = self._keys[key]
                limits[number] = len(self._entries[number].texts)
        for name, part in locked.items():
            number = self._numbers[name]
            texts = self._entries[number].texts
            hidden = (place for place, text in enumerate(texts) if text.field == part.hidden_from)
            limits[number] = next(hidden, len(texts))
        return limits

    def _ranked(
        self, met: Sequence[Mapping[int, float]], terms: frozenset[str], total: int
    ) -> tuple[list[tuple[float, int]], bool]:
        """Returns the scores and numbers of the entries that meet the most words, best first, and
        whether some words are missing.

        A rare word counts more than a common one (inverse document frequency), and a title that
        consists of what was asked for more than one with other words.
        """
        counts: defaultdict[int, int] = defaultdict(int)
        scores: defaultdict[int, float] = defaultdict(float)
        for strengths in met:
            rarity = 1 + log(total / len(strengths)) if strengths else 0
            for number, strength in strengths.items():
                counts[number] += 1
                scores[number] += rarity * strength
        most = max(counts.values(), default=0)
        ranked = []
        for number, count in counts.items():
            if count == most:
                entry, title = self._entries[number], self._titles[number]
                covered = len(title & terms) / len(title) if title else 0
                score = scores[number] * (1 + covered / 2) * KINDS[entry.kind]
                ranked.append((score, number))
        ranked.sort(key=lambda entry: (-entry[0], entry[1]))
        return ranked, 0 < most < len(met)

    def _line(self, view: View, number: int, terms: frozenset[str]) -> Text | None:
        """Returns the text below the title with the most of the terms, the weightiest of equals;
        when none has any, what the entry is about."""
        met: defaultdict[int, int] = defaultdict(int)
        for term in terms:
            for place in view.places(term).get(number, ()):
                met[place] += place > 0 and view.sees(number, place)
        texts = self._entries[number].texts
        best = max(met, key=lambda place: (met[place], -place), default=0)
        if met[best]:
            return texts[best]
        about = (
            text
            for place, text in enumerate(texts)
            if text.field in ("summary", "explanation") and view.sees(number, place)
        )
        return next(about, None)

    def _like(self, view: View, words: Sequence[str]) -> list[str]:
        """Returns words of open titles that look a little like the ones that nothing meets."""
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        titles = {
            term
            for number in self._open
            for term in self._titles[number]
            if len(term) > 3 and not is_unspaced(term)
        }
        near: dict[str, float] = {}
        for word in words:
            found = process.extract(
                word,
                sorted(titles),
                scorer=OSA.normalized_similarity,
                score_cutoff=MIN_LIKENESS,
                limit=MAX_SUGGESTIONS,
            )
            near |= {term: likeness for term, likeness, _ in found}
        best = sorted(near, key=lambda term: (-near[term], term))
        return [view.shown(term) for term in best[:MAX_SUGGESTIONS]]
