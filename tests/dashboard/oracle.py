"""The key figures once more, from the answers alone: independent of totals, caches and rules."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from tests.support import Database

ORACLE = """
WITH answers AS (
    SELECT t.learner, t.quiz_id, t.attempt_number, t.id AS attempt, a.correct,
           first_value(a.correct) OVER (
               PARTITION BY t.learner, t.quiz_id, a.question_id ORDER BY a.answered_at, a.id
           ) AS first_correct
    FROM quiz_answer a JOIN quiz_attempt t ON t.id = a.attempt
), attempts AS (
    SELECT learner, quiz_id, attempt_number, count(*) AS answered,
           count(*) FILTER (WHERE correct) AS correct,
           sum(CASE WHEN NOT correct THEN 0 WHEN first_correct THEN 15 ELSE 10 END) AS points
    FROM answers
    WHERE attempt IN (SELECT id FROM quiz_attempt WHERE completed_at IS NOT NULL)
    GROUP BY 1, 2, 3
), counted AS (
    SELECT DISTINCT ON (learner, quiz_id) * FROM attempts
    ORDER BY learner, quiz_id, points DESC, correct DESC, attempt_number
), people AS (
    SELECT u.id, u.external_id, u.name, u.role, t.track,
           u.role = 'learner' AND u.disabled_at IS NULL AND u.erased_at IS NULL
               AND t.track IS NOT NULL AND count(c.quiz_id) > 0 AS ranked,
           coalesce(sum(c.points), 0)::int AS score, count(c.quiz_id) AS quizzes,
           coalesce(sum(c.answered), 0) AS answered, coalesce(sum(c.correct), 0) AS correct,
           coalesce((SELECT sum(f.answered) FROM attempts f
                     WHERE f.learner = u.id AND f.attempt_number = 1), 0) AS first_answered,
           coalesce((SELECT sum(f.correct) FROM attempts f
                     WHERE f.learner = u.id AND f.attempt_number = 1), 0) AS first_correct
    FROM app_user u LEFT JOIN team t ON t.id = u.team LEFT JOIN counted c ON c.learner = u.id
    GROUP BY u.id, t.track
), ranking AS (
    SELECT *, rank() OVER (PARTITION BY track ORDER BY score DESC) AS position,
           row_number() OVER (PARTITION BY track ORDER BY score DESC, id) AS line,
           count(*) OVER (PARTITION BY track) AS ranked_people
    FROM people WHERE ranked
), me AS (
    SELECT p.*, r.position, r.line,
           (SELECT count(*) FROM ranking x WHERE x.track = p.track) AS total,
           (SELECT count(*) FROM ranking x WHERE x.track = p.track AND x.score < p.score) AS below,
           (SELECT count(DISTINCT x.score) FROM ranking x WHERE x.track = p.track) AS scores
    FROM people p LEFT JOIN ranking r USING (id) WHERE p.external_id = $1
), placed AS (
    SELECT me.*, CASE WHEN position IS NULL THEN NULL WHEN total = 1 THEN 100
                      WHEN scores = 1 THEN 50
                      ELSE floor(100.0 * below / (total - 1) + 0.5)::int END AS percentile
    FROM me
), days AS (
    SELECT d::date AS day, row_number() OVER (ORDER BY d DESC) AS back,
           EXISTS (SELECT FROM activity_day a, me
                   WHERE a.learner = me.id AND a.day = d::date) AS active
    FROM generate_series($2::date - 200, $2::date, interval '1 day') AS d
    WHERE extract(isodow FROM d) < 6
)
SELECT json_build_object(
    'totalScore', score, 'quizzesCompleted', quizzes,
    'accuracy', CASE WHEN answered = 0 THEN 0
                     ELSE floor(100.0 * correct / answered + 0.5)::int END,
    'firstTryAccuracy', CASE WHEN first_answered = 0 THEN 0
                     ELSE floor(100.0 * first_correct / first_answered + 0.5)::int END,
    'streak', (SELECT min(back) - 1 FROM days WHERE NOT active AND day <> $2)
              - (SELECT count(*) FROM days WHERE NOT active AND day = $2),
    'rank', position, 'total', total, 'percentile', percentile,
    'grade', CASE WHEN percentile >= 90 THEN 'A' WHEN percentile >= 66 THEN 'B'
                  WHEN percentile >= 33 THEN 'C' WHEN percentile IS NOT NULL THEN 'D' END,
    'videosCompleted', (SELECT count(*) FROM video_progress v
                        WHERE v.learner = placed.id AND v.done),
    'top10', (SELECT coalesce(json_agg(json_build_object('id', external_id, 'name', name,
                  'score', score, 'position', position) ORDER BY line), '[]')
              FROM ranking x WHERE x.track = placed.track AND x.line <= 10),
    'around', (SELECT coalesce(json_agg(json_build_object('id', external_id, 'name', name,
                  'score', score, 'position', position) ORDER BY line), '[]')
              FROM ranking x WHERE x.track = placed.track AND placed.line IS NOT NULL
                AND x.line >= greatest(1, least(placed.line - 2, total - 4))
                AND x.line <= greatest(5, least(placed.line + 2, total)))
)::text
FROM placed
"""


async def figures(database: Database, name: str, today: date) -> dict[str, Any]:
    """Returns the key figures of a person on a day, without those of the course itself."""
    text = await database.value(ORACLE, name, today)
    found: dict[str, Any] = json.loads(text)
    return found
