"""What the plots of a team are drawn from: lines, bars and the grid of the week. Pure.

Bars and lines begin at zero. A line is drawn into 100 units across and 100 down, and stretches to
its place; its text stands beside it, so that it never shrinks along.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import msgspec

from portal.manager.rules import MemberRow, Metrics, Week12
from portal.scoring.rules import DAYS, percentage
from portal.web.formats import number, percent, plural
from portal.web.languages import isolated

SIZE = 100
MOST_BARS = 50  # people of one page


class Line(msgspec.Struct, frozen=True):
    """`path` and `end` are drawing commands of SVG; `label` says in words what is seen."""

    path: str
    end: str
    label: str


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """`width` in percent of the place, `value` as it is read."""

    label: str
    href: str | None = None
    me: bool = False
    width: int
    value: str


class Bars(msgspec.Struct, frozen=True, kw_only=True):
    """Bars under their finding. `average` in percent of the place, with its words; None where there
    is none to compare with."""

    heading: str
    head: str
    value_head: str
    rows: list[Bar]
    average: int | None = None
    average_text: str = ""


class GridRow(msgspec.Struct, frozen=True):
    """A person's week: by working day whether there was activity, None for days to come."""

    name: str
    href: str
    me: bool
    days: list[bool | None]
    text: str


class WeekGrid(msgspec.Struct, frozen=True):
    heading: str
    columns: list[str]
    rows: list[GridRow]


class Trend(msgspec.Struct, frozen=True):
    """One figure over twelve weeks; `top` is the value at the upper edge."""

    label: str
    value: str
    change: str
    line: Line
    top: str


class TrendRow(msgspec.Struct, frozen=True):
    week: str
    values: list[str]


class TrendCard(msgspec.Struct, frozen=True):
    """`first` and `last` are the Mondays at both ends of each line, `rows` are its values."""

    heading: str
    trends: list[Trend]
    first: str
    last: str
    heads: list[str]
    rows: list[TrendRow]


def monday_of(week: str) -> date:
    """Returns the first day of such as "2026-W48"."""
    year, _, number_of_week = week.partition("-W")
    return date.fromisocalendar(int(year), int(number_of_week), 1)


def week_text(week: str) -> str:
    """Returns the Monday of a week: "23 Nov"."""
    monday = monday_of(week)
    return f"{monday.day} {monday:%b}"


def signed(value: int) -> str:
    """+90, −5, 0."""
    return f"+{number(value)}" if value > 0 else number(value)


def change_in(change: int, weeks: int) -> str:
    return f"{signed(change) if change else 'no change'} in {weeks} weeks"


def line(values: Sequence[int], top: int, label: str) -> Line:
    """Returns the line through the values, from the left to the right edge; `top` is at the upper
    one."""
    height = max(top, 1)
    points = [
        (round(at * SIZE / max(1, len(values) - 1), 1), round(SIZE - value * SIZE / height, 1))
        for at, value in enumerate(values)
    ]
    path = "".join(f"{'L' if at else 'M'}{x:g} {y:g}" for at, (x, y) in enumerate(points))
    # A line without length has round ends: a dot that keeps its shape in a stretched drawing.
    end = f"M{points[-1][0]:g} {points[-1][1]:g}h0" if points else ""
    return Line(path, end, label)


_SERIES: tuple[tuple[str, Callable[[Week12], int], Callable[[int], str]], ...] = (
    ("Score", lambda week: week.score, number),
    ("Path complete", lambda week: week.completion_pct, percent),
    ("People active", lambda week: week.active, number),
)


def trend_card(metrics: Metrics) -> TrendCard | None:
    """Returns the twelve weeks of a team; None when nothing is known of them."""
    weeks = metrics.trend
    if not weeks:
        return None
    first, last = weeks[0], weeks[-1]
    return TrendCard(
        heading=_trend_heading(first.completion_pct, last.completion_pct, len(weeks)),
        trends=[
            _trend(weeks, label, of, written, metrics.totals.members)
            for label, of, written in _SERIES
        ],
        first=week_text(first.week),
        last=week_text(last.week),
        heads=["Score", "Points gained", "Complete", "Active"],
        rows=[
            TrendRow(
                week_text(week.week),
                [
                    number(week.score),
                    signed(week.gained),
                    percent(week.completion_pct),
                    number(week.active),
                ],
            )
            for week in weeks
        ],
    )


