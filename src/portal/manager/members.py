"""What the members of teams did, and the rows made from it: one statement for up to 500 people."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from portal.db import sql
from portal.learning.course import Course
from portal.manager.access import IS_MEMBER
from portal.manager.rules import (
    Facts,
    LeftRow,
    Member,
    MemberRow,
    active_weekdays,
    median,
    state_of,
)
from portal.manager.weeks import Change, Weeks, weeks_until
from portal.scoring.queries import GAINED
from portal.scoring.rules import MONDAY_TO_FRIDAY, percentage, week_dates
from portal.web.formats import zone

PAGE = 500  # people read by one statement
_SLICE = 50  # people whose rows are made before others get their turn

# Everything is looked up person by person, along indexes: it takes as long as the team is large,
# however many people there are beside it. Sign-ins come as quarters of an hour, in which all local
# days begin; the day itself is found here, because a system's zones may lack a person's. Answers
# are looked at in open attempts only: of others, the completion is later. Members are found first,
# or a plan that does not know the team walks through everybody in the order of their keys.
# The interpolated parts are constants.
_FACTS = """
    WITH found AS MATERIALIZED (
        SELECT * FROM app_user u WHERE {members} AND {scope} AND ($8::uuid IS NULL OR u.id > $8)
    ), who AS MATERIALIZED (
        SELECT * FROM found ORDER BY id LIMIT $9
    )
    SELECT u.id AS key, u.external_id AS id, u.name, u.role, u.team AS team_id, t.name AS team_name,
           t.working_days, coalesce(u.time_zone, $1) AS time_zone, u.created_at,
           coalesce(s.score, 0) AS score, coalesce(s.quizzes_completed, 0) AS quizzes_completed,
           coalesce(s.answered, 0) AS answered, coalesce(s.correct, 0) AS correct,
           coalesce(s.first_answered, 0) AS first_answered,
           coalesce(s.first_correct, 0) AS first_correct,
           tried.gained, tried.quizzes, recent.quizzes AS recent_quizzes,
           recent.answered AS recent_answered, recent.correct AS recent_correct, seen.steps,
           (SELECT max(d.day) FROM activity_day d WHERE d.learner = u.id) AS last_day,
           ARRAY(SELECT d.day FROM activity_day d
                 WHERE d.learner = u.id AND d.day > $2::timestamptz::date - 16) AS days,
           coalesce(entered.quarters, '{{}}') AS sign_ins,
           greatest(tried.at, seen.at, entered.at,
               (SELECT max(p.ticked_at) FROM practice_tick p WHERE p.learner = u.id),
               (SELECT max(w.answered_at) FROM quiz_answer w
                WHERE w.attempt = ANY (tried.open))) AS last_active_at
    FROM who u
    LEFT JOIN team t ON t.id = u.team
    LEFT JOIN user_score s ON s.learner = u.id
    CROSS JOIN LATERAL (
        SELECT greatest(max(a.started_at), max(a.completed_at)) AS at,
               coalesce(sum({gained}) FILTER (WHERE a.completed_at > $3), 0) AS gained,
               array_agg(a.id) FILTER (WHERE a.completed_at IS NULL) AS open,
               count(DISTINCT a.quiz_id) FILTER (
                   WHERE a.completed_at IS NOT NULL AND a.quiz_id = ANY ($6::text[])) AS quizzes
        FROM quiz_attempt a WHERE a.learner = u.id
    ) tried
    CROSS JOIN LATERAL (
        SELECT count(*) AS quizzes, coalesce(sum(total_questions), 0) AS answered,
               coalesce(sum(correct_answers), 0) AS correct
        FROM (SELECT a.total_questions, a.correct_answers FROM quiz_attempt a
              WHERE a.learner = u.id AND a.attempt_number = 1 AND a.completed_at IS NOT NULL
              ORDER BY a.completed_at DESC LIMIT 5) AS latest
    ) recent
    CROSS JOIN LATERAL (
        SELECT max(p.updated_at) AS at,
               array_agg(c.step) FILTER (WHERE p.done AND c.step IS NOT NULL) AS steps
        FROM video_progress p
        LEFT JOIN unnest($4::text[], $5::smallint[]) AS c (video, step) ON c.video = p.video_id
        WHERE p.learner = u.id
    ) seen
    CROSS JOIN LATERAL (
        SELECT greatest(max(l.created_at), max(l.last_seen_at)) AS at,
               array_agg(DISTINCT date_bin('15 minutes', l.created_at, timestamptz '2000-01-01Z'))
                   FILTER (WHERE l.created_at > $2::timestamptz - interval '9 days') AS quarters
        FROM login_session l WHERE l.member = u.id
    ) entered
    ORDER BY u.id
