"""The only writer of totals. Every function here runs inside the caller's transaction."""

from __future__ import annotations

import zlib
from uuid import UUID

from portal import clock
from portal.db import sql
from portal.scoring import queries, rules

# Changes to one person pass the gate together; a change to a whole team takes it alone, because it
# touches the counts of many scores and could deadlock with a learner whose score changes meanwhile.
GATE = zlib.crc32(b"portal:ranking")

_LOCK = """
    WITH gate AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared($2))
    SELECT 1 FROM gate, user_score s WHERE s.learner = $1 FOR UPDATE OF s
"""
_FIRST = """
    INSERT INTO user_score (learner, track, ranked)
    SELECT u.id, t.track, false FROM app_user u LEFT JOIN team t ON t.id = u.team WHERE u.id = $1
    ON CONFLICT (learner) DO NOTHING
"""
# The interpolated part is a constant of queries.
_WRITE = f"""
    UPDATE user_score SET
        score = $2, quizzes_completed = $3, answered = $4, correct = $5, first_answered = $6,
        first_correct = $7, updated_at = $8, track = person.track,
        ranked = person.may_be_ranked AND $3 > 0
    FROM (SELECT u.id, t.track, {queries.MAY_BE_RANKED} AS may_be_ranked
          FROM app_user u LEFT JOIN team t ON t.id = u.team WHERE u.id = $1) person
    WHERE learner = person.id
"""  # noqa: S608


async def lock_total(learner: UUID) -> None:
    """Lock the person's row of totals, which is made when it is missing.

    Everything that answers or completes takes this lock first, so one person's writes happen one
    after the other, and attempt numbers cannot race.
    """
    if not await sql.execute(_LOCK, learner, GATE):
        await sql.execute(_FIRST, learner)
        await sql.execute(_LOCK, learner, GATE)


async def lock_ranking() -> None:
    """Wait until nobody's total is being changed, then keep others out until the commit."""
    await sql.execute("SELECT pg_advisory_xact_lock($1)", GATE)


async def recompute(learner: UUID) -> rules.Totals:
    """Write the totals anew from all completed attempts, and return them. It heals itself: what was
    wrong before is right afterwards."""
    totals = rules.totals(await queries.completed_attempts_of(learner))
    await sql.execute(
        _WRITE,
        learner,
        totals.score,
        totals.quizzes_completed,
        totals.answered,
        totals.correct,
        totals.first_answered,
        totals.first_correct,
        clock.now(),
    )
    return totals