def _trend_heading(before: int, now: int, weeks: int) -> str:
    if now == before:
        return f"{now}% complete, as {weeks} weeks ago"
    return f"From {before}% to {now}% complete in {weeks} weeks"


def _trend(
    weeks: Sequence[Week12],
    label: str,
    of: Callable[[Week12], int],
    written: Callable[[int], str],
    members: int,
) -> Trend:
    values = [of(week) for week in weeks]
    top = {"Path complete": SIZE, "People active": max(members, *values)}.get(label, max(values))
    begin, end = written(values[0]), written(values[-1])
    words = f"{label} by week, from {begin} to {end}; highest {written(max(values))}"
    return Trend(
        label=label,
        value=end,
        change=change_in(values[-1] - values[0], len(weeks)),
        line=line(values, top, words),
        top=written(max(top, 1)),
    )


def spark(values: Sequence[int], label: str) -> Line:
    """Returns the small line of a figure, as high as its greatest value."""
    return line(values, max(values, default=0), label)


def person_href(row: MemberRow) -> str:
    return f"/manager/member/{row.member.id}"


def completion_bars(rows: Sequence[MemberRow], average: int, me: str) -> Bars:
    """Returns who is how far on the path, the furthest first, against the team's average."""
    ahead = sum(row.completion_pct >= average for row in rows)
    return Bars(
        heading=f"{ahead} of {plural(len(rows), 'person', 'people')} at the average or above",
        head="Person",
        value_head="Complete",
        rows=[
            Bar(
                label=row.member.name,
                href=person_href(row),
                me=row.member.id == me,
                width=row.completion_pct,
                value=f"{row.completion_pct}%",
            )
            for row in sorted(rows, key=lambda row: -row.completion_pct)[:MOST_BARS]
        ],
        average=average,
        average_text=f"average {average}%",
    )


def step_bars(rows: Sequence[MemberRow], steps: Sequence[tuple[str, str]]) -> Bars:
    """Returns how much of each step the people listed have watched, on average; `steps` are ids and
    titles in the order of the path."""
    shares = {
        step: percentage(sum(row.steps_pct.get(step, 0) for row in rows), SIZE * len(rows))
        for step, _ in steps
    }
    through = sum(share >= SIZE // 2 for share in shares.values())
    return Bars(
        heading=f"{through} of {plural(len(steps), 'step')} at least half watched",
        head="Step",
        value_head="Watched",
        rows=[
            Bar(label=f"{step}. {title}", width=shares[step], value=f"{shares[step]}%")
            for step, title in steps
        ],
    )


def ranking_bars(rows: Sequence[MemberRow], me: str) -> Bars:
    """Returns the people by score, the highest first."""
    best = max((row.current_score for row in rows), default=0)
    ranked = sorted(rows, key=lambda row: -row.current_score)[:MOST_BARS]
    leads = f"{isolated(ranked[0].member.name)} leads with {plural(best, 'point')}"
    return Bars(
        heading=leads if best else "Nobody has points yet",
        head="Person",
        value_head="Score",
        rows=[
            Bar(
                label=row.member.name,
                href=person_href(row),
                me=row.member.id == me,
                width=percentage(row.current_score, best),
                value=number(row.current_score),
            )
            for row in ranked
        ],
    )


def week_grid(
    rows: Sequence[MemberRow], days: Sequence[int], today: int, me: str
) -> WeekGrid | None:
    """Returns the present week of the people listed. `days` are the working days from 1, Monday, in
    their order, `today` is one of seven; None where the people do not share their working days."""
    if not days or any(len(row.work_week_days) != len(days) for row in rows):
        return None
    place = {day: at for at, day in enumerate(days)}
    reached = place.get(today, len(days) - 1)
    active = sum(sum(row.work_week_days) for row in rows)
    return WeekGrid(
        heading=f"{plural(active, 'active day')} this week",
        columns=[DAYS[day - 1] for day in days],
        rows=[
            GridRow(
                name=row.member.name,
                href=person_href(row),
                me=row.member.id == me,
                days=[
                    done if done or at <= reached else None
                    for at, done in enumerate(row.work_week_days)
                ],
                text=f"{sum(row.work_week_days)} of {len(days)}",
            )
            for row in rows
        ],
    )
