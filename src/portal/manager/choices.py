"""The form of the filters: what can be chosen, what is set, and the address without it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from portal.manager.filters import BY_NEED, PERIODS, Filters
from portal.manager.rules import STATUSES, Status, slug_of
from portal.web.languages import isolated
from portal.web.pages import Link

# States that ask for the manager.
NEEDING: Final[tuple[Status, ...]] = ("needs attention", "at risk")


class Choice(msgspec.Struct, frozen=True):
    """An option of a field of the filters."""

    value: str
    label: str
    chosen: bool


class FilterForm(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of the filters with what is chosen, and the filters that are set, each with the
    address without it. `teams` is empty for whoever has no choice."""

    teams: list[Choice]
    states: list[Choice]
    periods: list[Choice]
    steps: list[Choice]
    orders: list[Choice]
    q: str
    active: list[Link]
    clear: str


_ORDERS: Final = (
    (BY_NEED, "Who needs you first"),
    ("name", "Name"),
    ("-score", "Score, highest first"),
    ("score", "Score, lowest first"),
    ("-delta", "Points gained, most first"),
    ("-completion", "Complete, most first"),
    ("completion", "Complete, least first"),
    ("-accuracy", "Accuracy, highest first"),
    ("active", "Last active, longest ago first"),
)


def address(filters: Filters, page: int = 1) -> str:
    """Returns the address of the page with these filters."""
    query = filters.query()
    if page > 1:
        query += f"{'&' if query else '?'}page={page}"
    return f"/manager{query}"


def filter_form(
    filters: Filters,
    team: str | None,
    steps: Sequence[tuple[str, str]],
    teams: Sequence[tuple[str, str]],
) -> FilterForm:
    """Returns the form for a team's list. `steps` and `teams` are ids with names."""
    return FilterForm(
        teams=[Choice(key, name, key == team) for key, name in teams],
        states=_states(filters.status),
        periods=[Choice(str(days), _period(days), days == filters.days) for days in PERIODS],
        steps=[
            Choice("", "Whole path", filters.step is None),
            *(Choice(key, f"{key}. {title}", key == filters.step) for key, title in steps),
        ],
        orders=_orders(filters.sort),
        q=filters.q,
        active=list(_active(filters, dict(steps))),
        clear=address(Filters(team=filters.team)),
    )


def _period(days: int) -> str:
    return f"{days} days"


def _states(chosen: Sequence[Status]) -> list[Choice]:
    """Returns the states one by one, and together those that need somebody."""
    return [
        Choice("", "All", not chosen),
        Choice(
            ",".join(map(slug_of, NEEDING)), "Needs you, either way", set(chosen) == set(NEEDING)
        ),
        *(Choice(slug_of(each), each.capitalize(), (each,) == tuple(chosen)) for each in STATUSES),
    ]


def _orders(chosen: str) -> list[Choice]:
    orders = dict(_ORDERS)
    if chosen not in orders:  # by the head of a column
        orders[chosen] = "As in the table"
    return [Choice(key, label, key == chosen) for key, label in orders.items()]


def _active(filters: Filters, titles: dict[str, str]) -> Iterator[Link]:
    for each in filters.status:
        rest = tuple(status for status in filters.status if status != each)
        yield Link(f"/manager{filters.query(status=rest)}", each.capitalize())
    if filters.days != PERIODS[0]:
        yield Link(f"/manager{filters.query(days=PERIODS[0])}", _period(filters.days))
    if filters.step:
        title = isolated(titles.get(filters.step, ""))
        yield Link(f"/manager{filters.query(step=None)}", f"Step {filters.step}: {title}")
    if filters.q:
        yield Link(f"/manager{filters.query(q='')}", f"Name “{isolated(filters.q)}”")
