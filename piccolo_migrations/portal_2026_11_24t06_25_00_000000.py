"""What Piccolo's columns cannot say about the first tables: checks, composite and partial indexes,
the append-only audit, and the view that old queries read."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-24T06:25:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "constraints, indexes and the User view"
CONTINUES = "2026-11-24T06:20:03:088447"

FORWARDS = (
    """ALTER TABLE team
        ADD CONSTRAINT team_id_check CHECK (id ~ '^[a-z0-9][a-z0-9._-]*$'),
        ADD CONSTRAINT team_track_check CHECK (track IN ('dev', 'business'))""",
    """ALTER TABLE app_user
        ADD CONSTRAINT app_user_external_id_check
            CHECK (external_id ~ '^[a-z0-9._-]{1,64}$'),
        ADD CONSTRAINT app_user_email_check CHECK (email LIKE '%_@_%'),
        ADD CONSTRAINT app_user_name_check CHECK (name <> ''),
        ADD CONSTRAINT app_user_role_check CHECK (role IN ('learner', 'manager', 'admin'))""",
    # Ids hold no @ and addresses do, so the two are one namespace of login names.
    "CREATE UNIQUE INDEX app_user_email_key ON app_user (lower(email))",
    """ALTER TABLE login_session
        ADD CONSTRAINT login_session_token_hash_check CHECK (octet_length(token_hash) = 32)""",
    "CREATE INDEX login_session_ended_at ON login_session (coalesce(ended_at, expires_at))",
    """ALTER TABLE activity_day
        ADD CONSTRAINT activity_day_learner_day_key UNIQUE (learner, day)""",
    """ALTER TABLE quiz_attempt
        ADD CONSTRAINT quiz_attempt_learner_quiz_number_key
            UNIQUE (learner, quiz_id, attempt_number),
        ADD CONSTRAINT quiz_attempt_content_hash_fkey
            FOREIGN KEY (content_hash) REFERENCES quiz_version ON DELETE RESTRICT,
        ADD CONSTRAINT quiz_attempt_numbers_check CHECK (
            attempt_number >= 1 AND total_questions >= 1
            AND correct_answers BETWEEN 0 AND total_questions
            AND first_try_correct BETWEEN 0 AND correct_answers
            AND score = 10 * correct_answers + 5 * first_try_correct)""",
    """CREATE UNIQUE INDEX quiz_attempt_one_open_key ON quiz_attempt (learner, quiz_id)
        WHERE completed_at IS NULL""",
    "CREATE INDEX quiz_attempt_recent ON quiz_attempt (learner, completed_at DESC)",
    "CREATE INDEX quiz_attempt_content_hash ON quiz_attempt (content_hash)",
    """ALTER TABLE quiz_answer
        ADD CONSTRAINT quiz_answer_attempt_question_key UNIQUE (attempt, question_id),
        ADD CONSTRAINT quiz_answer_choices_check CHECK (cardinality(choices) >= 1)""",
    """ALTER TABLE user_score
        ADD CONSTRAINT user_score_numbers_check CHECK (
            score >= 0 AND quizzes_completed >= 0 AND correct BETWEEN 0 AND answered
            AND first_correct BETWEEN 0 AND first_answered)""",
    """CREATE INDEX user_score_ranking ON user_score (track, score DESC, learner)
        WHERE ranked""",
    """ALTER TABLE score_count
        ADD CONSTRAINT score_count_track_score_key UNIQUE (track, score)""",
    # Rows are locked in the order of the key, so that two people who swap scores cannot deadlock.
    """CREATE FUNCTION score_count_follow() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' AND (OLD.track, OLD.ranked, OLD.score)
                IS NOT DISTINCT FROM (NEW.track, NEW.ranked, NEW.score) THEN
            RETURN NULL;
        END IF;
        INSERT INTO score_count AS kept (track, score, people)
        SELECT track, score, sum(change) FROM (
            SELECT OLD.track, OLD.score, -1 WHERE TG_OP <> 'INSERT' AND OLD.ranked
            UNION ALL
            SELECT NEW.track, NEW.score, 1 WHERE TG_OP <> 'DELETE' AND NEW.ranked
        ) AS changes (track, score, change)
        WHERE track IS NOT NULL
        GROUP BY track, score HAVING sum(change) <> 0 ORDER BY track, score
        ON CONFLICT (track, score) DO UPDATE SET people = kept.people + EXCLUDED.people;
        RETURN NULL;
    END $$""",
    """CREATE TRIGGER score_count_follow AFTER INSERT OR UPDATE OR DELETE ON user_score
        FOR EACH ROW EXECUTE FUNCTION score_count_follow()""",
    """ALTER TABLE video_progress
        ADD CONSTRAINT video_progress_learner_video_key UNIQUE (learner, video_id),
        ADD CONSTRAINT video_progress_numbers_check CHECK (position_s >= 0 AND duration_s >= 0),
        ADD CONSTRAINT video_progress_done_check CHECK (done = (completed_at IS NOT NULL))""",
    "CREATE INDEX video_progress_reported ON video_progress (learner, reported_at DESC)",
    """CREATE FUNCTION audit_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF current_setting('portal.prune', true) = 'on' AND TG_OP = 'DELETE' THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'audit_event is append-only' USING ERRCODE = 'insufficient_privilege';
    END $$""",
    """CREATE TRIGGER audit_event_keep BEFORE UPDATE OR DELETE ON audit_event
        FOR EACH ROW EXECUTE FUNCTION audit_event_append_only()""",
    """CREATE TRIGGER audit_event_keep_all BEFORE TRUNCATE ON audit_event
        FOR EACH STATEMENT EXECUTE FUNCTION audit_event_append_only()""",
    # Unquoted, externalId is externalid: the runbook's query works as it is typed.
    """CREATE VIEW "User" AS
        SELECT id, external_id AS externalid, name, role, email, team AS teamid,
               created_at AS createdat
        FROM app_user WHERE erased_at IS NULL""",
    # A view of one table could be written through; this one is for reading.
    """CREATE RULE user_no_insert AS ON INSERT TO "User" DO INSTEAD NOTHING""",
    """CREATE RULE user_no_update AS ON UPDATE TO "User" DO INSTEAD NOTHING""",
    """CREATE RULE user_no_delete AS ON DELETE TO "User" DO INSTEAD NOTHING""",
)

BACKWARDS = (
    'DROP VIEW "User"',
    "DROP TRIGGER audit_event_keep_all ON audit_event",
    "DROP TRIGGER audit_event_keep ON audit_event",
    "DROP FUNCTION audit_event_append_only()",
    "DROP INDEX video_progress_reported",
    """ALTER TABLE video_progress
        DROP CONSTRAINT video_progress_learner_video_key,
        DROP CONSTRAINT video_progress_numbers_check,
        DROP CONSTRAINT video_progress_done_check""",
    "DROP TRIGGER score_count_follow ON user_score",
    "DROP FUNCTION score_count_follow()",
    "ALTER TABLE score_count DROP CONSTRAINT score_count_track_score_key",
    "DROP INDEX user_score_ranking",
    "ALTER TABLE user_score DROP CONSTRAINT user_score_numbers_check",
    """ALTER TABLE quiz_answer
        DROP CONSTRAINT quiz_answer_attempt_question_key,
        DROP CONSTRAINT quiz_answer_choices_check""",
    "DROP INDEX quiz_attempt_content_hash",
    "DROP INDEX quiz_attempt_recent",
    "DROP INDEX quiz_attempt_one_open_key",
    """ALTER TABLE quiz_attempt
        DROP CONSTRAINT quiz_attempt_learner_quiz_number_key,
        DROP CONSTRAINT quiz_attempt_content_hash_fkey,
        DROP CONSTRAINT quiz_attempt_numbers_check""",
    "ALTER TABLE activity_day DROP CONSTRAINT activity_day_learner_day_key",
    "DROP INDEX login_session_ended_at",
    "ALTER TABLE login_session DROP CONSTRAINT login_session_token_hash_check",
    "DROP INDEX app_user_email_key",
    """ALTER TABLE app_user
        DROP CONSTRAINT app_user_external_id_check,
        DROP CONSTRAINT app_user_email_check,
        DROP CONSTRAINT app_user_name_check,
        DROP CONSTRAINT app_user_role_check""",
    """ALTER TABLE team
        DROP CONSTRAINT team_id_check,
        DROP CONSTRAINT team_track_check""",
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
