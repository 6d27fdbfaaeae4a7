"""Reads of how everybody answered in first attempts, and of what learners reported."""

from __future__ import annotations

import msgspec

from portal.db import sql
from portal.errors import Invalid
from portal.learning.course import Course, Question
from portal.manager.item_statistics import Tally
from portal.manager.questions.rules import Answered, Key, QuestionRow, Reason, Reports, rows_of
from portal.web.actor import Actor

SHOWN_REASONS = 20

# Everybody counts, whatever their role, and also who was disabled or erased since: nobody is named.
# A version is of one quiz and has one length and one key, so these are no groups of their own: with
# them the planner expects a hundred times as many groups as there are, and sorts all answers
# (10,000 people, 1.5 million answers: 3.5 s instead of 1.2).
_TALLIES = """
    SELECT min(a.quiz_id) AS quiz_id, a.content_hash, w.question_id, w.choices,
           bool_and(w.correct) AS correct, max(a.total_questions) AS total_questions,
           count(*) AS people, sum(a.correct_answers) AS right,
           sum(a.correct_answers * a.correct_answers) AS right_squares
    FROM quiz_attempt a
    JOIN quiz_answer w ON w.attempt = a.id
    WHERE a.attempt_number = 1 AND a.completed_at IS NOT NULL AND a.quiz_id = ANY ($1::text[])
    GROUP BY a.content_hash, w.question_id, w.choices
"""

# JSON texts: the versions named and those that the viewer answered, with their questions; what the
# viewer answered, and what was reported.
_AROUND = """
    WITH answered AS (
        SELECT DISTINCT a.quiz_id, a.content_hash, w.question_id
        FROM quiz_attempt a JOIN quiz_answer w ON w.attempt = a.id
        WHERE a.learner = $3 AND a.quiz_id = ANY ($1::text[])
    )
    SELECT (SELECT coalesce(json_agg(answered), '[]')::text FROM answered) AS answered,
           (SELECT coalesce(json_object_agg(content_hash, body), '{}')::text FROM quiz_version
            WHERE content_hash = ANY ($2::text[])
               OR content_hash IN (SELECT content_hash FROM answered)) AS versions,
           (SELECT coalesce(json_agg(told), '[]')::text FROM (
                SELECT quiz_id, question_id, count(*) AS count,
                       (array_agg(json_build_object('reason', reason,
                            'month', to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM'))
                        ORDER BY id DESC))[1:$4::int] AS reasons
                FROM question_report WHERE quiz_id = ANY ($1::text[])
                GROUP BY quiz_id, question_id) AS told) AS reports
"""


class _Around(msgspec.Struct, frozen=True):
    answered: str
    versions: str
    reports: str


class _Told(msgspec.Struct, frozen=True):
    quiz_id: str
    question_id: str
    count: int
    reasons: tuple[Reason, ...]


async def questions(actor: Actor, course: Course, step_id: str = "") -> list[QuestionRow]:
    """Returns the questions of the course, or of one step, with their statistics over the whole
    company, in two statements. `Invalid` for a step that the course does not have.

    The first one reads every answer of a first attempt there.
    """
    if step_id and step_id not in course.steps_by_id:
        raise Invalid("There is no such step.", details={"step": "There is no such step."})
    quizzes = {
        video.id: video.quiz
        for video in course.ordered
        if video.quiz and (not step_id or video.step_id == step_id)
    }
    tallies = [
        Tally(**{**row, "choices": tuple(row["choices"])})
        for row in await sql.fetch_records(_TALLIES, list(quizzes))
    ]
    today = {quiz.content_hash for quiz in quizzes.values()}
    older = {tally.content_hash for tally in tallies} - today
    around = (
        await sql.fetch(
            _Around, _AROUND, list(quizzes), sorted(older), actor.user_id, SHOWN_REASONS
        )
    )[0]
    return rows_of(
        course,
        tallies,
        _versions_in(around.versions),
        msgspec.json.decode(around.answered, type=list[Answered]),
        _reports_in(around.reports),
        step_id,
    )


def _versions_in(text: str) -> dict[str, dict[str, Question]]:
    versions = msgspec.json.decode(text, type=dict[str, tuple[Question, ...]])
    return {
        content_hash: {question.id: question for question in questions}
        for content_hash, questions in versions.items()
    }


def _reports_in(text: str) -> dict[Key, Reports]:
    told = msgspec.json.decode(text, type=list[_Told])
    return {(each.quiz_id, each.question_id): Reports(each.count, each.reasons) for each in told}
