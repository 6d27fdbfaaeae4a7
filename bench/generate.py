"""Fill a migrated database with invented people, quickly and consistently.

    .venv/bin/python bench/generate.py --people 10000        # into DATABASE_URL_UNPOOLED

Teams of 20, alternately of both tracks; the first of each team is its manager, and leads it.
Everyone has 40 attempts over 60 quizzes (ten of them taken twice more or less), 30 progress rows
and 20 sign-ins on 20 days. Points follow the rules, and the totals are summed up by SQL,
independently of the application: `portal scores check` must find nothing. All is made inside the
server, from a seed; foreign keys are not checked row by row, which needs a superuser.

`--answers` adds the answers of first attempts, 150 for each person.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time

import asyncpg

from portal.config.settings import Settings

QUIZZES = 60
QUESTIONS = 5

STEPS: tuple[tuple[str, str], ...] = (
    (
        "teams",
        """
        INSERT INTO team (id, name, track)
        SELECT 'bench-' || n, 'Bench team ' || n, CASE n % 2 WHEN 0 THEN 'dev' ELSE 'business' END
        FROM generate_series(1, ($1 + 19) / 20) AS n
        """,
    ),
    (
        "people",
        """
        INSERT INTO app_user (external_id, name, role, team, time_zone, created_at)
        SELECT 'bench-' || n, 'Bench Person ' || n,
               CASE WHEN n % 20 = 1 THEN 'manager' ELSE 'learner' END,
               'bench-' || (n + 19) / 20,
               (ARRAY['UTC', 'Europe/Paris', 'America/New_York', 'Asia/Tokyo'])[1 + n % 4],
               now() - interval '200 days'
        FROM generate_series(1, $1) AS n
        """,
    ),
    (
        "stays",
        # The trigger that writes them does not run here.
        """
        INSERT INTO team_stay (member, team, since)
        SELECT id, team, created_at FROM app_user WHERE external_id LIKE 'bench-%' AND $1 > 0
        """,
    ),
    (
        "leads",
        """
        INSERT INTO leads (member, team)
        SELECT id, team FROM app_user
        WHERE external_id LIKE 'bench-%' AND role = 'manager' AND $1 > 0
        """,
    ),
    (
        "quiz versions",
        """
        INSERT INTO quiz_version (content_hash, quiz_id, body)
        SELECT md5('bench-' || n), 'bench-' || n, (
            SELECT jsonb_agg(jsonb_build_object('id', 'question-' || q, 'kind', 'single',
                'text', 'Question ' || q || ' of quiz ' || n || '?', 'key', '["a"]'::jsonb,
                'explanation', 'Because it is so.', 'choices', (
                    SELECT jsonb_agg(jsonb_build_object('id', c, 'text', 'Choice ' || c))
                    FROM unnest('{a,b,c,d}'::text[]) AS c)))
            FROM generate_series(1, 5) AS q)
        FROM generate_series(1, 60) AS n
        WHERE $1 > 0
        """,
    ),
    (
        "attempts",
        # Quiz q is taken once, and quizzes 1 to 10 of a person's thirty a second time. What was
        # right in the first attempt keeps its bonus in the second.
        """
        INSERT INTO quiz_attempt (learner, quiz_id, attempt_number, content_hash, started_at,
                                  completed_at, total_questions, correct_answers,
                                  first_try_correct, score)
        SELECT id, 'bench-' || quiz, attempt, md5('bench-' || quiz), begun,
               begun + interval '4 minutes', 5, correct, kept, 10 * correct + 5 * kept
        FROM (
            SELECT u.id, 1 + (q * 7 + u.offset_) % 60 AS quiz, a AS attempt,
                   now() - make_interval(hours => 24 * (180 - 4 * q) - a) AS begun,
                   CASE a WHEN 1 THEN f.first ELSE least(5, f.first + 1) END AS correct,
                   f.first AS kept
            FROM (SELECT id, row_number() OVER (ORDER BY external_id) AS offset_
                  FROM app_user WHERE external_id LIKE 'bench-%') u
            CROSS JOIN generate_series(0, 29) AS q
            CROSS JOIN LATERAL (
                SELECT abs(hashint8(u.offset_ * 31 + q)) % 6 AS first) f
            CROSS JOIN generate_series(1, CASE WHEN q < 10 THEN 2 ELSE 1 END) AS a
        ) made
        WHERE $1 > 0
        """,
    ),
    (
        "progress",
        """
        INSERT INTO video_progress (learner, video_id, done, completed_at, position_s, duration_s,
                                    watched, reported_at)
        SELECT u.id, v.id, n <= 20,
               CASE WHEN n <= 20 THEN now() - make_interval(days => n::int) END,
               CASE WHEN n <= 20 THEN 300 ELSE 90 END, 300,
               int4multirange(int4range(0, CASE WHEN n <= 20 THEN 300 ELSE 90 END)),
               now() - make_interval(days => n::int)
        FROM app_user u
        CROSS JOIN unnest($2::text[]) WITH ORDINALITY AS v (id, n)
        WHERE u.external_id LIKE 'bench-%' AND $1 > 0
        """,
    ),
    (
        "sign-ins",
        """
        INSERT INTO login_session (token_hash, member, created_at, expires_at, ended_at)
        SELECT sha256(convert_to(u.id::text || n, 'UTF8')), u.id, at, at + interval '24 hours',
               at + interval '3 hours'
        FROM app_user u
        CROSS JOIN generate_series(1, 20) AS n
        CROSS JOIN LATERAL (SELECT now() - make_interval(days => n, mins => n * 7) AS at) t
        WHERE u.external_id LIKE 'bench-%' AND $1 > 0
        """,
    ),
    (
        "activity",
        """
        INSERT INTO activity_day (learner, day)
        SELECT u.id, current_date - n
        FROM app_user u CROSS JOIN generate_series(1, 20) AS n
        WHERE u.external_id LIKE 'bench-%' AND $1 > 0
        """,
    ),
    (
        "totals",
        """
        INSERT INTO user_score (learner, track, ranked, score, quizzes_completed, answered, correct,
                                first_answered, first_correct)
        SELECT u.id, t.track, u.role = 'learner', best.score, best.quizzes, best.answered,
               best.correct, best.first_answered, best.first_correct
        FROM app_user u
        JOIN team t ON t.id = u.team
        JOIN (
            SELECT learner, sum(score) FILTER (WHERE place = 1) AS score,
                   count(*) FILTER (WHERE place = 1) AS quizzes,
                   sum(total_questions) FILTER (WHERE place = 1) AS answered,
                   sum(correct_answers) FILTER (WHERE place = 1) AS correct,
                   sum(total_questions) FILTER (WHERE attempt_number = 1) AS first_answered,
                   sum(correct_answers) FILTER (WHERE attempt_number = 1) AS first_correct
            FROM (
                SELECT a.*, row_number() OVER (PARTITION BY learner, quiz_id
                    ORDER BY score DESC, correct_answers DESC, attempt_number) AS place
                FROM quiz_attempt a
                WHERE quiz_id LIKE 'bench-%' AND completed_at IS NOT NULL
            ) placed
            GROUP BY learner
        ) best ON best.learner = u.id
        WHERE u.external_id LIKE 'bench-%' AND $1 > 0
        """,
    ),
    (
        "counts",
        # The trigger that keeps them does not run here.
        """
        INSERT INTO score_count AS kept (track, score, people)
        SELECT track, score, count(*) FROM user_score
        JOIN app_user u ON u.id = learner
        WHERE ranked AND u.external_id LIKE 'bench-%' AND $1 > 0 GROUP BY track, score
        ON CONFLICT (track, score) DO UPDATE SET people = kept.people + EXCLUDED.people
        """,
    ),
)

ANSWERS = (
    "answers",
    # As many right ones as the attempt counts; the rest fall on three wrong choices.
    """
    INSERT INTO quiz_answer (attempt, question_id, choices, correct, first_ever, answered_at)
    SELECT a.id, 'question-' || q,
           CASE WHEN place < a.correct_answers THEN '{a}'::text[]
                ELSE ARRAY[(ARRAY['b', 'b', 'b', 'c', 'c', 'd'])[1 + (lot + q) % 6]] END,
           place < a.correct_answers, true, a.completed_at
    FROM quiz_attempt a
    CROSS JOIN generate_series(1, 5) AS q
    CROSS JOIN LATERAL (SELECT abs(hashtext(a.id::text) % 1000) AS lot) l
    CROSS JOIN LATERAL (SELECT (lot + q) % 5 AS place) p
    WHERE a.attempt_number = 1 AND a.quiz_id LIKE 'bench-%' AND $1 > 0
    """,
)

# Built afterwards in one go; those of constraints must stay.
SECONDARY_INDEXES = """
    SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition
    FROM pg_index i
    WHERE i.indrelid = ANY (
            ARRAY['quiz_attempt', 'quiz_answer', 'login_session', 'video_progress']::regclass[])
      AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)