"""
_OF_TEAMS = _FACTS.format(gained=GAINED, members=IS_MEMBER, scope="u.team = ANY ($7::text[])")
_OF_NO_TEAM = _FACTS.format(
    gained=GAINED, members=IS_MEMBER, scope="u.team IS NULL AND $7::text[] IS NULL"
)

# One entry for each kind of change and week. The weeks begin at $2, their first Monday is $3.
_CHANGES = f"""
    SELECT width_bucket(a.completed_at, $2::timestamptz[]) AS n, sum({GAINED}) AS gained,
           0 AS completed, 0 AS active
    FROM unnest($1::uuid[]) AS who (id)
    JOIN quiz_attempt a ON a.learner = who.id AND a.completed_at >= ($2::timestamptz[])[1]
    GROUP BY 1
    UNION ALL
    SELECT width_bucket(p.completed_at, $2::timestamptz[]), 0, count(*), 0
    FROM unnest($1::uuid[]) AS who (id)
    JOIN video_progress p ON p.learner = who.id AND p.done AND p.video_id = ANY ($4::text[])
    GROUP BY 1
    UNION ALL
    SELECT (d.day - $3::date) / 7 + 1, 0, 0, count(DISTINCT d.learner)
    FROM unnest($1::uuid[]) AS who (id)
    JOIN activity_day d ON d.learner = who.id AND d.day >= $3 AND d.day < $3 + 84
    GROUP BY 1
"""  # noqa: S608 - constants

# Whoever left a team is somewhere else by now; who came back has not left. From the company as a
# whole nobody moves away.
_LEFT = """
    SELECT u.external_id AS id, u.name, u.role, max(gone.at) AS at, max(gone.how) AS how
    FROM (
        SELECT y.member, y.until AS at, 'moved' AS how FROM team_stay y
        WHERE y.team = {team} AND y.until > {since}
        UNION ALL
        SELECT d.id, d.disabled_at, 'disabled' FROM app_user d
        WHERE {disabled} AND d.disabled_at > {since}
    ) gone
    JOIN app_user u ON u.id = gone.member
    WHERE u.erased_at IS NULL
      AND CASE gone.how WHEN 'moved' THEN u.team IS DISTINCT FROM {team} ELSE true END
    GROUP BY u.id ORDER BY at DESC, u.external_id
"""
_LEFT_TEAM = _LEFT.format(team="$1::text", since="$2", disabled="d.team = $1")
_LEFT_COMPANY = _LEFT.format(team="NULL::text", since="$1", disabled="d.id IS NOT NULL")
_TREND = f"""
    SELECT (SELECT coalesce(json_agg(c), '[]')::text FROM ({_CHANGES}) c) AS changes,
           (SELECT coalesce(json_agg(l), '[]')::text
            FROM ({_LEFT.format(team="$5::text", since="$6", disabled="d.team = $5")}) l) AS gone
"""  # noqa: S608 - constants


class _Person(msgspec.Struct, frozen=True, kw_only=True):
    """`steps` holds the number of the step of every video watched, `sign_ins` the quarters of an
    hour of the last days that had one."""

    key: UUID
    id: str
    name: str
    role: str
    team_id: str | None
    team_name: str | None
    working_days: list[int] | None
    time_zone: str
    created_at: datetime
    score: int
    quizzes_completed: int
    answered: int
    correct: int
    first_answered: int
    first_correct: int
    gained: int
    quizzes: int
    recent_quizzes: int
    recent_answered: int
    recent_correct: int
    steps: list[int] | None
    last_day: date | None
    days: list[date]
    sign_ins: list[datetime]
    last_active_at: datetime | None

    @property
    def videos(self) -> int:
        return len(self.steps or ())


class Counted(msgspec.Struct, frozen=True):
    """A member's row, with the database key, and what totals need: how many videos of the whole
    course are watched, whether there was activity in the present week of the portal."""

    key: UUID
    row: MemberRow
    videos: int
    active: bool


class _Gone(msgspec.Struct, frozen=True):
    id: str
    name: str
    role: str
    at: datetime
    how: Literal["moved", "disabled"]

    @property
    def row(self) -> LeftRow:
        return LeftRow(Member(self.id, self.name, self.role), self.at.astimezone(UTC), self.how)


class _Trend(msgspec.Struct, frozen=True):
    """JSON texts."""

    changes: str
    gone: str


class Moment(msgspec.Struct, frozen=True):
    """When a team is looked at: now, since when gains count, the portal's zone and its weeks."""

    now: datetime
    since: datetime
    time_zone: str
    weeks: Weeks


def moment(now: datetime, days: int, time_zone: str) -> Moment:
    """Returns this moment with a period of `days` × 24 hours."""
    return Moment(now, now - timedelta(days=days), time_zone, weeks_until(now, time_zone))


