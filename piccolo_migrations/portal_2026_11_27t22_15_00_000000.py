"""Working days are some of the seven, from Monday, 1, to Sunday, 7."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-27T22:15:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "check of the working days of teams"
ACCEPTED = {
    "reads all of team while requests wait": "There are tens of teams: it takes a millisecond.",
}
CONTINUES = "2026-11-27T22:10:00:000000"

FORWARDS = """
    ALTER TABLE team ADD CONSTRAINT team_working_days_check CHECK (
        array_ndims(working_days) = 1 AND cardinality(working_days) BETWEEN 1 AND 7
        AND working_days <@ '{1,2,3,4,5,6,7}'::smallint[])"""
BACKWARDS = "ALTER TABLE team DROP CONSTRAINT team_working_days_check"


async def _run(statement: str) -> None:
    engine = engine_finder()
    assert engine is not None
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
