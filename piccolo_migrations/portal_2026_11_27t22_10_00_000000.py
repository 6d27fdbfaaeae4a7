"""Which days a team works."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import Array, SmallInt

ID = "2026-11-27T22:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "working days of teams"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="portal", description=DESCRIPTION)
    # Null says "Monday to Friday": a version that does not know the column goes on.
    manager.add_column(
        table_class_name="Team",
        tablename="team",
        column_name="working_days",
        column_class=Array,
        params={"base_column": SmallInt(), "default": None, "null": True},
    )
    return manager
