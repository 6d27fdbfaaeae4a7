"""What a team's page says: who needs its manager, and why, in words and rows. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, TypeAlias

import msgspec

from portal.manager import plots
from portal.manager.choices import NEEDING, FilterForm, address, filter_form
from portal.manager.filters import BY_NEED, EVERYBODY, Filters
from portal.manager.rules import (
    FEW_RIGHT,
    LAST_QUIZZES,
    MANY_RIGHT,
    QUIET_DAYS,
    SILENT_DAYS,
    LeftRow,
    MemberRow,
    Metrics,
    Status,
)
from portal.scoring.rules import percentage
from portal.web.formats import number, percent, plural
from portal.web.languages import isolated
from portal.web.pages import Banner
from portal.web.paging import PER_PAGE, Pages, lines_of, page_count, pages_of

PILLS: Final[Mapping[Status, str]] = {
    "needs attention": "alarm",
    "at risk": "warn",
    "on track": "plain",
    "doing well": "good",
}
STATE_RULES: Final[tuple[tuple[Status, str], ...]] = (
    ("doing well", "The path is complete: every video watched, every quiz finished."),
    (
        "needs attention",
        f"No activity for {SILENT_DAYS} or more working days, or none ever on an account that old.",
    ),
    (
        "at risk",
        f"No activity for {QUIET_DAYS} to {SILENT_DAYS - 1} working days, or fewer than"
        f" {FEW_RIGHT}% of the first answers right in the last {LAST_QUIZZES} quizzes.",
    ),
    (
        "doing well",
        f"Active in the last {QUIET_DAYS} working days, at the team’s median of the path or beyond,"
        f" and at least {MANY_RIGHT}% of those first answers right.",
    ),
    ("on track", "Everything else."),
)

ADDING: Final = "An admin can add people to it."

Direction: TypeAlias = Literal["ascending", "descending"]


class Column(msgspec.Struct, frozen=True):
    """A head of the list; `href` sorts by it, or the other way round if `sorted` says so."""

    label: str
    href: str | None
    number: bool
    sorted: Direction | None = None


class Figure(msgspec.Struct, frozen=True):
    """A number of the lead with its line of twelve weeks."""

    label: str
    value: str
    unit: str
    note: str
    spark: plots.Line | None


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the list, as it is written."""

    name: str
    href: str
    me: bool
    role: str | None
    team: str | None
    status: str
    pill: str
    reason: str
    score: str
    gained: str
    logins: str
    quizzes: str
    accuracy: str
    first_try: str
    days: str
    complete: str
    last_active_at: datetime | None


class Left(msgspec.Struct, frozen=True):
    name: str
    how: str
    left_at: datetime


class TeamPage(msgspec.Struct, frozen=True, kw_only=True):
    """`warnings` stand above everything. `empty` says why nobody is listed, None when somebody is.
    `query` is that of the exports."""

    warnings: list[Banner]
    kicker: str | None
    heading: str
    lead: str | None
    figures: list[Figure]
    filters: FilterForm
    count: str
    columns: list[Column]
    people: list[Person]
    with_team: bool
    gained_head: str
    empty: str | None
    pages: Pages | None
    left: list[Left]
    left_period: str
    query: str
    bars: list[plots.Bars]
    grid: plots.WeekGrid | None
    trend: plots.TrendCard | None
    rules: tuple[tuple[str, str, str], ...]


# Label, what it sorts by, whether it begins with the greatest.
_COLUMNS: Final = (
    ("Person", "name", False),
    ("State and reason", BY_NEED, False),
    ("Score", "score", True),
    ("Points", "delta", True),
    ("Sign-ins, 7 d", "logins", True),
    ("Quizzes", "quizzes", True),
    ("Accuracy", "accuracy", True),
    ("First try", "first", True),
    ("Days", None, False),
    ("Complete", "completion", True),
    ("Last active", "active", True),
)


def team_page(  # everything that the page says, each from what it knows
    metrics: Metrics,
    filters: Filters,
    page: int,
    *,
    me: str,
    week: Sequence[int] | None,
    today: int,
    steps: Sequence[tuple[str, str]],
    teams: Sequence[tuple[str, str]] = (),
    warnings: Sequence[Banner] = (),
) -> TeamPage:
    """Returns the page of a team, or of the whole company.

    `metrics` has all members, whatever the filters. `week` are the working days of the team from 1,
    Monday, None where they differ; `today` is one of seven. `steps` and `teams` are ids with names;
    `teams` those between which the reader can choose.
    """
    rows = filters.apply(metrics.rows)
    first, last = lines_of(page)
    shown = rows[first - 1 : last]
    everybody = metrics.team_id == EVERYBODY
    others = [row for row in metrics.rows if row.member.id != me]
    needing = sum(row.status in NEEDING for row in others)
    name = "Everyone" if everybody else isolated(metrics.team_name or "")
    return TeamPage(
        warnings=list(warnings),
        kicker=None if needing or not others else name,
        heading=team_heading(name, needing, len(others), alone=bool(metrics.rows)),
        lead=None if others else ADDING,
        figures=_figures(metrics, filters) if metrics.rows else [],
        filters=filter_form(filters, metrics.team_id, steps, teams),
        count=_count(len(rows), len(metrics.rows)),
        columns=_columns(filters),
        people=[_person(row, me, everybody=everybody) for row in shown],
        with_team=everybody,
        gained_head=f"Points, {filters.days} d",
        empty=None if shown else _empty(metrics),
        pages=pages_of(len(rows), page, lambda each: address(filters, each))
        if len(rows) > PER_PAGE
        else None,
        left=[_left(row) for row in metrics.left],
        left_period=f"Left in the last {filters.days} days",
        query=filters.query(),
        bars=_bars(metrics, filters, rows, shown, me, steps) if shown else [],
        grid=plots.week_grid(shown, week or (), today, me),
        trend=plots.trend_card(metrics) if metrics.rows else None,
        rules=tuple((status, PILLS[status], text) for status, text in STATE_RULES),
    )


