"""Writes pasts: one statement per table, whatever the number of people. The commit is the caller's.

What real use wrote at the same time stays as it is: rows that are there already are left alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from uuid import UUID, uuid4

import msgspec

from portal.db import sql
from portal.learning.course import Course
from portal.serving.history.past import Past

# How the hash of a session begins that a past made. No token is known that would have it.
SEEDED_SESSION = b"history:"

_SESSIONS = """
    INSERT INTO login_session
        (token_hash, member, created_at, expires_at, ended_at, user_agent, last_seen_at)
    SELECT decode(r.token, 'hex'), r.person, r.at, r.at + make_interval(hours => $2), r.until,
           r.agent, r.until
    FROM json_to_recordset($1::json)
        AS r(token text, person uuid, at timestamptz, until timestamptz, agent text)
    ON CONFLICT DO NOTHING
"""
_DAYS = """
    INSERT INTO activity_day (learner, day)
    SELECT r.person, r.day FROM json_to_recordset($1::json) AS r(person uuid, day date)
    ON CONFLICT DO NOTHING
"""
_WATCHED = """
    INSERT INTO video_progress (learner, video_id, done, self_declared, completed_at, position_s,
                                duration_s, watched, reported_at, updated_at)
    SELECT r.person, r.video, r.done, r.declared, CASE WHEN r.done THEN r.at END, r.seconds,
           r.length, int4multirange(int4range(0, r.seconds)),
           CASE WHEN NOT r.declared THEN r.at END, r.at
    FROM json_to_recordset($1::json) AS r(person uuid, video text, done bool, declared bool,
                                          at timestamptz, seconds int, length int)
    ON CONFLICT DO NOTHING
"""
_VERSIONS = """
    INSERT INTO quiz_version (content_hash, quiz_id, body, created_at)
    SELECT r.hash, r.quiz, r.body, r.at
    FROM json_to_recordset($1::json) AS r(hash text, quiz text, body jsonb, at timestamptz)
    ON CONFLICT DO NOTHING
"""
_ATTEMPTS = """
    INSERT INTO quiz_attempt (id, learner, quiz_id, attempt_number, content_hash, started_at,
        completed_at, total_questions, correct_answers, first_try_correct, score)
    SELECT r.id, r.person, r.quiz_id, r.number, r.content_hash, r.started_at, r.completed_at,
           r.total, r.correct, r.first_try_correct, r.score
    FROM json_to_recordset($1::json) AS r(id uuid, person uuid, quiz_id text, number int,
        content_hash text, started_at timestamptz, completed_at timestamptz, total int,
        correct int, first_try_correct int, score int)
"""
_ANSWERS = """
    INSERT INTO quiz_answer (attempt, question_id, choices, correct, first_ever, answered_at)
    SELECT r.attempt, r.question_id, r.choices, r.correct, r.first_ever, r.at
    FROM json_to_recordset($1::json) AS r(attempt uuid, question_id text, choices text[],
        correct bool, first_ever bool, at timestamptz)
    ORDER BY r.at
"""
_TICKS = """
    INSERT INTO practice_tick (learner, item, ticked_at)
    SELECT r.person, r.item, r.at
    FROM json_to_recordset($1::json) AS r(person uuid, item text, at timestamptz)
    ON CONFLICT DO NOTHING
"""
_REPORTS = """
    INSERT INTO question_report (learner, quiz_id, question_id, reason, created_at)
    SELECT r.person, r.quiz_id, r.question_id, r.reason, r.at
    FROM json_to_recordset($1::json) AS r(person uuid, quiz_id text, question_id text, reason text,
                                          at timestamptz)
    ON CONFLICT DO NOTHING
"""
# The account was made, and has been on its team and led it, since before all that, and before
# anybody really signed in.
_BEGINNINGS = """
    WITH made AS (
        SELECT r.person, least(r.at, min(l.created_at)) AS at
        FROM json_to_recordset($1::json) AS r(person uuid, at timestamptz)
        LEFT JOIN login_session l ON l.member = r.person
        GROUP BY r.person, r.at
    ), accounts AS (
        UPDATE app_user u SET created_at = made.at FROM made WHERE u.id = made.person
    ), leads_since AS (
        UPDATE leads l SET since = made.at FROM made WHERE l.member = made.person
    )
    UPDATE team_stay s SET since = made.at FROM made
    WHERE s.member = made.person AND s.until IS NULL
"""


async def write(pasts: Mapping[UUID, Past], course: Course, *, session_hours: int) -> None:
    """Insert what these people did. They are to have no attempts."""
    people = pasts.items()
    await sql.execute(
        _BEGINNINGS, _json({"person": who, "at": past.created_at} for who, past in people)
    )
    await sql.execute(
        _SESSIONS,
        _json(
            {
                "token": _token(who, each.at),
                "person": who,
                "at": each.at,
                "until": each.until,
                "agent": each.user_agent,
            }
            for who, past in people
            for each in past.sign_ins
        ),
        session_hours,
    )
    await sql.execute(
        _DAYS, _json({"person": who, "day": day} for who, past in people for day in past.days)
    )
    await sql.execute(
        _WATCHED,
        _json(
            {
                "person": who,
                "video": each.video_id,
                "done": each.done,
                "declared": each.self_declared,
                "at": each.at,
                "seconds": each.watched,
                "length": each.length,
            }
            for who, past in people
            for each in past.watched
        ),
    )
    await _write_attempts(pasts, course)
    await sql.execute(
        _TICKS,
        _json(
            {"person": who, "item": item, "at": at}
            for who, past in people
            for item, at in past.ticks
        ),
    )
    await sql.execute(
        _REPORTS,
        _json(
            {"person": who, **msgspec.structs.asdict(each)}
            for who, past in people
            for each in past.reports
        ),
    )


async def _write_attempts(pasts: Mapping[UUID, Past], course: Course) -> None:
    taken = [(uuid4(), who, each) for who, past in pasts.items() for each in past.attempts]
    begun: dict[str, datetime] = {}
    for _, _, attempt in taken:
        known = begun.get(attempt.quiz_id, attempt.started_at)
        begun[attempt.quiz_id] = min(known, attempt.started_at)
    await sql.execute(
        _VERSIONS,
        _json(
            {
                "hash": course.quizzes[quiz].content_hash,
                "quiz": quiz,
                "body": course.quizzes[quiz].questions,
                "at": at,
            }
            for quiz, at in begun.items()
        ),
    )
    await sql.execute(
        _ATTEMPTS,
        _json(
            {"id": key, "person": who, **msgspec.structs.asdict(each), "answers": None}
            for key, who, each in taken
        ),
    )
    await sql.execute(
        _ANSWERS,
        _json(
            {"attempt": key, **msgspec.structs.asdict(given)}
            for key, _, each in taken
            for given in each.answers
        ),
    )


def _token(person: UUID, at: datetime) -> str:
    """Returns the hash of a session, in hexadecimal digits: the same person and moment have one."""
    rest = hashlib.sha256(f"{person}/{at.isoformat()}".encode()).digest()
    return (SEEDED_SESSION + rest)[:32].hex()


def _json(rows: Iterable[dict[str, UUID | str | datetime | date | object]]) -> str:
    return msgspec.json.encode(list(rows)).decode()
