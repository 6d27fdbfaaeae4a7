"""The last twelve weeks of a team, Monday to Sunday in the portal's time zone. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Final

import msgspec

from portal.manager.rules import Week12
from portal.scoring.rules import percentage
from portal.web.formats import zone

WEEKS: Final = 12


class Weeks(msgspec.Struct, frozen=True):
    """Twelve weeks, the present one last: their Mondays, and when those begin."""

    mondays: list[date]
    begins: list[datetime]

    @property
    def present(self) -> date:
        """The Monday of the present week."""
        return self.mondays[-1]


class Change(msgspec.Struct, frozen=True):
    """What happened in week `n`, from 1, among some people: points gained, videos of the course
    completed that are so still, people who did something. Week 0 is all the time before."""

    n: int
    gained: int = 0
    completed: int = 0
    active: int = 0


def weeks_until(now: datetime, time_zone: str) -> Weeks:
    """Returns the week of this moment in the time zone, and the eleven before."""
    place = zone(time_zone)
    today = now.astimezone(place).date()
    monday = today - timedelta(days=today.weekday())
    mondays = [monday - timedelta(weeks=ago) for ago in reversed(range(WEEKS))]
    return Weeks(mondays, [datetime.combine(day, time.min, place) for day in mondays])


def week_name(monday: date) -> str:
    """Returns such as "2026-W48"."""
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02}"


def trend(weeks: Weeks, changes: Sequence[Change], *, score: int, videos: int) -> list[Week12]:
    """Returns the weeks of people who have `score` points together now and could complete `videos`
    videos. `changes` may hold several entries for a week."""
    gained, completed, active = ([0] * (WEEKS + 1) for _ in range(3))
    for change in changes:
        gained[change.n] += change.gained
        completed[change.n] += change.completed
        active[change.n] += change.active
    return [
        Week12(
            week=week_name(monday),
            score=score - sum(gained[n + 1 :]),
            gained=gained[n],
            completion_pct=percentage(sum(completed[: n + 1]), videos),
            active=active[n],
        )
        for n, monday in enumerate(weeks.mondays, 1)
    ]
