"""From here on stays on teams are kept."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-28T10:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "stays on teams are kept"
CONTINUES = "2026-11-28T10:05:00:000000"
ACCEPTED = {
    "adds trigger team_stay_follow of app_user": "It writes with its owner's rights, into a table"
    " that the version before does not know.",
}

FORWARDS = (
    """CREATE TRIGGER team_stay_follow AFTER INSERT OR UPDATE OF team ON app_user
        FOR EACH ROW EXECUTE FUNCTION team_stay_follow()""",
)
BACKWARDS = ("""DROP TRIGGER team_stay_follow ON app_user""",)


async def _run(statements: tuple[str, ...]) -> None:
    engine = engine_finder()
    assert engine is not None
    for statement in statements:
        await engine.run_ddl(statement)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="portal", description=DESCRIPTION)

    async def add() -> None:
        await _run(FORWARDS)

    async def remove() -> None:
        await _run(BACKWARDS)

    manager.add_raw(add)
    manager.add_raw_backwards(remove)
    return manager
