"""Who leads a team and who was on it, what learners report of questions, which mails went out."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
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

ID = "2026-11-28T10:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "who leads which team, stays on teams, reports of questions, mails"


class AppUser(Table, tablename="app_user"):
    id = UUID(primary_key=True, default=UUID4())


class Team(Table, tablename="team"):
    id = Text(primary_key=True, default=None, null=False)


class Leads(Table, tablename="leads"):
    id = BigSerial(primary_key=True)
    member = ForeignKey(references=AppUser, on_delete=OnDelete.cascade, null=False)
    team = ForeignKey(references=Team, on_delete=OnDelete.cascade, null=False, index=True)
    deputy = Boolean(default=False, null=False)
    since = Timestamptz(default=TimestamptzNow(), null=False)


class TeamStay(Table, tablename="team_stay"):
    id = BigSerial(primary_key=True)
    member = ForeignKey(references=AppUser, on_delete=OnDelete.cascade, null=False, index=True)
    team = ForeignKey(references=Team, on_delete=OnDelete.cascade, null=False, index=True)
    since = Timestamptz(default=TimestamptzNow(), null=False)
    until = Timestamptz(default=None, null=True)


class QuestionReport(Table, tablename="question_report"):
    id = BigSerial(primary_key=True)
    learner = ForeignKey(references=AppUser, on_delete=OnDelete.cascade, null=False)
    quiz_id = Text(default=None, null=False)
    question_id = Text(default=None, null=False)
    reason = Text(default=None, null=False)
    created_at = Timestamptz(default=TimestamptzNow(), null=False)


class MailDelivery(Table, tablename="mail_delivery"):
    id = BigSerial(primary_key=True)
    kind = Text(default=None, null=False)
    recipient = ForeignKey(references=AppUser, on_delete=OnDelete.cascade, null=False)
    period = Text(default=None, null=False)
    message_id = Text(default=None, null=False, unique=True)
    state = Text(default=None, null=False)
    tries = Integer(default=0, null=False)
    problem = Text(default=None, null=True)
    created_at = Timestamptz(default=TimestamptzNow(), null=False)
    updated_at = Timestamptz(default=TimestamptzNow(), null=False)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="portal", description=DESCRIPTION)
    for table in (Leads, TeamStay, QuestionReport, MailDelivery):
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
    manager.add_column(
        table_class_name="AppUser",
        tablename="app_user",
        column_name="digest_off_at",
        column_class=Timestamptz,
        params={"default": None, "null": True},
    )
    return manager
