"""One member as their manager sees them: what was watched, taken and answered, and by when."""

from __future__ import annotations

from datetime import datetime

import msgspec

from portal import clock
from portal.db import sql
from portal.errors import NotFound
from portal.learning.course import Course
from portal.learning.outline import Outline
from portal.learning.queries import outline_of
from portal.manager import access, members
from portal.manager.rules import MemberRow
from portal.people.queries import leaders_of
from portal.quiz.kpis import LearnerFigures, learner_figures
from portal.web.actor import Actor

MOST_EVENTS = 100
MOST_ATTEMPTS = 100

# Of an answer, whether it was right and when it came: no choice is read here.
_PAST = """
    SELECT (SELECT coalesce(json_agg(json_build_object('quiz_id', a.quiz_id,
                'number', a.attempt_number, 'started_at', a.started_at,
                'completed_at', a.completed_at, 'total', a.total_questions,
                'correct', a.correct_answers, 'score', a.score, 'answers',
                (SELECT coalesce(json_agg(json_build_object('question_id', w.question_id,
                    'correct', w.correct, 'answered_at', w.answered_at) ORDER BY w.id), '[]')
                 FROM quiz_answer w WHERE w.attempt = a.id))
                ORDER BY a.started_at DESC, a.id), '[]')::text
            FROM (SELECT * FROM quiz_attempt WHERE learner = $1
                  ORDER BY started_at DESC, id LIMIT $3) a) AS attempts,
           (SELECT coalesce(json_agg(p), '[]')::text
            FROM (SELECT item, ticked_at AS at FROM practice_tick WHERE learner = $1
                  ORDER BY ticked_at DESC LIMIT $2) p) AS practised,
           ARRAY(SELECT created_at FROM login_session WHERE member = $1
                 ORDER BY created_at DESC LIMIT $2) AS sign_ins,
           (SELECT coalesce(sum(upper(r) - lower(r)), 0)
            FROM video_progress p, unnest(p.watched) AS r WHERE p.learner = $1) AS seconds
"""


class AnswerSeen(msgspec.Struct, frozen=True):
    question_id: str
    correct: bool
    answered_at: datetime


class AttemptSeen(msgspec.Struct, frozen=True, kw_only=True):
    """`completed_at` and the counts are null while it is open."""

    quiz_id: str
    number: int
    started_at: datetime
    completed_at: datetime | None
    total: int | None
    correct: int | None
    score: int | None
    answers: list[AnswerSeen]


class Practised(msgspec.Struct, frozen=True):
    """A task of the course, by its id, that was ticked off."""

    item: str
    at: datetime


class _PastRow(msgspec.Struct, frozen=True):
    """`attempts` and `practised` are JSON texts."""

    attempts: str
    practised: str
    sign_ins: list[datetime]
    seconds: int


class MemberSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A member with their row in the team's list, how far they are, and their past, the newest
    first: the last hundred each of attempts, tasks and sign-ins. `time_zone` is theirs, or else the
    portal's; `seconds` of video were played; `leaders` are who leads the team, by name."""

    member: access.SeenMember
    time_zone: str
    row: MemberRow
    outline: Outline
    figures: LearnerFigures
    attempts: list[AttemptSeen]
    practised: list[Practised]
    sign_ins: list[datetime]
    seconds: int
    leaders: list[str]


async def member_seen(actor: Actor, course: Course, member_id: str, time_zone: str) -> MemberSeen:
    """Returns a member of a team that the actor may see; `NotFound` for others. `time_zone` is the
    portal's, for whoever has none."""
    member = await access.member_of(actor, member_id)
    at = members.moment(clock.now(), 7, time_zone)
    teams = [member.team_id] if member.team_id else None
    counted = await members.members_of(teams, course, at)
    row = next((each.row for each in counted if each.key == member.key), None)
    if row is None:  # moved or disabled since
        raise NotFound("There is no such member.")
    learner = Actor(
        user_id=member.key,
        external_id=member.id,
        name=member.name,
        role="learner",
        team_id=member.team_id,
        team_name=member.team_name,
        track=None,
        time_zone=member.time_zone or time_zone,
        session_hash=b"",
    )
    outline = await outline_of(learner, course)
    figures = await learner_figures(learner, course)
    past = (await sql.fetch(_PastRow, _PAST, member.key, MOST_EVENTS, MOST_ATTEMPTS))[0]
    return MemberSeen(
        member=member,
        time_zone=learner.time_zone,
        row=row,
        outline=outline,
        figures=figures,
        attempts=msgspec.json.decode(past.attempts, type=list[AttemptSeen]),
        practised=msgspec.json.decode(past.practised, type=list[Practised]),
        sign_ins=past.sign_ins,
        seconds=past.seconds,
        leaders=await leaders_of(member.team_id),
    )
