"""Versions of quizzes that somebody has taken, and the answers given."""

from __future__ import annotations

from piccolo.columns import (
    JSONB,
    Array,
    BigSerial,
    Boolean,
    ForeignKey,
    OnDelete,
    Text,
    Timestamptz,
)
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table

from portal.accounts.tables import AppUser
from portal.scoring.tables import QuizAttempt


class QuizVersion(Table, tablename="quiz_version"):
    """The questions as they were when the first attempt on this version began."""

    content_hash = Text(primary_key=True, default=None, null=False)
    quiz_id = Text(default=None, null=False)
    body = JSONB(default=None, null=False)
    created_at = Timestamptz(default=TimestamptzNow(), null=False)


class QuizAnswer(Table, tablename="quiz_answer"):
    """A committed answer; it never changes. `first_ever`: the learner's first to this question."""

    id = BigSerial(primary_key=True)
    attempt = ForeignKey(references=QuizAttempt, on_delete=OnDelete.cascade, null=False)
    question_id = Text(default=None, null=False)
    choices = Array(base_column=Text(), default=None, null=False)
    correct = Boolean(default=None, null=False)
    first_ever = Boolean(default=None, null=False)
    answered_at = Timestamptz(default=TimestamptzNow(), null=False)


class QuestionReport(Table, tablename="question_report"):
    """What a learner says is wrong with a question already answered: once, in their words."""

    id = BigSerial(primary_key=True)
    learner = ForeignKey(references=AppUser, on_delete=OnDelete.cascade, null=False)
    quiz_id = Text(default=None, null=False)
    question_id = Text(default=None, null=False)
    reason = Text(default=None, null=False)
    created_at = Timestamptz(default=TimestamptzNow(), null=False)