async def members_of(
    teams: Sequence[str] | None, course: Course, at: Moment, step: str | None = None
) -> list[Counted]:
    """Returns the members of some teams, or with None those of no team, in no order: a statement
    for every 500 of them. With a `step`, the completion of their rows is that of the step."""
    numbers = {each.id: number for number, each in enumerate(course.steps)}
    query = _OF_NO_TEAM if teams is None else _OF_TEAMS
    people: list[_Person] = []
    while True:
        page = await sql.fetch(
            _Person,
            query,
            at.time_zone,
            at.now,
            at.since,
            list(course.videos),
            [numbers[video.step_id] for video in course.ordered],
            list(course.quizzes),
            teams,
            people[-1].key if people else None,
            PAGE,
        )
        people += page
        if len(page) < PAGE:
            return await _counted(people, course, at, step)


async def _counted(
    people: Sequence[_Person], course: Course, at: Moment, step: str | None
) -> list[Counted]:
    """Returns the rows of whole teams. A thousand of them take the processor for 50 ms, so others
    get their turn in between."""
    completions: dict[str | None, list[int]] = defaultdict(list)
    for person in people:
        completions[person.team_id].append(percentage(person.videos, len(course.ordered)))
    medians = {team: median(values) for team, values in completions.items()}
    counted: list[Counted] = []
    for begin in range(0, len(people), _SLICE):
        counted += [
            _count(person, course, at, step, medians[person.team_id])
            for person in people[begin : begin + _SLICE]
        ]
        await asyncio.sleep(0)
    return counted


def _count(
    person: _Person, course: Course, at: Moment, step: str | None, median_completion: float
) -> Counted:
    place = zone(person.time_zone)
    today = at.now.astimezone(place).date()
    week = frozenset(person.working_days) if person.working_days else MONDAY_TO_FRIDAY
    state = state_of(
        Facts(
            today=today,
            since=person.created_at.astimezone(place).date(),
            last_active=person.last_day,
            week=week,
            videos_completed=person.videos,
            videos_total=len(course.ordered),
            quizzes_completed=person.quizzes,
            quizzes_total=len(course.quizzes),
            recent_quizzes=person.recent_quizzes,
            recent_answered=person.recent_answered,
            recent_correct=person.recent_correct,
            median_completion=median_completion,
        )
    )
    watched = Counter(person.steps or ())
    of_step = {
        each.id: (watched[number], len(each.videos)) for number, each in enumerate(course.steps)
    }
    completion = of_step[step] if step else (person.videos, len(course.ordered))
    week_ago = today - timedelta(days=6)
    entered = {moment.astimezone(place).date() for moment in person.sign_ins}
    monday = at.weeks.present
    row = MemberRow(
        member=Member(person.id, person.name, person.role),
        current_score=person.score,
        score_delta=person.gained,
        logins7d=sum(week_ago <= day <= today for day in entered),
        work_week_days=active_weekdays(person.days, week_dates(week, today)),
        quizzes_completed=person.quizzes_completed,
        accuracy=percentage(person.correct, person.answered),
        first_try_accuracy=percentage(person.first_correct, person.first_answered),
        videos_completed=completion[0],
        completion_pct=percentage(*completion),
        # a time to come was written by a clock that was ahead
        last_active_at=person.last_active_at and min(person.last_active_at, at.now),
        status=state.status,
        status_reason=state.reason,
        team_id=person.team_id,
        team_name=person.team_name,
        steps_pct={name: percentage(*done) for name, done in of_step.items()},
    )
    active = any(monday <= day < monday + timedelta(days=7) for day in person.days)
    return Counted(person.key, row, person.videos, active)


async def changes_of(
    keys: Sequence[UUID], course: Course, at: Moment, team: str | None = None
) -> tuple[list[Change], list[LeftRow]]:
    """Returns what changed in the last twelve weeks among the people of these keys, and who left
    `team` in the period: one statement."""
    row = (
        await sql.fetch(
            _Trend,
            _TREND,
            keys,
            at.weeks.begins,
            at.weeks.mondays[0],
            list(course.videos),
            team,
            at.since,
        )
    )[0]
    changes = msgspec.json.decode(row.changes, type=list[Change])
    return changes, [gone.row for gone in msgspec.json.decode(row.gone, type=list[_Gone])]


async def left_team(team: str, since: datetime) -> list[LeftRow]:
    """Returns who left the team since then and is not back, the last one first."""
    return [gone.row for gone in await sql.fetch(_Gone, _LEFT_TEAM, team, since)]


async def left_company(since: datetime) -> list[LeftRow]:
    """Returns who was disabled since then, the last one first."""
    return [gone.row for gone in await sql.fetch(_Gone, _LEFT_COMPANY, since)]
