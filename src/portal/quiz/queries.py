"""Reads of attempts and answers, and the key figures of one learner."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from portal.accounts.rules import TRACKS
from portal.db import sql
from portal.errors import NotFound
from portal.learning.course import Course, Question, Quiz
from portal.learning.queries import check_open
from portal.quiz import rules
from portal.quiz.kpis import kpis
from portal.quiz.result import FinishedAttempt, Ranking
from portal.quiz.rules import Answer, Attempt, QuizProgress
from portal.scoring.rules import rank
from portal.web.actor import Actor

_ATTEMPTS = """
    SELECT a.id, a.quiz_id, a.attempt_number, a.content_hash, a.completed_at, a.total_questions,
           a.correct_answers, a.first_try_correct, a.score,
           (SELECT coalesce(jsonb_agg(jsonb_build_object(
                'question_id', w.question_id, 'choices', w.choices,
                'correct', w.correct, 'first_ever', w.first_ever) ORDER BY w.id), '[]')::text
            FROM quiz_answer w WHERE w.attempt = a.id) AS answers,
           ARRAY(SELECT question_id FROM question_report
                 WHERE learner = $1 AND quiz_id = $2) AS reported
    FROM quiz_attempt a
    WHERE a.learner = $1 AND a.quiz_id = $2
    ORDER BY a.attempt_number
"""

_VERSION = "SELECT body::text FROM quiz_version WHERE content_hash = $1"

_HIGHER = """
    SELECT coalesce((SELECT sum(people) FROM score_count WHERE track = $1 AND score > $2), 0)
         - (SELECT count(*) FROM user_score
            WHERE learner = $3 AND track = $1 AND ranked AND score > $2)
"""

_RECENT = """
    SELECT quiz_id, attempt_number, correct_answers, total_questions, score, completed_at
    FROM quiz_attempt WHERE learner = $1 AND completed_at IS NOT NULL
    ORDER BY completed_at DESC, started_at DESC, id LIMIT $2
"""


class RecentAttempt(msgspec.Struct, frozen=True):
    quiz_id: str
    attempt_number: int
    correct_answers: int
    total_questions: int
    score: int
    completed_at: datetime


async def quiz_progress_of(learner: UUID, quiz: Quiz) -> QuizProgress:
    """Returns where the learner is with the quiz: one statement, and a second one only when the
    open attempt began with other questions than today's."""
    rows = await sql.execute(_ATTEMPTS, learner, quiz.video_id, retry=True)
    attempts = [_attempt(row) for row in rows]
    today = quiz
    completed = tuple(attempt for attempt in attempts if attempt.completed_at is not None)
    open_attempt = next((a for a in attempts if a.completed_at is None), None)
    if open_attempt is not None and open_attempt.content_hash != quiz.content_hash:
        quiz = await version(quiz.video_id, open_attempt.content_hash)
    return QuizProgress(
        quiz=quiz,
        today=today,
        attempt_number=open_attempt.attempt_number
        if open_attempt
        else (attempts[-1].attempt_number + 1 if attempts else 1),
        open=open_attempt,
        completed=completed,
        first_correct=rules.first_correct(attempts),
        reported=frozenset(rows[0]["reported"]) if rows else frozenset(),
    )


def _attempt(row: Mapping[str, Any]) -> Attempt:
    fields = {name: row[name] for name in Attempt.__struct_fields__}
    fields["answers"] = msgspec.json.decode(row["answers"], type=tuple[Answer, ...])
    return Attempt(**fields)


async def version(quiz_id: str, content_hash: str) -> Quiz:
    """Returns a quiz as it was when the first attempt on that version began."""
    return Quiz(quiz_id, await questions_of_version(content_hash), content_hash)


async def questions_of_version(content_hash: str) -> tuple[Question, ...]:
    body = await sql.fetch_value(_VERSION, content_hash)
    return msgspec.json.decode(body, type=tuple[Question, ...])


async def finished_attempt(
    actor: Actor, course: Course, progress: QuizProgress, attempt_number: int
) -> FinishedAttempt:
    """Returns a completed attempt with its questions, and where the actor stands now; `NotFound`
    when there is none of this number."""
    attempt = progress.completed_attempt(attempt_number)
    if attempt is None:
        raise NotFound("There is no such attempt.")
    questions = progress.quiz.questions
    if attempt.content_hash != progress.quiz.content_hash:
        questions = await questions_of_version(attempt.content_hash)
    earlier = [a.score for a in progress.completed if a.attempt_number < attempt_number]
    best_before = max(earlier, default=None)
    gained = max(0, attempt.score - (best_before or 0))
    ranking = await _ranking_after(actor, course, attempt, gained)
    return FinishedAttempt(attempt, questions, best_before, gained, ranking)


async def _ranking_after(actor: Actor, course: Course, attempt: Attempt, gained: int) -> Ranking:
    figures = await kpis(actor, course)
    latest = await recent_attempts(actor.user_id, course, 1)
    is_latest = bool(latest) and latest[0].completed_at == attempt.completed_at
    before = None
    if is_latest and figures.rank is not None and actor.track and figures.quizzes_completed > 1:
        before = await rank_with(actor, figures.total_score - gained)
    return Ranking(
        total_score=figures.total_score,
        rank=figures.rank,
        ranked_people=figures.total,
        track=TRACKS.get(actor.track or "", actor.track or ""),
        latest=is_latest,
        rank_before=before,
    )


async def recent_attempts(learner: UUID, course: Course, limit: int = 5) -> list[RecentAttempt]:
    rows = await sql.fetch(RecentAttempt, _RECENT, learner, limit)
    return [row for row in rows if row.quiz_id in course.videos]


async def rank_with(actor: Actor, score: int) -> int:
    """Returns the rank that the actor would have in their track with `score` points."""
    higher = await sql.fetch_value(_HIGHER, actor.track, score, actor.user_id)
    return rank(higher)


def quiz_of(course: Course, video_id: str) -> Quiz:
    """Returns the quiz of a video; `NotFound` for an unknown video or one without a quiz."""
    video = course.find(video_id)
    if video is None or video.quiz is None:
        raise NotFound("There is no quiz for this video.")
    return video.quiz


async def open_quiz_of(actor: Actor, course: Course, video_id: str) -> Quiz:
    """Returns the quiz of a video that is open for the actor; raises `NotFound` or `Locked`."""
    quiz = quiz_of(course, video_id)
    await check_open(actor, course, course.videos[quiz.video_id])
    return quiz
