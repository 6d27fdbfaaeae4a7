"""What is found and in which order: an index in memory, and the ranking. Pure.

A word of a query is met by the word itself, by its family ("delegate" → "delegation"), by a
beginning (while somebody types), and only when none of them exists by the nearest spelling.
An entry has to meet every word; if no entry does, those that meet the most are taken.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import log
from typing import Literal, TypeAlias

import msgspec

from portal.search.words import WORD, fold, stem, telling, words_of

Kind: TypeAlias = Literal["video", "step", "topic", "explanation"]
Field: TypeAlias = Literal[
    "title", "objective", "summary", "practice", "question", "transcript", "explanation"
]
Key: TypeAlias = tuple[str, str]  # content hash of a quiz, id of its question

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

EXACT, FAMILY, JOINED, BEGINNING, SPELLING = 1.0, 0.9, 0.8, 0.7, 0.5
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


class Entry(msgspec.Struct, frozen=True, kw_only=True):
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


class Hit(msgspec.Struct, frozen=True):
    """`line` is the text below the title that shows the match, or what the entry is about."""

    entry: Entry
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


class Index:
    """Entries and their words. It only grows, and never forgets the order of adding."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries: list[Entry] = []
        self._open: set[int] = set()
        self._keys: dict[Key, int] = {}
        self._titles: list[frozenset[str]] = []
        # term → number of an entry → numbers of its texts, so that the weightiest comes first
        self._places: dict[str, dict[int, list[int]]] = {}
        self._weights: list[tuple[float, ...]] = []
        self._families: defaultdict[str, list[str]] = defaultdict(list)
        self._shown: dict[str, str] = {}
        for entry in entries:
            self.add(entry)

    def add(self, entry: Entry) -> None:
        number = len(self._entries)
        self._entries.append(entry)
        if entry.key is None:
            self._open.add(number)
        else:
            self._keys[entry.key] = number
        self._titles.append(frozenset(telling(words_of(_LABEL.sub("", entry.title, count=1)))))
        self._weights.append(tuple(WEIGHTS[text.field] for text in entry.texts))
        for place, text in enumerate(entry.texts):
            for word in WORD.findall(text.text):
                term = fold(word)
                places = self._places.get(term)
                if places is None:
                    places = self._places[term] = {}
                    self._families[stem(term)].append(term)
                    self._shown[term] = word
                elif word.islower():  # "Workflow" only began a title, "GitHub" never does
                    self._shown[term] = word
                places.setdefault(number, []).append(place)

    def search(self, query: str, seen: frozenset[Key] = frozenset()) -> Hits:
        """Returns what meets the query, best first; `seen` opens the explanations of these keys."""
        words = (telling(words_of(query)) or words_of(query))[:MAX_WORDS]
        allowed = frozenset(self._open).union(self._keys[k] for k in seen if k in self._keys)
        met: list[dict[int, float]] = []
        marks: set[str] = set()
        read = list(words)
        for place, word in enumerate(words):
            last = place == len(words) - 1
            joined = [
                first + second for first, second in pairwise(words) if word in (first, second)
            ]
            qualities = self._terms(word, joined, allowed, last=last)
            if not qualities:
                nearest = self._nearest(word, allowed, last=last)
                if nearest is not None:
                    read[place] = self._shown[nearest]
                    family = self._family(nearest, allowed)
                    qualities = {term: SPELLING * quality for term, quality in family.items()}
            marks |= qualities.keys()
            met.append(self._strengths(qualities, allowed))
        terms = frozenset(marks)
        ranked, partial = self._ranked(met, terms, len(allowed))
        best = ranked[:MAX_RESULTS]
        return Hits(
            hits=[Hit(self._entries[n], score, self._line(n, terms)) for score, n in best],
            total=len(ranked),
            terms=terms,
            read=" ".join(read) if read != words else None,
            partial=partial,
            suggestions=[] if ranked else self._like(words),
        )

    def _is_known(self, term: str, allowed: frozenset[int]) -> bool:
        return not allowed.isdisjoint(self._places.get(term, ()))

    def _family(self, word: str, allowed: frozenset[int]) -> dict[str, float]:
        """Returns the word, if it occurs, and its relatives, with their quality."""
        found = {
            term: FAMILY
            for term in self._families.get(stem(word), ())
            if self._is_known(term, allowed)
        }
        if word in found:
            found[word] = EXACT
        return found

    def _terms(
        self, word: str, joined: Sequence[str], allowed: frozenset[int], *, last: bool
    ) -> dict[str, float]:
        """Returns the terms that a word stands for as it is written, with their quality; `joined`
        are it and its neighbours in one ("git hub")."""
        family = self._family(word, allowed)
        found: dict[str, float] = {}
        if last or (not family and len(word) > 1):
            found = {
                term: BEGINNING
                for term in self._places
                if term.startswith(word) and self._is_known(term, allowed)
            }
        for compound in joined:
            found |= dict.fromkeys(self._family(compound, allowed), JOINED)
        return found | family

    def _nearest(self, word: str, allowed: frozenset[int], *, last: bool) -> str | None:
        """Returns the term that the word is probably a misspelling of: up to one edit from four
        letters on, up to two from eight; the most prominent one among equals."""
        if len(word) < 4:
            return None
        limit = _edits(word)
        stem_of_word = stem(word)
        distances = _near(word, list(self._places), limit)
        stems = _near(stem_of_word, list(self._families), _edits(stem_of_word))
        for family, distance in stems.items():
            for term in self._families[family]:
                distances[term] = min(distance, distances.get(term, distance))
        if last:
            size = len(word)
            longer = [term for term in self._places if len(term) > size]
            for cut in (size, size + 1):
                beginnings = [term[:cut] for term in longer]
                for term, distance in _near(word, beginnings, limit, longer).items():
                    distances[term] = min(distance + 0.5, distances.get(term, distance + 0.5))

        def order(term: str) -> tuple[float, bool, float, str]:
            places = self._places[term]
            prominence = sum(self._weight(n, places[n]) for n in places if n in allowed)
            return distances[term], term[0] != word[0], -prominence, term

        known = [term for term in distances if self._is_known(term, allowed)]
        return min(known, key=order, default=None)

    def _weight(self, number: int, places: Sequence[int]) -> float:
        return self._weights[number][places[0]]

    def _strengths(
        self, qualities: Mapping[str, float], allowed: frozenset[int]
    ) -> dict[int, float]:
        """Returns for each entry how well it meets one word of the query."""
        strengths: dict[int, float] = {}
        for term, quality in qualities.items():
            for number, places in self._places[term].items():
                if number in allowed:
                    strength = quality * self._weight(number, places)
                    strengths[number] = max(strength, strengths.get(number, 0))
        return strengths

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

    def _line(self, number: int, terms: frozenset[str]) -> Text | None:
        """Returns the text below the title with the most of the terms, the weightiest of equals;
        when none has any, what the entry is about."""
        met: defaultdict[int, int] = defaultdict(int)
        for term in terms:
            for place in set(self._places[term].get(number, ())):
                met[place] += place > 0
        texts = self._entries[number].texts
        best = max(met, key=lambda place: (met[place], -place), default=0)
        if met[best]:
            return texts[best]
        about = (text for text in texts if text.field in ("summary", "explanation"))
        return next(about, None)

    def _like(self, words: Sequence[str]) -> list[str]:
        """Returns words of open titles that look a little like the ones that nothing meets."""
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        titles = {term for number in self._open for term in self._titles[number] if len(term) > 3}
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
        return [self._shown[term] for term in best[:MAX_SUGGESTIONS]]


def _edits(word: str) -> int:
    return 0 if len(word) < 4 else 1 if len(word) < 8 else 2


def _near(
    word: str, choices: Sequence[str], limit: int, names: Sequence[str] | None = None
) -> dict[str, float]:
    """Returns the choices within `limit` edits, a transposition being one, with their distance;
    under the names in the same places, if there are any."""
    if not limit:
        return {}
    # Loading it takes longer than a hundred searches, and most words are spelt well.
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    found = process.extract(word, choices, scorer=OSA.distance, score_cutoff=limit, limit=None)
    return {(names or choices)[place]: distance for _, distance, place in found}