def last_page(metrics: Metrics, filters: Filters) -> int:
    """Returns the number of the last page of the list."""
    return max(1, page_count(sum(map(filters.matches, metrics.rows))))


def team_heading(name: str, needing: int, others: int, *, alone: bool) -> str:
    """Returns how many people other than the reader need them: "Alpha: 2 of 5 people need you"."""
    if not others:
        return f"{name}: nobody is on this team but you" if alone else f"{name}: nobody yet"
    if not needing:
        return "Nobody needs you this week"
    of = plural(others, "person", "people")
    return f"{name}: {number(needing)} of {of} {'needs' if needing == 1 else 'need'} you"


def _figures(metrics: Metrics, filters: Filters) -> list[Figure]:
    """Returns what the team did. The present week is not over, so weeks are compared up to the one
    before it."""
    totals, weeks = metrics.totals, metrics.trend
    score = [week.score for week in weeks]
    active = [week.active for week in weeks]
    gained = [week.gained for week in weeks]
    complete = [week.completion_pct for week in weeks]
    return [
        Figure(
            "Active this week",
            number(totals.active_this_week),
            f"of {number(totals.members)}",
            _since(active[:-1], number),
            _spark(active, "People active by week", number),
        ),
        Figure(
            f"Points in {filters.days} days",
            plots.signed(totals.gained),
            "",
            _since(gained[:-1], number),
            _spark(gained, "Points gained by week", number),
        ),
        Figure(
            "Path complete",
            percent(totals.completion_pct),
            "",
            _change(complete),
            _spark(complete, "Path complete by week", percent),
        ),
        Figure(
            "Score",
            number(totals.score),
            "",
            f"average {number(totals.average_score)}, {_change(score)}",
            _spark(score, "Score of all by week", number),
        ),
    ]


def _spark(values: Sequence[int], label: str, written: Callable[[int], str]) -> plots.Line | None:
    if not values:
        return None
    words = f"{label}: {written(values[0])} at first, {written(values[-1])} now"
    return plots.line(values, max(values), words)


def _since(full: Sequence[int], written: Callable[[int], str]) -> str:
    """Returns the last full week, and how it differs from the first."""
    if len(full) < 2:
        return ""
    return f"last full week {written(full[-1])}, {_change(full, len(full) + 1)}"


def _change(values: Sequence[int], weeks: int | None = None) -> str:
    if not values:
        return ""
    return plots.change_in(values[-1] - values[0], weeks or len(values))


def _count(matching: int, members: int) -> str:
    """Returns how many people the filters leave: "2 of 5 people"."""
    people = plural(members, "person", "people")
    return people if matching == members else f"{number(matching)} of {people}"


def _columns(filters: Filters) -> list[Column]:
    key, down = filters.sort.removeprefix("-"), filters.sort.startswith("-")
    columns = []
    for label, by, greatest_first in _COLUMNS:
        label_now = f"Points, {filters.days} d" if by == "delta" else label
        if by is None:
            columns.append(Column(label_now, None, number=True))
            continue
        here = key == by
        # A second press turns the order round; by need there is but one.
        turned = not down if here and by != BY_NEED else greatest_first
        columns.append(
            Column(
                label_now,
                f"/manager{filters.query(sort=f'-{by}' if turned else by)}#people",
                number=by not in ("name", BY_NEED),
                sorted=("descending" if down else "ascending") if here else None,
            )
        )
    return columns


def _person(row: MemberRow, me: str, *, everybody: bool) -> Person:
    taken = row.quizzes_completed > 0
    return Person(
        name=row.member.name,
        href=plots.person_href(row),
        me=row.member.id == me,
        role=None if row.member.role == "learner" else row.member.role,
        team=(row.team_name or "no team") if everybody else None,
        status=row.status.capitalize(),
        pill=PILLS[row.status],
        reason=row.status_reason,
        score=number(row.current_score),
        gained=plots.signed(row.score_delta),
        logins=number(row.logins7d),
        quizzes=number(row.quizzes_completed),
        accuracy=percent(row.accuracy if taken else None),
        first_try=percent(row.first_try_accuracy if taken else None),
        days=f"{sum(row.work_week_days)} of {len(row.work_week_days)}",
        complete=percent(row.completion_pct),
        last_active_at=row.last_active_at,
    )


def _left(row: LeftRow) -> Left:
    how = "moved to another team" if row.how == "moved" else "account disabled"
    return Left(row.member.name, how, row.left_at)


def _empty(metrics: Metrics) -> str:
    if metrics.rows:
        return "Nobody matches these filters."
    return "Nobody is listed before somebody is on this team."


def _bars(
    metrics: Metrics,
    filters: Filters,
    rows: Sequence[MemberRow],
    shown: Sequence[MemberRow],
    me: str,
    steps: Sequence[tuple[str, str]],
) -> list[plots.Bars]:
    """Returns the bars of the people listed. Those of people hold who is on this page of the list,
    those of steps everybody who matches."""
    average = metrics.totals.completion_pct
    if filters.step:
        average = percentage(sum(row.completion_pct for row in rows), 100 * len(rows))
    return [
        plots.completion_bars(shown, average, me),
        plots.step_bars(rows, steps),
        plots.ranking_bars(shown, me),
    ]
