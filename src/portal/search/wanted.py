"""What a query asks for: its words, and what they may be written as. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from portal.search.text import (
    APOSTROPHES,
    MAX_PARTS,
    SHORTENED,
    Word,
    content_words,
    is_content_word,
    is_part,
    words,
)


class Wanted(NamedTuple):
    """A word of a query. One that hangs together, as "co-worker" does, is `term` in one, and its
    `parts` when nothing has that. `pairs` are the word and a neighbour in one ("git hub")."""

    term: str
    parts: tuple[str, ...] = ()
    pairs: tuple[str, ...] = ()
    unspaced: bool = False
    tells: bool = True


def wanted(query: str) -> list[Wanted]:
    """Returns what is looked for, each once: the words that tell something, or else all of them."""
    groups: list[list[Word]] = []
    for word in words(query):
        if word.hangs:
            groups[-1].append(word)
        else:
            groups.append([word])
    found: list[Wanted] = []
    for place, group in enumerate(groups):
        if len(group) == 1:
            found.append(_single(groups, place))
        elif len(group) <= MAX_PARTS:
            found.append(_compound(query, group))
        else:
            found += [Wanted(word.term, tells=is_content_word(word.term)) for word in group]
    first = {entry.term: entry for entry in reversed(found)}
    entries = [first[term] for term in dict.fromkeys(entry.term for entry in found)]
    return [entry for entry in entries if entry.tells] or entries


def _compound(query: str, group: Sequence[Word]) -> Wanted:
    *first, last = (word.term for word in group)
    cut = query[group[-2].end : group[-1].start] in APOSTROPHES and last in SHORTENED
    parts = content_words(first if cut else [*first, last])
    # "don" tells as little as "don't" does
    tells = not cut or (bool(parts) and last != "t")
    return Wanted("".join((*first, last)), tuple(parts), tells=tells)


def _single(groups: Sequence[Sequence[Word]], place: int) -> Wanted:
    word = groups[place][0]
    before = groups[place - 1] if place and word.follows else ()
    after = groups[place + 1] if place + 1 < len(groups) else ()
    pairs = []
    if is_part(word) and len(before) == 1 and is_part(before[0]):
        pairs.append(before[0].term + word.term)
    if is_part(word) and len(after) == 1 and after[0].follows and is_part(after[0]):
        pairs.append(word.term + after[0].term)
    return Wanted(word.term, (), tuple(pairs), word.unspaced, is_content_word(word.term))
