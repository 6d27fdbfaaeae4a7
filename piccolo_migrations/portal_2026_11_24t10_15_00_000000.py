"""One tick for each learner and task; its index also finds the ticks of a learner."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-24T10:15:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "constraints of practice ticks"
CONTINUES = "2026-11-24T10:10:00:000000"

FORWARDS = """
    ALTER TABLE practice_tick
        ADD CONSTRAINT practice_tick_learner_item_key UNIQUE (learner, item),
        ADD CONSTRAINT practice_tick_item_check CHECK (item <> '')"""
BACKWARDS = """
    ALTER TABLE practice_tick
        DROP CONSTRAINT practice_tick_learner_item_key,
        DROP CONSTRAINT practice_tick_item_check"""


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
