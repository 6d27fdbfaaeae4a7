"""The ledger: attempts with their points, and the running total per person."""

from __future__ import annotations

from piccolo.columns import (
    UUID,
    BigSerial,
    Boolean,
    ForeignKey,
    Integer,
    OnDelete,
    Text,
    Timestamptz,
)
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.columns.defaults.uuid import UUID4
from piccolo.table import Table

from portal.accounts.tables import AppUser


class QuizAttempt(Table, tablename="quiz_attempt"):
    """One attempt at a quiz; open while `completed_at` is null, and then without points.

    `content_hash` names the version of the questions that it began with.
    """

    id = UUID(primary_key=True, default=UUID4())
    learner = ForeignKey(references=AppUser, on_delete=OnDelete.restrict, null=False)
    quiz_id = Text(default=None, null=False)
    attempt_number = Integer(default=None, null=False)
    content_hash = Text(default=None, null=False)
    started_at = Timestamptz(default=TimestamptzNow(), null=False)
    completed_at = Timestamptz(default=None, null=True)
    total_questions = Integer(default=None, null=False)
    correct_answers = Integer(default=0, null=False)
    first_try_correct = Integer(default=0, null=False)
    score = Integer(default=0, null=False)


class UserScore(Table, tablename="user_score"):
    """Sums over each quiz's best attempt, written in the transaction that completes an attempt.

    `answered`, `correct` belong to the counted (best) attempts; `first_answered`, `first_correct`
    to first attempts. `ranked` is true for active learners with a completed quiz.
    """

    learner = ForeignKey(
        references=AppUser, on_delete=OnDelete.restrict, null=False, primary_key=True
    )
    track = Text(default=None, null=True)
    ranked = Boolean(default=False, null=False)
    score = Integer(default=0, null=False)
    quizzes_completed = Integer(default=0, null=False)
    answered = Integer(default=0, null=False)
    correct = Integer(default=0, null=False)
    first_answered = Integer(default=0, null=False)
    first_correct = Integer(default=0, null=False)
    updated_at = Timestamptz(default=TimestamptzNow(), null=False)


class ScoreCount(Table, tablename="score_count"):
    """How many ranked people of a track have a score, kept by a trigger on `user_score`.

    A rank is a sum over at most a thousand rows, whatever the number of people.
    """

    id = BigSerial(primary_key=True)
    track = Text(default=None, null=False)
    score = Integer(default=None, null=False)
    people = Integer(default=None, null=False)
