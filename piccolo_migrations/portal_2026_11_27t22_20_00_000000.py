"""How many new seconds of video each learner may report, and how a video was refused."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import UUID, ForeignKey, Integer, OnDelete, Timestamptz
from piccolo.columns.defaults.uuid import UUID4
from piccolo.table import Table

ID = "2026-11-27T22:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "allowance of watched seconds, status of refused videos"


class AppUser(Table, tablename="app_user"):
    id = UUID(primary_key=True, default=UUID4())


class WatchAllowance(Table, tablename="watch_allowance"):
    learner = ForeignKey(
        references=AppUser, on_delete=OnDelete.cascade, null=False, primary_key=True
    )
    full_at = Timestamptz(default=None, null=False)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="portal", description=DESCRIPTION)
    table = WatchAllowance
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
        table_class_name="EmbedCheck",
        tablename="embed_check",
        column_name="status",
        column_class=Integer,
        params={"default": None, "null": True},
    )
    return manager
