"""Teams as their managers see them: who is how far, what changed, who left."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from uuid import UUID

import msgspec

from portal import clock
from portal.db.deadline import request_deadline
from portal.learning.course import Course
from portal.manager import access, members
from portal.manager.access import SeenTeam, teams_of
from portal.manager.filters import EVERYBODY, Filters
from portal.manager.members import Counted, Moment, moment
from portal.manager.rules import STATUSES, LeftRow, MemberRow, Metrics, Totals
from portal.manager.weeks import Change, trend
from portal.scoring.rules import percentage
from portal.web.actor import Actor

__all__ = ["left", "member_chunks", "metrics", "overview", "teams_of"]

COMPANY = "All teams"
_CHUNK = 200  # people read at once, if no team is larger: 500 hold others up for 60 ms


class TeamLine(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A team beside others: `id` and `name` are null for the people on no team."""

    id: str | None
    name: str | None
    deputy: bool
    totals: Totals


async def metrics(actor: Actor, course: Course, filters: Filters, time_zone: str) -> Metrics:
    """Returns the team asked for, or the first of the actor's own; for an admin who names none the
    whole company. `time_zone` is the portal's, in which weeks are counted.

    A team takes three statements, whatever its size up to 500 people; the company is read in
    smaller parts. `team_id` is None, and all is empty, for a manager who leads no team. `NotFound`
    for a team that is not theirs.
    """
    team = await access.team_of(actor, filters.team)
    at = moment(clock.now(), filters.days, time_zone)
    counted: list[Counted] = []
    changes: list[Change] = []
    gone: list[LeftRow] = []
    if team is not None:
        counted = await members.members_of([team.id], course, at, filters.step)
        changes, gone = await members.changes_of(_keys(counted), course, at, team.id)
    elif actor.role == "admin":
        async for part in _company(actor, course, at, filters.step):
            people = [each for team_members in part for each in team_members]
            counted += people
            with request_deadline():
                changes += (await members.changes_of(_keys(people), course, at))[0]
        gone = await members.left_company(at.since)
    totals = _totals(counted, course)
    return Metrics(
        team_id=team.id if team else EVERYBODY if actor.role == "admin" else None,
        team_name=team.name if team else COMPANY if actor.role == "admin" else None,
        rows=filters.apply(each.row for each in counted),
        totals=totals,
        trend=trend(
            at.weeks, changes, score=totals.score, videos=len(counted) * len(course.ordered)
        ),
        left=gone,
    )


async def member_chunks(
    actor: Actor, course: Course, filters: Filters, time_zone: str
) -> AsyncIterator[list[MemberRow]]:
    """Yields the rows that `metrics` returns in parts: team after team by name, each in the order
    asked for, then those of no team. Holds 200 people at most, or the largest team."""
    team = await access.team_of(actor, filters.team)
    at = moment(clock.now(), filters.days, time_zone)
    if team is not None:
        counted = await members.members_of([team.id], course, at, filters.step)
        yield filters.apply(each.row for each in counted)
    elif actor.role == "admin":
        async for part in _company(actor, course, at, filters.step):
            yield [row for rows in part for row in filters.apply(each.row for each in rows)]


async def left(actor: Actor, filters: Filters) -> list[LeftRow]:
    """Returns who left, as `metrics` does: the team in the period, or for an admin the company."""
    team = await access.team_of(actor, filters.team)
    since = clock.now() - timedelta(days=filters.days)
    if team is not None:
        return await members.left_team(team.id, since)
    return await members.left_company(since) if actor.role == "admin" else []


async def overview(actor: Actor, course: Course, time_zone: str) -> list[TeamLine]:
    """Returns the actor's teams side by side, by name, those without members too; for an admin at
    the end the people on no team, if there are any."""
    at = moment(clock.now(), Filters().days, time_zone)
    teams = await teams_of(actor)
    found: dict[str | None, list[Counted]] = {team.id: [] for team in teams}
    async for part in _parts(teams, course, at, None, everybody=actor.role == "admin"):
        for rows in part:
            found[rows[0].row.team_id] = rows
    known = {team.id: team for team in teams}
    return [
        TeamLine(
            id=team_id,
            name=known[team_id].name if team_id else None,
            deputy=bool(team_id and known[team_id].deputy),
            totals=_totals(rows, course),
        )
        for team_id, rows in found.items()
    ]


async def _company(
    actor: Actor, course: Course, at: Moment, step: str | None
) -> AsyncIterator[list[list[Counted]]]:
    async for part in _parts(await teams_of(actor), course, at, step, everybody=True):
        yield part


async def _parts(
    teams: Sequence[SeenTeam], course: Course, at: Moment, step: str | None, *, everybody: bool
) -> AsyncIterator[list[list[Counted]]]:
    """Yields the members of each team that has some, a few hundred at a time, in the order of the
    teams; with `everybody` then those of no team."""
    together: list[str] = []
    people = 0
    for team in teams:
        if together and people + team.members > _CHUNK:
            yield await _read_part(together, course, at, step)
            together, people = [], 0
        together.append(team.id)
        people += team.members
    if together:
        yield await _read_part(together, course, at, step)
    if everybody and (others := await _read_part(None, course, at, step)):
        yield others


async def _read_part(
    teams: Sequence[str] | None, course: Course, at: Moment, step: str | None
) -> list[list[Counted]]:
    """Returns the members of these teams, or with None of no team, team by team. Each part may take
    as long as a request may: the whole company takes longer."""
    of_team: dict[str | None, list[Counted]] = {team: [] for team in teams or (None,)}
    with request_deadline():
        for each in await members.members_of(teams, course, at, step):
            of_team[each.row.team_id].append(each)
    return [found for found in of_team.values() if found]


def _keys(counted: Sequence[Counted]) -> list[UUID]:
    return [each.key for each in counted]


def _totals(counted: Sequence[Counted], course: Course) -> Totals:
    """Returns the sums of all members, whatever is filtered."""
    count = len(counted)
    score = sum(each.row.current_score for each in counted)
    videos = sum(each.videos for each in counted)
    states = Counter(each.row.status for each in counted)
    return Totals(
        members=count,
        active_this_week=sum(each.active for each in counted),
        score=score,
        average_score=(2 * score + count) // (2 * count) if count else 0,
        gained=sum(each.row.score_delta for each in counted),
        completion_pct=percentage(videos, count * len(course.ordered)),
        states={status: states[status] for status in STATUSES},
    )
