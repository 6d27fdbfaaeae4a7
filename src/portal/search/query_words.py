"""The words of a query, and what they may be written as. Pure functions."""

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


class QueryWord(NamedTuple):
    """A word of a query. One that hangs together, as "co-worker" does, is `term` in one, and its
    `parts` when nothing has that. `pairs` are the word and a neighbour in one ("git hub")."""

    term: str
    parts: tuple[str, ...] = ()
    pairs: tuple[str, ...] = ()
    unspaced: bool = False
    is_content: bool = True


def query_words(query: str) -> list[QueryWord]:
    """Returns what is looked for, each once: the content words, or else all of them."""
    groups: list[list[Word]] = []
    for word in words(query):
        if word.hangs:
            groups[-1].append(word)
        else:
            groups.append([word])
    found: list[QueryWord] = []
    for place, group in enumerate(groups):
        if len(group) == 1:
            found.append(_single(groups, place))
        elif len(group) <= MAX_PARTS:
            found.append(_compound(query, group))
        else:
            found += [QueryWord(word.term, is_content=is_content_word(word.term)) for word in group]
    first = {entry.term: entry for entry in reversed(found)}
    entries = [first[term] for term in dict.fromkeys(entry.term for entry in found)]
    return [entry for entry in entries if entry.is_content] or entries


def _compound(query: str, group: Sequence[Word]) -> QueryWord:
    *first, last = (word.term for word in group)
    cut = query[group[-2].end : group[-1].start] in APOSTROPHES and last in SHORTENED
    parts = content_words(first if cut else [*first, last])
    # "don" tells as little as "don't" does
    is_content = not cut or (bool(parts) and last != "t")
    return QueryWord("".join((*first, last)), tuple(parts), is_content=is_content)


def _single(groups: Sequence[Sequence[Word]], place: int) -> QueryWord:
    word = groups[place][0]
    before = groups[place - 1] if place and word.follows else ()
    after = groups[place + 1] if place + 1 < len(groups) else ()
    pairs = []
    if is_part(word) and len(before) == 1 and is_part(before[0]):
        pairs.append(before[0].term + word.term)
    if is_part(word) and len(after) == 1 and after[0].follows and is_part(after[0]):
        pairs.append(word.term + after[0].term)
    return QueryWord(word.term, (), tuple(pairs), word.unspaced, is_content_word(word.term))
