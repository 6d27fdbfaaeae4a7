"""Nothing of the schema: only that a database which is at head without it is brought up once more.

After every migration `portal migrate` settles who may use the tables; see `portal.db.rights`. It
knows the roles that serve, which a migration file does not.
"""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-27T23:40:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "rights of other roles are taken back"


async def forwards() -> MigrationManager:
    return MigrationManager(migration_id=ID, app_name="portal", description=DESCRIPTION)