"""


async def generate(people: int, videos: list[str], *, answers: bool = False) -> None:
    """Make the people in one transaction, or none at all."""
    steps = (*STEPS, ANSWERS) if answers else STEPS
    arguments = Settings.from_env().require_direct().connect_kwargs()
    connection = await asyncpg.connect(**arguments)
    started = time.perf_counter()
    try:
        async with connection.transaction():
            # The rows are right by construction; a check of each would double the time.
            await connection.execute("SET LOCAL session_replication_role = 'replica'")
            await connection.execute("SET LOCAL work_mem = '256MB'")
            await connection.execute("SET LOCAL maintenance_work_mem = '512MB'")
            indexes = await connection.fetch(SECONDARY_INDEXES)
            for index in indexes:
                await connection.execute(f"DROP INDEX {index['name']}")
            for name, statement in steps:
                begun = time.perf_counter()
                arguments_of_step = [people, videos] if "$2" in statement else [people]
                status = await connection.execute(statement, *arguments_of_step)
                rows = int(status.rsplit(" ", 1)[1])
                print(f"{name:14} {rows:>10,} rows {time.perf_counter() - begun:6.1f} s")
            begun = time.perf_counter()
            for index in indexes:
                await connection.execute(index["definition"])
            print(f"{'indexes':14} {len(indexes):>10,}      {time.perf_counter() - begun:6.1f} s")
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
    print(f"{people:,} people in {time.perf_counter() - started:.1f} s")


def main() -> int:
    from portal.learning.course import load_course

    parser = argparse.ArgumentParser(
        description=__doc__.partition("\n")[0] if __doc__ else "", allow_abbrev=False
    )
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--answers", action="store_true")
    asked = parser.parse_args()
    videos = [video.id for video in load_course().ordered[:30]]
    asyncio.run(generate(asked.people, videos, answers=asked.answers))
    return 0


if __name__ == "__main__":
    sys.exit(main())
