"""Which words stand where, and what a word of a query means among them. Pure.

`Postings` holds everything, a `View` is what one person may see of it: no more than that decides
what is found, how a spelling is corrected, and what is suggested.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from portal.search.query_words import QueryWord
from portal.search.text import (
    SHORTENED,
    content_words,
    joined,
    pieces,
    spans,
    stem,
    words,
    words_of,
)

EXACT, FAMILY, JOINED, BEGINNING, SPELLING = 1.0, 0.9, 0.8, 0.7, 0.5
MAX_PIECES = 12
# A word that is unfinished and misspelt as well is only guessed when it is long.
SHORTEST_UNFINISHED = 7

# number of an entry → numbers of its texts, so that the weightiest comes first
Places: TypeAlias = dict[int, list[int]]
# terms that a word stands for → how well, 1 for the word itself
Qualities: TypeAlias = dict[str, float]


class Postings:
    """The words of all entries. It only grows."""

    def __init__(self) -> None:
        self.places: dict[str, Places] = {}
        self.families: defaultdict[str, list[str]] = defaultdict(list)
        self.shown: dict[str, str] = {}
        self.compounds: set[str] = set()
        self.weights: list[tuple[float, ...]] = []
        self.texts: list[tuple[str, ...]] = []
        # All words of every text in one, a line for each text: what a part of a run of a script
        # without spaces, or a word that others write in two, is looked for in.
        self.flat: list[str] = []
        self.runs: set[int] = set()  # the entries with such runs

    def add(self, texts: Iterable[tuple[str, float]]) -> None:
        """Add the texts of the next entry with their weights, the weightiest first."""
        number = len(self.texts)
        pairs = list(texts)
        self.texts.append(tuple(text for text, _ in pairs))
        self.weights.append(tuple(weight for _, weight in pairs))
        flat = []
        for place, (text, _) in enumerate(pairs):
            known = words(text)
            hangs = False
            for word in known:
                hangs = hangs or word.hangs
                if word.unspaced:
                    self.runs.add(number)
                else:
                    self._add(word.term, text[word.start : word.end], number, place)
            for term, first, last in joined(known) if hangs else ():
                if last.term not in SHORTENED:
                    self.compounds.add(term)
                self._add(term, text[first.start : last.end], number, place)
            # runs apart from one another: a part of one never reaches over what is between them
            flat.append("".join(f"\0{w.term}\0" if w.unspaced else w.term for w in known))
        self.flat.append("\n".join(flat))

    def _add(self, term: str, word: str, number: int, place: int) -> None:
        places = self.places.get(term)
        if places is None:
            places = self.places[term] = {}
            self.families[stem(term)].append(term)
            self.shown[term] = word
        elif word.islower():  # "Workflow" only began a title, "GitHub" never does
            self.shown[term] = word
        here = places.setdefault(number, [])
        if not here or here[-1] != place:
            here.append(place)


class View:
    """What a person may see: `limits` has, for each entry of theirs, how many of its texts."""

    def __init__(self, postings: Postings, limits: Mapping[int, int]) -> None:
        self._all = postings
        self._limits = limits
        # Terms that the index does not hold: parts of runs, and words that a text writes in two.
        self._found: dict[str, Places] = {}

    def places(self, term: str) -> Places:
        """Returns where a term stands; entries and texts out of sight are in it."""
        return self._found.get(term) or self._all.places.get(term, {})

    def sees(self, number: int, place: int) -> bool:
        return place < self._limits.get(number, 0)

    def shown(self, term: str) -> str:
        """Returns a term as it is written in a text."""
        return self._all.shown[term]

    def knows(self, term: str) -> bool:
        """Whether a term stands in anything in sight."""
        return any(self.sees(number, here[0]) for number, here in self.places(term).items())

    def meanings(self, word: QueryWord, *, last: bool) -> tuple[list[Qualities], str]:
        """Returns the terms that a word stands for, with their quality, and the word as it was
        read. A word that nothing has may be several: its parts, if all of them are known, or those
        pieces of a run that are."""
        if found := self._as_written(word, beginnings=True, last=last):
            return [found], word.term
        parts = [self._alone(part, last=False) for part in _apart(word)]
        if parts and (any if word.unspaced else all)(qualities for qualities, _ in parts):
            corrected = [read for _, read in parts if read]
            return [qualities for qualities, _ in parts], " ".join(corrected) or word.term
        qualities, read = self._alone(word, last=last)
        return [qualities], read or word.term

    def _alone(self, word: QueryWord, *, last: bool) -> tuple[Qualities, str]:
        """Returns what a word stands for, and the word that a misspelt one was corrected to."""
        found = self._as_written(word, beginnings=False, last=False)
        nearest = None if found or word.unspaced else self._nearest(word.term, last=last)
        if nearest is None:
            return found, ""
        family = self._family(nearest)
        return {term: SPELLING * quality for term, quality in family.items()}, self.shown(nearest)

    def _as_written(self, word: QueryWord, *, beginnings: bool, last: bool) -> Qualities:
        """Returns the terms that a word stands for as it is written; none when it may be misspelt.
        It may be the beginning of one while it is the last of a query, or, if `beginnings` count at
        all, when nothing else has it."""
        if word.unspaced:
            runs = self._all.runs & self._limits.keys()
            return self._scan(word.term, runs, is_exact=True)
        family = self._family(word.term)
        found: Qualities = {}
        pairs: Qualities = {}
        for pair in word.pairs:
            pairs |= dict.fromkeys(self._family(pair), JOINED)
        if last or (beginnings and not (family or pairs) and len(word.term) > 2):
            found = {
                term: BEGINNING
                for term in self._all.places
                if term.startswith(word.term) and self.knows(term)
            }
        is_open = not (found or family or pairs) or word.term in self._all.compounds
        if word.parts or (is_open and len(word.term) > 3):
            found |= self._scan(word.term, self._limits, is_exact=False)
        return found | pairs | family

    def strengths(self, qualities: Qualities) -> dict[int, float]:
        """Returns for each entry how well it meets one word of the query."""
        strengths: dict[int, float] = {}
        weights, limits = self._all.weights, self._limits
        for term, quality in qualities.items():
            for number, places in self.places(term).items():
                if places[0] < limits.get(number, 0):
                    strength = quality * weights[number][places[0]]
                    if strength > strengths.get(number, 0):
                        strengths[number] = strength
        return strengths

    def _family(self, word: str) -> Qualities:
        """Returns the word, if it occurs, and its relatives, with their quality."""
        found = {
            term: FAMILY for term in self._all.families.get(stem(word), ()) if self.knows(term)
        }
        if word in found:
            found[word] = EXACT
        return found

    def _scan(self, term: str, numbers: Iterable[int], *, is_exact: bool) -> Qualities:
        """Returns a term with its quality if one of these entries has it where texts do not hold it
        as a word: as a part of a run, or written in two or more. Unless every place where its
        letters follow one another `is_exact`, words have to begin and end there."""
        found: Places = {}
        for number in numbers:
            if term not in self._all.flat[number]:
                continue
            texts = self._all.texts[number][: self._limits[number]]
            lines = self._all.flat[number].split("\n")
            here = [
                place
                for place, (text, line) in enumerate(zip(texts, lines, strict=False))
                if term in line and (is_exact or _has_word(text, term))
            ]
            if here:
                found[number] = here
        if not found:
            return {}
        known = self._all.places.get(term, {})
        self._found[term] = {
            number: sorted({*known.get(number, ()), *found.get(number, ())})
            for number in known.keys() | found
        }
        return {term: EXACT if is_exact else JOINED}

    def _nearest(self, word: str, *, last: bool) -> str | None:
        """Returns the term that the word is probably a misspelling of: up to one edit from four
        letters on, up to two from eight. Among equals, one that is as near itself before one of
        whose family only the stem is, and then the most prominent."""
        if len(word) < 4:
            return None
        limit = _edits(word)
        stem_of_word = stem(word)
        distances = _near(word, list(self._all.places), limit)
        stems = _near(stem_of_word, list(self._all.families), _edits(stem_of_word))
        relatives = {
            term: distance
            for family, distance in stems.items()
            for term in self._all.families[family]
        }
        # how far a term is itself that only its stem brought here
        further = _near(word, [term for term in relatives if term not in distances], None)
        for term, distance in relatives.items():
            distances[term] = min(distance, distances.get(term, distance))
        size = len(word)
        if last and size >= SHORTEST_UNFINISHED:
            longer = [term for term in self._all.places if len(term) > size]
            for cut in (size, size + 1):
                beginnings = [term[:cut] for term in longer]
                for term, distance in _near(word, beginnings, limit, longer).items():
                    distances[term] = min(distance + 0.5, distances.get(term, distance + 0.5))

        def order(term: str) -> tuple[float, bool, float, float, str]:
            weights = self._all.weights
            prominence = sum(
                weights[number][places[0]]
                for number, places in self._all.places[term].items()
                if self.sees(number, places[0])
            )
            is_other = term[0] != word[0]
            return distances[term], is_other, further.get(term, 0), -prominence, term

        known = [term for term in distances if self.knows(term)]
        return min(known, key=order, default=None)


def _apart(word: QueryWord) -> list[QueryWord]:
    """Returns what else to look for when nothing has a word: its parts, or pieces of a run."""
    if word.unspaced:
        return [QueryWord(piece, unspaced=True) for piece in pieces(word.term)[:MAX_PIECES]]
    return [QueryWord(part) for part in word.parts]


def _has_word(text: str, term: str) -> bool:
    """Whether a term stands in a text where words begin and end, and not as stop words only."""
    return any(content_words(words_of(text[start:end])) for start, end in spans(text, (term,)))


def _edits(word: str) -> int:
    return 0 if len(word) < 4 else 1 if len(word) < 8 else 2


def _near(
    word: str, choices: Sequence[str], limit: int | None, names: Sequence[str] | None = None
) -> dict[str, float]:
    """Returns the choices within `limit` edits, a transposition being one, with their distance;
    under the names in the same places, if there are any. Without a limit, all of them."""
    if limit == 0 or not choices:
        return {}
    # Loading it takes longer than a hundred searches, and most words are spelt well.
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    found = process.extract(word, choices, scorer=OSA.distance, score_cutoff=limit, limit=None)
    return {(names or choices)[place]: distance for _, distance, place in found}
