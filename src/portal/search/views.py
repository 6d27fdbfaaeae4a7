"""What a reader sees of a search: marked words, lines of context, groups. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

import msgspec

from portal.errors import Invalid
from portal.search.rules import NOTHING_LOCKED, Hit, Hits, Key, Kind, LockedEntry, Name
from portal.search.text import spans
from portal.web.formats import length

MAX_QUERY = 100  # characters
CONTEXT = 180  # characters of a longer text around its first marked word
BEFORE = 60

HEADINGS: dict[Kind, str] = {
    "video": "Videos",
    "step": "Steps",
    "topic": "Topics",
    "explanation": "Explanations you have seen",
}


class Part(msgspec.Struct, frozen=True):
    """A piece of plain text; `mark` is True for a word that was searched for."""

    text: str
    mark: bool


class Result(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One result. `context` is a line that shows why it was found, or what it is about."""

    kind: Kind
    id: str
    href: str
    title: list[Part]
    place: str
    context: list[Part]
    duration_seconds: int | None


class Group(msgspec.Struct, frozen=True):
    kind: Kind
    heading: str
    results: list[Result]


class Found(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer to a query: at most 20 results in groups, the group of the best one first.

    `total` counts all of them and `more` those left out. `read` is the query as it was understood
    when it was misspelt; `partial` is True when nothing has all its words; `suggestions` are words
    that exist, when nothing was found.
    """

    query: str
    total: int
    more: int
    read: str | None
    partial: bool
    groups: list[Group]
    suggestions: list[str]


def checked(query: str) -> str:
    """Returns the query with single spaces; `Invalid` when it is too long to be one."""
    query = " ".join(query.split())
    if len(query) > MAX_QUERY:
        sentence = f"Search for at most {MAX_QUERY} characters."
        raise Invalid(sentence, details={"q": sentence})
    return query


def results_for(
    query: str,
    hits: Hits,
    hrefs: Mapping[Key, str],
    locked: Mapping[Name, LockedEntry] = NOTHING_LOCKED,
) -> Found:
    """Returns what is shown; `hrefs` are the addresses of the explanations."""
    groups: dict[Kind, list[Result]] = {}
    for hit in hits.hits:
        groups.setdefault(hit.entry.kind, []).append(_result_of(hit, hrefs, locked, hits.terms))
    return Found(
        query=query,
        total=hits.total,
        more=hits.total - len(hits.hits),
        read=hits.read,
        partial=hits.partial,
        groups=[Group(kind, HEADINGS[kind], results) for kind, results in groups.items()],
        suggestions=hits.suggestions,
    )


def no_results(query: str) -> Found:
    """Returns the answer to a query without words."""
    return Found(query=query, total=0, more=0, read=None, partial=False, groups=[], suggestions=[])


def _result_of(
    hit: Hit,
    hrefs: Mapping[Key, str],
    locked: Mapping[Name, LockedEntry],
    terms: frozenset[str],
) -> Result:
    entry, line = hit.entry, hit.line
    title = marked(entry.title, terms)
    href = entry.href if entry.key is None else hrefs[entry.key]
    place = entry.place
    # Where the title matches, the whole video is meant, not the moment.
    if line is not None and line.at is not None and not any(part.mark for part in title):
        href, place = f"{href}?t={line.at}", f"{place} · said at {length(line.at)}"
    if lock := locked.get((entry.kind, entry.id)):
        href, place = lock.href, f"Locked. {lock.reason}"
    return Result(
        kind=entry.kind,
        id=entry.id,
        href=href,
        title=title,
        place=place,
        context=marked(excerpt(line.text, terms), terms) if line else [],
        duration_seconds=entry.duration,
    )


def marked(text: str, terms: frozenset[str]) -> list[Part]:
    """Returns the text in parts, of which those that are one of the folded terms are marked."""
    parts: list[Part] = []
    end = 0
    for start, stop in spans(text, terms):
        if start > end:
            parts.append(Part(text[end:start], mark=False))
        parts.append(Part(text[start:stop], mark=True))
        end = stop
    if end < len(text):
        parts.append(Part(text[end:], mark=False))
    return parts


def excerpt(text: str, terms: frozenset[str]) -> str:
    """Returns whole words around the first match, with "…" where something was left out; where no
    space is near, as in Chinese, whole characters."""
    if len(text) <= CONTEXT:
        return text
    first = next((start for start, _ in spans(text, terms)), 0)
    start = 0
    if first > BEFORE:
        start = text.find(" ", first - BEFORE, first) + 1 or _at_character(text, first - BEFORE)
    end = len(text)
    if start + CONTEXT < end:
        end = text.rfind(" ", start, start + CONTEXT)
        # not where a space is so early that the match or most of the line would be left out
        end = end if end > max(first, start + BEFORE) else _at_character(text, start + CONTEXT)
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")


def _at_character(text: str, place: int) -> int:
    """Returns the place, or the one before it at which a character begins with its marks."""
    while place and unicodedata.category(text[place])[0] == "M":
        place -= 1
    return place
