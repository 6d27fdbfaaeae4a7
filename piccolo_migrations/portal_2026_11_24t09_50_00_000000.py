"""What the providers of the videos said about showing them on other sites."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import Boolean, Text, Timestamptz
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table

ID = "2026-11-24T09:50:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "embed checks"


class EmbedCheck(Table, tablename="embed_check"):
    video_id = Text(primary_key=True, default=None, null=False)
    reference = Text(default=None, null=False)
    refused = Boolean(default=None, null=False)
    detail = Text(default=None, null=False)
    checked_at = Timestamptz(default=TimestamptzNow(), null=False)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="portal", description=DESCRIPTION)
    table = EmbedCheck
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
