"""Reads of the ledger and the totals."""

from __future__ import annotations

from uuid import UUID

from portal.db import sql
from portal.scoring import rules
from portal.scoring.rules import AttemptResult
from portal.web.actor import Actor

# Who can have a rank, of `app_user u` and `team t`; a completed quiz comes on top.
MAY_BE_RANKED = """u.role = 'learner' AND u.disabled_at IS NULL AND u.erased_at IS NULL
    AND t.track IS NOT NULL"""

# What an attempt `a` gained; rules.recent_since says why these add up. Attempts at a quiz are
# completed in the order of their numbers, one after the other.
GAINED = """greatest(0, a.score - CASE WHEN a.attempt_number = 1 THEN 0 ELSE coalesce((
        SELECT max(o.score) FROM quiz_attempt o WHERE o.learner = a.learner
          AND o.quiz_id = a.quiz_id AND o.attempt_number < a.attempt_number), 0) END)"""

# Whether person `u` may be named to person $1: others respect the wish not to be.
IS_NAMED = "(u.unlisted_at IS NULL OR u.id = $1)"

_LEDGER = """
    SELECT quiz_id, attempt_number, total_questions, correct_answers, first_try_correct, score
    FROM quiz_attempt WHERE learner = $1 AND completed_at IS NOT NULL
    ORDER BY quiz_id, attempt_number
"""

_STANDING = """
    SELECT quiz_id, attempt_number, total_questions, correct_answers, first_try_correct, score,
           completed_at IS NOT NULL AS completed,
           ARRAY(SELECT w.question_id FROM quiz_answer w
                 WHERE w.attempt = a.id AND w.first_ever AND NOT w.correct) AS missed
    FROM quiz_attempt a WHERE learner = $1 ORDER BY started_at DESC
"""


class _Attempt(AttemptResult, frozen=True):
    completed: bool
    missed: list[str]


async def completed_attempts_of(learner: UUID) -> list[AttemptResult]:
    """Returns all completed attempts of a person."""
    return await sql.fetch(AttemptResult, _LEDGER, learner)


async def ledger_of(learner: UUID) -> rules.Ledger:
    """Returns the person's ledger in one statement."""
    attempts = await sql.fetch(_Attempt, _STANDING, learner)
    missed: dict[str, set[str]] = {}
    for attempt in attempts:
        if attempt.missed:
            missed.setdefault(attempt.quiz_id, set()).update(attempt.missed)
    return rules.Ledger(
        best=rules.best_by_quiz(attempt for attempt in attempts if attempt.completed),
        missed=missed,
        open=[attempt.quiz_id for attempt in attempts if not attempt.completed],
    )


async def score_of(actor: Actor) -> int:
    """Returns the actor's total in points; 0 before the first quiz."""
    score = await sql.fetch_value("SELECT score FROM user_score WHERE learner = $1", actor.user_id)
    return score or 0
