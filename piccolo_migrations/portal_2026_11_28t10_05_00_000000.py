"""Constraints of the tables before, and the trigger that keeps stays on teams."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-28T10:05:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "constraints of leads, stays, reports and mails"
CONTINUES = "2026-11-28T10:00:00:000000"

FORWARDS = (
    """ALTER TABLE leads ADD CONSTRAINT leads_member_team_key UNIQUE (member, team)""",
    """ALTER TABLE team_stay
        ADD CONSTRAINT team_stay_order_check CHECK (until IS NULL OR until >= since)""",
    """CREATE UNIQUE INDEX team_stay_present ON team_stay (member) WHERE until IS NULL""",
    """ALTER TABLE question_report
        ADD CONSTRAINT question_report_once_key UNIQUE (learner, quiz_id, question_id),
        ADD CONSTRAINT question_report_reason_check CHECK (length(reason) BETWEEN 1 AND 500)""",
    """CREATE INDEX question_report_question ON question_report (quiz_id, question_id)""",
    """ALTER TABLE mail_delivery
        ADD CONSTRAINT mail_delivery_once_key UNIQUE (recipient, kind, period),
        ADD CONSTRAINT mail_delivery_state_check
            CHECK (state IN ('sending', 'sent', 'failed', 'unknown'))""",
    """CREATE FUNCTION team_stay_follow() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    BEGIN
        IF TG_OP = 'UPDATE' THEN
            IF OLD.team IS NOT DISTINCT FROM NEW.team THEN
                RETURN NULL;
            END IF;
            UPDATE team_stay SET until = greatest(since, now())
            WHERE member = NEW.id AND until IS NULL;
        END IF;
        IF NEW.team IS NOT NULL THEN
            INSERT INTO team_stay (member, team, since) VALUES (NEW.id, NEW.team,
                CASE TG_OP WHEN 'INSERT' THEN NEW.created_at ELSE now() END);
        END IF;
        RETURN NULL;
    END $$""",
)
BACKWARDS = (
    """DROP FUNCTION team_stay_follow()""",
    """ALTER TABLE mail_delivery
        DROP CONSTRAINT mail_delivery_once_key, DROP CONSTRAINT mail_delivery_state_check""",
    """DROP INDEX question_report_question""",
    """ALTER TABLE question_report
        DROP CONSTRAINT question_report_once_key, DROP CONSTRAINT question_report_reason_check""",
    """DROP INDEX team_stay_present""",
    """ALTER TABLE team_stay DROP CONSTRAINT team_stay_order_check""",
    """ALTER TABLE leads DROP CONSTRAINT leads_member_team_key""",
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
