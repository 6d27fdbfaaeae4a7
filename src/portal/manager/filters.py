"""What is asked for in a team's list: team, states, period, step, name, order. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Iterable
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import urlencode

import msgspec

from portal.accounts.rules import ALL_TEAMS
from portal.errors import Invalid
from portal.manager.rules import STATUSES, MemberRow, Status, need, slug_of, status_named

Days: TypeAlias = Literal[7, 28, 84]

PERIODS: Final[tuple[Days, ...]] = (7, 28, 84)
EVERYBODY: Final = ALL_TEAMS  # instead of a team: the whole company
BY_NEED: Final = "need"
MAX_NAME: Final = 120
_REFUSED: Final = {
    "status": f"A status is one of {', '.join(map(slug_of, STATUSES))}.",
    "days": "The period is 7, 28 or 84 days.",
    "step": "There is no such step.",
    "q": f"Search for at most {MAX_NAME} characters.",
}
# Letters that Unicode does not take apart.
_PLAIN: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe"}
)


def folded(text: str) -> str:
    """Returns a text without case and accents, as names are compared: "Łukasz" is "lukasz"."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in apart if not unicodedata.combining(c)).translate(_PLAIN)


_KEYS: Final[dict[str, Callable[[MemberRow], Any]]] = {
    BY_NEED: need,
    "name": lambda row: folded(row.member.name),
    "score": lambda row: row.current_score,
    "delta": lambda row: row.score_delta,
    "logins": lambda row: row.logins7d,
    "quizzes": lambda row: row.quizzes_completed,
    "accuracy": lambda row: row.accuracy,
    "first": lambda row: row.first_try_accuracy,
    "completion": lambda row: (row.completion_pct, row.videos_completed),
    "active": lambda row: row.last_active_at.timestamp() if row.last_active_at else 0.0,
}
SORTS: Final = tuple(_KEYS)
"""What a list can be sorted by; with "-" in front from the greatest down."""


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for. `team` is an id, "all" for the whole company, or None for the asker's own.
    No `status` means all of them; `days` is the period of gains and of who left. With a `step`, the
    completion of the rows is that of the step alone. `q` is a part of a name."""

    team: str | None = None
    status: tuple[Status, ...] = ()
    days: Days = 7
    step: str | None = None
    q: str = ""
    sort: str = BY_NEED

    @property
    def active(self) -> int:
        """How many filters are set, besides team and order."""
        return sum(map(bool, (self.status, self.days != PERIODS[0], self.step, self.q)))

    def matches(self, row: MemberRow) -> bool:
        """Returns whether the row has one of the states, and every word of `q` in its name."""
        if self.status and row.status not in self.status:
            return False
        return self.matches_name(row.member.name)

    def matches_name(self, name: str) -> bool:
        """Returns whether every word of `q` is in the name."""
        if not self.q:
            return True
        name = folded(name)
        return all(word in name for word in folded(self.q).split())

    def apply(self, rows: Iterable[MemberRow]) -> list[MemberRow]:
        """Returns the rows that match, in order; equals by need, then by name."""
        kept = sorted(filter(self.matches, rows), key=need)
        if self.sort != BY_NEED:
            kept.sort(key=_KEYS[self.sort.removeprefix("-")], reverse=self.sort.startswith("-"))
        return kept

    def query(self, **changes: Any) -> str:
        """Returns such as "?team=alpha&status=at-risk", with these filters changed; nothing of
        those that are not set."""
        made = msgspec.structs.replace(self, **changes)
        pairs = [
            ("team", made.team),
            *(("status", slug_of(status)) for status in made.status),
            ("days", None if made.days == PERIODS[0] else str(made.days)),
            ("step", made.step),
            ("q", made.q),
            ("sort", None if made.sort == BY_NEED else made.sort),
        ]
        text = urlencode([pair for pair in pairs if pair[1]])
        return f"?{text}" if text else ""


def parse(
    asked: Iterable[tuple[str, str]], steps: Collection[str], *, strict: bool = True
) -> Filters:
    """Returns the filters that the parameters of an address mean. Empty ones mean nothing, others
    are left alone; several states stand apart, or with commas between them.

    A bad value raises `Invalid` with a sentence for each, or is passed over if not `strict`.
    """
    found: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name, text in asked:
        value = text.strip()
        if not value:
            continue
        read = _READ.get(name)
        if read is None:
            continue
        known = read(value, steps)
        if known is None:
            problems[name] = _REFUSED.get(name, f"The order is one of {', '.join(SORTS)}.")
        elif name == "status":
            found[name] = tuple(dict.fromkeys((*found.get(name, ()), *known)))
        else:
            found[name] = known
    if strict and problems:
        raise Invalid(details=problems)
    return Filters(**found)


def _states(value: str, _: Collection[str]) -> tuple[Status, ...] | None:
    states = [status_named(part) for part in value.split(",") if part.strip()]
    known = tuple(status for status in states if status)
    return known if len(known) == len(states) else None


def _days(value: str, _: Collection[str]) -> Days | None:
    return next((days for days in PERIODS if str(days) == value), None)


def _step(value: str, steps: Collection[str]) -> str | None:
    return value if value in steps else None


def _name(value: str, _: Collection[str]) -> str | None:
    return value if len(value) <= MAX_NAME else None


def _order(value: str, _: Collection[str]) -> str | None:
    return value if value.removeprefix("-") in _KEYS else None


_READ: Final[dict[str, Callable[[str, Collection[str]], Any]]] = {
    "team": lambda value, _: value,
    "status": _states,
    "days": _days,
    "step": _step,
    "q": _name,
    "sort": _order,
}
