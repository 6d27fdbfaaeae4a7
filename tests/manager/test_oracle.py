"""Fifty histories at several moments: a team's figures are what the script says, counted apart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from portal.config.settings import Settings
from portal.manager import queries
from portal.manager.filters import PERIODS, Filters
from tests.clock import Freeze
from tests.manager.histories import COUNT, TEAMS, History, Moment, invent, stays_of, write
from tests.manager.teams import actor
from tests.support import COURSE, Database

MOMENTS = (
    Moment("summer begins in New York", datetime(2026, 3, 8, 8, tzinfo=UTC), "America/New_York"),
    Moment("summer begins in Paris", datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "Europe/Paris"),
    Moment("half past midnight", datetime(2026, 3, 29, 22, 30, tzinfo=UTC), "Europe/Paris"),
    Moment("winter begins", datetime(2026, 11, 1, 6, 30, tzinfo=UTC), "America/New_York"),
    Moment("a Monday after", datetime(2026, 11, 2, 5, 30, tzinfo=UTC), "America/New_York"),
    Moment("the last day", datetime(2026, 12, 31, 22, 59, tzinfo=UTC), "Europe/Paris"),
)
# By local time of the database, where the portal asks the zones of Python.
SIGN_INS = """
    WITH entered AS (
        SELECT u.external_id AS id, (l.created_at AT TIME ZONE z.name)::date AS day,
               ($1 AT TIME ZONE z.name)::date AS today
        FROM app_user u
        CROSS JOIN LATERAL (SELECT coalesce(u.time_zone, $2) AS name) z
        JOIN login_session l ON l.member = u.id
    )
    SELECT id, count(DISTINCT day) AS days FROM entered
    WHERE day > today - 7 AND day <= today GROUP BY id
"""
WORKED = """
    SELECT u.external_id AS id, array_agg(d.day) AS days
    FROM app_user u JOIN activity_day d ON d.learner = u.id GROUP BY 1
"""
# The Mondays of the eleven weeks before, of this one and of the next.
MONDAYS = """
    SELECT monday::date AS day, monday AT TIME ZONE $2 AS begins,
           to_char(monday, 'IYYY-"W"IW') AS name
    FROM (SELECT date_trunc('week', $1::timestamptz AT TIME ZONE $2) + n * interval '7 days'
          FROM generate_series(-11, 1) AS n) AS weeks (monday)
    ORDER BY monday
