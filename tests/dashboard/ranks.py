"""The ranks once more, from the answers alone: independent of totals and of how gains add up."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.support import Database

# Points at two moments are the best of the attempts completed until then, quiz by quiz.
RANKS = """
WITH answers AS (
    SELECT t.learner, t.quiz_id, t.id AS attempt, t.completed_at, a.correct,
           first_value(a.correct) OVER (
               PARTITION BY t.learner, t.quiz_id, a.question_id ORDER BY a.answered_at, a.id
           ) AS first_correct
    FROM quiz_answer a JOIN quiz_attempt t ON t.id = a.attempt
), attempts AS (
    SELECT learner, quiz_id, completed_at,
           sum(CASE WHEN NOT correct THEN 0 WHEN first_correct THEN 15 ELSE 10 END) AS points
    FROM answers WHERE completed_at IS NOT NULL GROUP BY learner, quiz_id, attempt, completed_at
), quizzes AS (
    SELECT learner, quiz_id, max(points) AS now,
           coalesce(max(points) FILTER (WHERE completed_at <= $3), 0) AS before
    FROM attempts GROUP BY 1, 2
), people AS (
    SELECT u.id, u.external_id, u.name, t.id AS team, t.track, sum(q.now)::int AS score,
           sum(q.now - q.before)::int AS gained, count(*)::int AS quizzes
    FROM app_user u JOIN team t ON t.id = u.team JOIN quizzes q ON q.learner = u.id
    WHERE u.role = 'learner' AND u.disabled_at IS NULL AND u.erased_at IS NULL
    GROUP BY u.id, t.id
), scope AS (
    SELECT p.*, CASE $4 WHEN 'all' THEN score ELSE gained END AS points FROM people p
    WHERE CASE $2 WHEN 'all' THEN true
                  WHEN 'team' THEN p.team = (SELECT team FROM app_user WHERE external_id = $1)
                  ELSE p.track = (SELECT t.track FROM app_user u JOIN team t ON t.id = u.team
                                  WHERE u.external_id = $1) END
)
SELECT external_id AS id, name, score, gained, quizzes AS "quizzesCompleted", track,
       rank() OVER (ORDER BY points DESC) AS position
FROM scope WHERE points > 0 OR $4 = 'all' ORDER BY points DESC, scope.id
"""


async def ranks(
    database: Database, name: str, scope: str, period: str, since: datetime
) -> list[dict[str, Any]]:
    """Returns the ranks that a person should see, from the first to the last."""
    rows = await database.fetch(RANKS, name, scope, since, period)
    return [dict(row) for row in rows]
