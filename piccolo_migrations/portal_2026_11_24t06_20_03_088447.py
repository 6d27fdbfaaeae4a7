"""All first tables. The definitions are frozen here: a migration never follows the application.

Constraints, indexes and the view are in the next file, because raw SQL runs before the tables of
its own migration are made.
"""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import (
    JSONB,
    UUID,
    Array,
    BigSerial,
    Boolean,
    Bytea,
    Date,
    ForeignKey,
    Integer,
    OnDelete,
    Text,
    Timestamptz,
)
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.columns.defaults.uuid import UUID4
from piccolo.table import Table

from portal.db.columns import Int4MultiRange

ID = "2026-11-24T06:20:03:088447"
VERSION = "1.38.0"
DESCRIPTION = "first tables"


class Team(Table, tablename="team"):
    id = Text(primary_key=True, default=None, null=False)
    name = Text(default=None, null=False)
    track = Text(default=None, null=False)


class AppUser(Table, tablename="app_user"):
    id = UUID(primary_key=True, default=UUID4())
    external_id = Text(default=None, null=False, unique=True)
    email = Text(default=None, null=True)
    name = Text(default=None, null=False)
    role = Text(default=None, null=False)
    team = ForeignKey(references=Team, on_delete=OnDelete.restrict, null=True, index=True)
    password_hash = Text(default=None, null=True)
    time_zone = Text(default=None, null=True)
    created_at = Timestamptz(default=TimestamptzNow(), null=False)
    disabled_at = Timestamptz(default=None, null=True)
    erased_at = Timestamptz(default=None, null=True)


class LoginSession(Table, tablename="login_session"):
    token_hash = Bytea(primary_key=True, default=None, null=False)
    member = ForeignKey(references=AppUser, on_delete=OnDelete.cascade, null=False, index=True)
    created_at = Timestamptz(default=TimestamptzNow(), null=False)
    expires_at = Timestamptz(default=None, null=False)
    ended_at = Timestamptz(default=None, null=True)
    user_agent = Text(default=None, null=True)


class ActivityDay(Table, tablename="activity_day"):
    id = BigSerial(primary_key=True)
    learner = ForeignKey(references=AppUser, on_delete=OnDelete.cascade, null=False)
    day = Date(default=None, null=False)


class AuditEvent(Table, tablename="audit_event"):
    id = BigSerial(primary_key=True)
    at = Timestamptz(default=TimestamptzNow(), null=False, index=True)
    actor = ForeignKey(references=AppUser, on_delete=OnDelete.restrict, null=True, index=True)
    action = Text(default=None, null=False)
    target = Text(default=None, null=False)
    detail = JSONB(default="{}", null=False)


class Seeded(Table, tablename="seeded"):
    key = Text(primary_key=True, default=None, null=False)
    password_hash = Text(default=None, null=True)
    seeded_at = Timestamptz(default=TimestamptzNow(), null=False)


class RateBucket(Table, tablename="rate_bucket"):
    key = Text(primary_key=True, default=None, null=False)
    window_start = Timestamptz(default=TimestamptzNow(), null=False)
    tries = Integer(default=0, null=False)


class QuizAttempt(Table, tablename="quiz_attempt"):
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
    id = BigSerial(primary_key=True)
    track = Text(default=None, null=False)
    score = Integer(default=None, null=False)
    people = Integer(default=None, null=False)


class VideoProgress(Table, tablename="video_progress"):
    id = BigSerial(primary_key=True)
    learner = ForeignKey(references=AppUser, on_delete=OnDelete.cascade, null=False)
    video_id = Text(default=None, null=False)
    done = Boolean(default=False, null=False)
    self_declared = Boolean(default=False, null=False)
    completed_at = Timestamptz(default=None, null=True)
    position_s = Integer(default=0, null=False)
    duration_s = Integer(default=0, null=False)
    watched = Int4MultiRange(null=False)
    reported_at = Timestamptz(default=None, null=True)
    updated_at = Timestamptz(default=TimestamptzNow(), null=False)


class QuizVersion(Table, tablename="quiz_version"):
    content_hash = Text(primary_key=True, default=None, null=False)
    quiz_id = Text(default=None, null=False)
    body = JSONB(default=None, null=False)
    created_at = Timestamptz(default=TimestamptzNow(), null=False)


class QuizAnswer(Table, tablename="quiz_answer"):
    id = BigSerial(primary_key=True)
    attempt = ForeignKey(references=QuizAttempt, on_delete=OnDelete.cascade, null=False)
    question_id = Text(default=None, null=False)
    choices = Array(base_column=Text(), default=None, null=False)
    correct = Boolean(default=None, null=False)
    first_ever = Boolean(default=None, null=False)
    answered_at = Timestamptz(default=TimestamptzNow(), null=False)


TABLES = (
    Team,
    AppUser,
    LoginSession,
    ActivityDay,
    AuditEvent,
    Seeded,
    RateBucket,
    QuizAttempt,
    UserScore,
    ScoreCount,
    VideoProgress,
    QuizVersion,
    QuizAnswer,
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="portal", description=DESCRIPTION)
    for table in TABLES:
        name, tablename = table.__name__, table._meta.tablename
        manager.add_table(name, tablename=tablename)
        for column in table._meta.columns:
            manager.add_column(
                table_class_name=name,
                tablename=tablename,
                column_name=column._meta.name,
                column_class=type(column),
                params=column._meta.params,
            )
    return manager
