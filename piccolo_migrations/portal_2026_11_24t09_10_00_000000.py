"""What may leave the audit: only what is older than a cut that the same transaction records."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-24T09:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "pruning the audit is itself audited"
ACCEPTED = {
    "changes function audit_event_append_only()": "What serves only adds to the audit. Of the"
    " version before, `portal prune` alone is refused, and removes nothing.",
}
DROPS: tuple[str, ...] = ()

# now() is the start of the transaction, so an event with exactly this time was written by it, and
# stands or falls with the deletion. `portal prune` writes one; no setting of a session opens this.
FORWARDS = """
    CREATE OR REPLACE FUNCTION audit_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' THEN
            IF OLD.at < now() - interval '24 hours' AND EXISTS (
                SELECT FROM audit_event AS pruning
                WHERE pruning.at = now() AND pruning.action = 'prune'
                  AND (pruning.detail ->> 'before')::timestamptz > OLD.at
            ) THEN
                RETURN OLD;
            END IF;
        END IF;
        RAISE EXCEPTION 'audit_event is append-only' USING ERRCODE = 'insufficient_privilege';
    END $$"""

BACKWARDS = """
    CREATE OR REPLACE FUNCTION audit_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF current_setting('portal.prune', true) = 'on' AND TG_OP = 'DELETE' THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'audit_event is append-only' USING ERRCODE = 'insufficient_privilege';
    END $$"""


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
