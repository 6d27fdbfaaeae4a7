"""A known device is kept as a SHA-256, and the ones that nobody used for long can be found."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-27T22:05:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "constraints of known devices"
CONTINUES = "2026-11-27T22:00:00:000000"

FORWARDS = (
    """ALTER TABLE known_device
        ADD CONSTRAINT known_device_token_hash_check CHECK (octet_length(token_hash) = 32)""",
    "CREATE INDEX known_device_last_used_at ON known_device (last_used_at)",
)
BACKWARDS = (
    "DROP INDEX known_device_last_used_at",
    "ALTER TABLE known_device DROP CONSTRAINT known_device_token_hash_check",
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