"""
INSTANT = timedelta(microseconds=1)


def percent(part: int, whole: int) -> int:
    return int(100 * part / whole + 0.5) if whole else 0


def week_of(today: date, team: str | None) -> list[date]:
    """Returns the working days around `today`, team by team."""
    if team == "green":  # Sunday to Thursday
        sunday = today - timedelta(days=today.isoweekday() % 7)
        return [sunday + timedelta(days=n) for n in range(5)]
    if team == "blue":  # Monday, Wednesday and Saturday, from the end of the longest time off
        saturday = today - timedelta(days=(today.isoweekday() + 1) % 7)
        return [saturday + timedelta(days=n) for n in (0, 2, 4)]
    monday = today - timedelta(days=today.weekday())
    return [monday + timedelta(days=n) for n in range(5)]


class Expected:
    """The figures of the members that there are at a moment."""

    def __init__(
        self, histories: Sequence[History], moment: Moment, records: dict[str, Any]
    ) -> None:
        self.moment = moment
        self.histories = histories
        self.sign_ins = {row["id"]: row["days"] for row in records["sign_ins"]}
        self.days = {row["id"]: set(row["days"]) for row in records["worked"]}
        self.mondays = records["mondays"]

    def members(self, team: str | None) -> list[History]:
        return [
            history
            for history in self.histories
            if history.disabled_at is None and (team is None or history.team == team)
        ]

    def rows(self, team: str | None, days: int) -> dict[str, tuple[Any, ...]]:
        now = self.moment.now
        return {
            h.id: (
                h.score_at(now),
                h.score_at(now) - h.score_at(now - timedelta(days=days)),
                self.sign_ins.get(h.id, 0),
                [
                    day in self.days.get(h.id, ())
                    for day in week_of(self.moment.local(h.zone), h.team)
                ],
                h.watched_at(now),
                percent(h.watched_at(now), len(COURSE.ordered)),
            )
            for h in self.members(team)
        }

    def trend(self, team: str | None, others: int) -> list[tuple[Any, ...]]:
        """`others` are members who have done nothing."""
        people = self.members(team)
        videos = (len(people) + others) * len(COURSE.ordered)
        weeks = []
        for week, following in zip(self.mondays[:-1], self.mondays[1:], strict=True):
            begin, end = week["begins"] - INSTANT, following["begins"] - INSTANT
            score = sum(h.score_at(end) for h in people)
            active = [
                h
                for h in people
                if any(week["day"] <= day < following["day"] for day in self.days.get(h.id, ()))
            ]
            weeks.append(
                (
                    week["name"],
                    score,
                    score - sum(h.score_at(begin) for h in people),
                    percent(sum(h.watched_at(end) for h in people), videos),
                    len(active),
                )
            )
        return weeks

    def left(self, team: str | None, days: int) -> list[tuple[str, datetime, str]]:
        since = self.moment.now - timedelta(days=days)
        found = []
        for h in self.histories:
            ends = [end for of, _, end in stays_of(h) if of == team and end and end > since]
            if h.disabled_at and h.disabled_at > since and team in (None, h.team):
                found.append((h.id, h.disabled_at, "disabled"))
            elif ends and team and h.team != team:
                found.append((h.id, max(ends), "moved"))
        return sorted(found)


async def expected_at(database: Database, histories: Sequence[History], moment: Moment) -> Expected:
    sign_ins = await database.fetch(SIGN_INS, moment.now, moment.zone)
    mondays = await database.fetch(MONDAYS, moment.now, moment.zone)
    worked = await database.fetch(WORKED)
    return Expected(histories, moment, {"sign_ins": sign_ins, "worked": worked, "mondays": mondays})


@pytest.mark.empty_database
async def test_fifty_histories(settings: Settings, database: Database, freeze: Freeze) -> None:
    seen: list[tuple[Any, ...]] = []
    left: set[str] = set()
    for turn, moment in enumerate(MOMENTS):
        histories = [invent(number, moment) for number in range(COUNT)]
        await write(database, histories, moment)
        freeze(moment.now)
        expected = await expected_at(database, histories, moment)
        for n, team in enumerate((*TEAMS, None)):
            asker = await actor(f"lead-{team}" if team else "admin")
            days = PERIODS[(turn + n) % 3]
            found = await queries.metrics(asker, COURSE, Filters(team=team, days=days), moment.zone)
            where = f"{moment.name}, {team}, {days} days"
            rows = {
                row.member.id: (
                    row.current_score,
                    row.score_delta,
                    row.logins7d,
                    row.work_week_days,
                    row.videos_completed,
                    row.completion_pct,
                )
                for row in found.rows
                if row.member.id.startswith("person-")
            }
            assert rows == expected.rows(team, days), where
            others = len(found.rows) - len(rows)
            assert [
                (week.week, week.score, week.gained, week.completion_pct, week.active)
                for week in found.trend
            ] == expected.trend(team, others), where
            gone = expected.left(team, days)
            assert sorted((g.member.id, g.left_at, g.how) for g in found.left) == gone, where
            assert [g.left_at for g in found.left] == sorted(
                (at for _, at, _ in gone), reverse=True
            )
            assert found.totals.active_this_week == found.trend[-1].active, where
            seen += rows.values()
            left.update(how for _, _, how in gone)

    # the script is worth something
    assert left == {"moved", "disabled"}
    assert any(0 < delta < score for score, delta, *_ in seen)
    assert {logins for _, _, logins, *_ in seen} >= set(range(6))
    assert any(any(worked) and not all(worked) for _, _, _, worked, *_ in seen)
