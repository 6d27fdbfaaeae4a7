"""Members have been on their team since their account was made, as far as is known."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-28T10:15:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "stays until now, managers lead their teams"
CONTINUES = "2026-11-28T10:10:00:000000"

FORWARDS = (
    """INSERT INTO team_stay (member, team, since)
        SELECT id, team, created_at FROM app_user WHERE team IS NOT NULL
        ON CONFLICT (member) WHERE until IS NULL DO NOTHING""",
    """INSERT INTO leads (member, team)
        SELECT id, team FROM app_user
        WHERE role = 'manager' AND team IS NOT NULL AND erased_at IS NULL
        ON CONFLICT DO NOTHING""",
)
BACKWARDS = (
    """DELETE FROM leads""",
    """DELETE FROM team_stay""",
)


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
