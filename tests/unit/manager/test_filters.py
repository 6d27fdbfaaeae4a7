"""What an address asks for, and which rows it keeps in which order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import msgspec
import pytest

from portal.errors import Invalid
from portal.manager.filters import SORTS, Filters, folded, parse
from portal.manager.rules import Member, MemberRow, Status

STEPS = ("1", "2")
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def row(name: str, status: Status = "on track", size: int = 0) -> MemberRow:
    """A row of which every figure is `size`."""
    return MemberRow(
        member=Member(name.lower(), name, "learner"),
        current_score=size,
        score_delta=size,
        logins7d=size,
        work_week_days=[],
        quizzes_completed=size,
        accuracy=size,
        first_try_accuracy=size,
        videos_completed=size,
        completion_pct=size,
        last_active_at=NOW + timedelta(days=size) if size else None,
        status=status,
        status_reason="",
        team_id="alpha",
        team_name="Alpha",
        steps_pct={},
    )


ROWS = [
    row("Zoë", "doing well", 3),
    row("Łukasz Ångström", "needs attention", 1),
    row("amara", "at risk", 2),
    row("Bea", "at risk"),
]


def asked(query: str) -> Filters:
    return parse(parse_qsl(query, keep_blank_values=True), STEPS)


def names(query: str) -> list[str]:
    return [each.member.name for each in asked(query).apply(ROWS)]


@pytest.mark.parametrize(
    ("query", "filters"),
    [
        ("", Filters()),
        ("team=&status=&days=&step=&q=&sort=", Filters()),
        ("other=1", Filters()),
        ("team=alpha&days=28", Filters(team="alpha", days=28)),
        ("status=at-risk", Filters(status=("at risk",))),
        ("status=At+Risk&status=doing-well", Filters(status=("at risk", "doing well"))),
        ("status=at-risk,doing-well,at-risk", Filters(status=("at risk", "doing well"))),
        ("step=2&q=+le+&sort=-score", Filters(step="2", q="le", sort="-score")),
    ],
)
def test_an_address(query: str, filters: Filters) -> None:
    assert asked(query) == filters


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("status=risky", ["status"]),
        ("status=at-risk,risky", ["status"]),
        ("days=12", ["days"]),
        ("days=07", ["days"]),
        ("step=3", ["step"]),
        ("sort=--score", ["sort"]),
        ("sort=height&days=x", ["days", "sort"]),
        (f"q={'x' * 121}", ["q"]),
    ],
)
def test_an_address_that_cannot_be_meant(query: str, fields: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        asked(query)
    assert sorted(refused.value.details or {}) == fields
    assert parse(parse_qsl(query), STEPS, strict=False) == Filters()


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("", ["Łukasz Ångström", "amara", "Bea", "Zoë"]),
        ("status=at-risk", ["amara", "Bea"]),
        ("status=at-risk,doing-well", ["amara", "Bea", "Zoë"]),
        ("q=LUKASZ", ["Łukasz Ångström"]),
        ("q=ang+luk", ["Łukasz Ångström"]),
        ("q=zoe", ["Zoë"]),
        ("q=nobody", []),
        ("sort=name", ["amara", "Bea", "Łukasz Ångström", "Zoë"]),
        ("sort=-name", ["Zoë", "Łukasz Ångström", "Bea", "amara"]),
    ],
)
def test_which_rows_and_in_which_order(query: str, kept: list[str]) -> None:
    assert names(query) == kept


@pytest.mark.parametrize("key", [key for key in SORTS if key not in ("need", "name")])
def test_every_figure_can_order_the_list(key: str) -> None:
    rising = ["Bea", "Łukasz Ångström", "amara", "Zoë"]
    assert names(f"sort={key}") == rising
    assert names(f"sort=-{key}") == rising[::-1]


def test_equals_come_by_need() -> None:
    alike = [msgspec.structs.replace(each, current_score=7) for each in ROWS]
    for sort in ("score", "-score"):
        ordered = Filters(sort=sort).apply(alike)
        assert [each.status for each in ordered] == [
            "needs attention",
            "at risk",
            "at risk",
            "doing well",
        ]


def test_the_address_of_filters_is_read_back() -> None:
    filters = Filters(
        team="a&b", status=("at risk", "on track"), days=84, step="1", q="ü =", sort="-active"
    )
    assert asked(filters.query().removeprefix("?")) == filters
    assert Filters().query() == ""
    assert filters.query(status=(), team=None, days=7, step=None, q="", sort="need") == ""
    assert (filters.active, Filters(team="alpha", sort="name").active) == (4, 0)


@pytest.mark.parametrize(
    ("text", "plain"), [("Łukasz", "lukasz"), ("ZOË", "zoe"), ("Straße", "strasse"), ("שרה", "שרה")]
)
def test_names_are_compared_without_accents(text: str, plain: str) -> None:
    assert folded(text) == plain
