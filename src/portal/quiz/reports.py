"""A learner says that something is wrong with a question already answered: once, with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from portal.db import sql
from portal.errors import Conflict, Invalid, NotFound
from portal.learning.course import Quiz
from portal.web.actor import Actor
from portal.web.counters import count
from portal.web.rate_limit import acquire, bucket

MAX_REASON: Final = 500  # characters, as the table holds
PER_HOUR: Final = 20
OTHER: Final = "other"
# Turn the direction of what stands around them: \u202a to \u202e, \u2066 to \u2069.
_TURNING: Final = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
REASONS: Final[Mapping[str, str]] = {
    "key": "The answer marked right is wrong",
    "unclear": "The question is unclear",
    "missing": "The video does not say it",
    "dated": "It is out of date",
    OTHER: "Something else",
}

# One statement: only what this learner has answered, in any attempt, and only once.
_REPORT = """
    WITH answered AS (
        SELECT FROM quiz_attempt a JOIN quiz_answer w ON w.attempt = a.id
        WHERE a.learner = $1 AND a.quiz_id = $2 AND w.question_id = $3 LIMIT 1
    ), kept AS (
        INSERT INTO question_report (learner, quiz_id, question_id, reason)
        SELECT $1, $2, $3, $4 FROM answered
        ON CONFLICT (learner, quiz_id, question_id) DO NOTHING RETURNING id
    )
    SELECT EXISTS (SELECT FROM answered) AS answered, EXISTS (SELECT FROM kept) AS kept
"""


def reason_of(choice: str, words: str) -> str:
    """Returns the reason that a form gives, by a usual one, own words, or both; `Invalid` without
    either."""
    usual = REASONS.get(choice)
    if usual is None:
        raise Invalid(details={"reason": "Choose what is wrong."})
    if choice != OTHER:
        return f"{usual}: {words}" if words else usual
    if not words:
        raise Invalid(details={"reason": "Say in a few words what is wrong."})
    return words


async def report_question(actor: Actor, quiz: Quiz, question_id: str, reason: str) -> None:
    """Keep what the actor says of a question. `Invalid` for a reason that is empty, too long or not
    text, `NotFound` for an unknown question, `Conflict` for one that the actor has not answered or
    has reported already, `RateLimited` after twenty within an hour."""
    reason = reason.translate(_TURNING).strip()
    if not reason:
        raise Invalid(details={"reason": "Say in a few words what is wrong."})
    if len(reason) > MAX_REASON:
        raise Invalid(details={"reason": f"Use at most {MAX_REASON} characters."})
    if "\0" in reason:
        raise Invalid(details={"reason": "The text holds a character that cannot be stored."})
    await acquire({bucket("report", str(actor.user_id)): PER_HOUR}, timedelta(hours=1))
    row = (await sql.execute(_REPORT, actor.user_id, quiz.video_id, question_id, reason))[0]
    if not row["answered"]:
        if all(question.id != question_id for question in quiz.questions):
            raise NotFound("This quiz has no such question.")
        raise Conflict("Answer this question first. Then you can report it.")
    if not row["kept"]:
        raise Conflict("You have reported this question already.")
    count("question_reports")
