"""An operator restores a backup, and what goes wrong leaves the data that was there."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import signal
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from portal.config.dsn import parse_dsn
from portal.db import embedded as embedded_server
from portal.db.embedded import embedded
from portal.errors import CommandFailed
from portal.ops.backup import pgtools
from portal.ops.backup.restore import restore
from tests.db.migrations import ddl, dump, with_extra_migration
from tests.ops.backups import (
    backed_up,
    change_manifest,
    learn,
    lose_manifest,
    manifest_of,
    plain_dump,
    rows_of,
    run_inside,
    started,
)
from tests.ops.command import SECONDS, only_line, run_portal, until
from tests.support import Database, Portal, execute, settings_for, take_quiz

NEWER = 18


@pytest.fixture
async def learned(portal: Portal) -> Database:
    await learn(portal)
    return portal.database


@contextlib.asynccontextmanager
async def session(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """A connection that is held."""
    dsn = parse_dsn(database.url, variable="DATABASE_URL")
    connection = await asyncpg.connect(**dsn.connect_kwargs())
    try:
        yield connection
    finally:
        await connection.close()


async def test_an_empty_database_becomes_the_same(
    learned: Database, blank: Database, tmp_path: Path
) -> None:
    path = backed_up(learned, tmp_path)
    done = run_portal(blank.url, "restore", str(path))
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    manifest = manifest_of(path)
    rows = sum(manifest["rows"].values())
    assert done.stdout.splitlines() == [
        f"Restored {len(manifest['rows'])} tables with {rows} rows.",
        f"Rows per table and the sum of scores ({manifest['score_total']}) are the manifest's.",
        "Scores against answers: 0 differences.",
    ]
    assert await rows_of(blank) == await rows_of(learned)
    assert dump(blank) == dump(learned), "with the triggers, the rules and the view"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await blank.fetch("TRUNCATE audit_event")
    assert await blank.value("SELECT role FROM \"User\" WHERE externalId = 'alex'") == "learner"
    assert run_portal(blank.url, "migrate", "status").returncode == 0
    done = run_portal(blank.url, "user", "create", "newcomer", "--name", "New", "--no-password")
    assert done.returncode == 0, "sequences go on where they were: " + done.stderr


async def test_only_replace_touches_what_is_there(
    portal: Portal, learned: Database, tmp_path: Path
) -> None:
    path = backed_up(learned, tmp_path)
    at_backup = await rows_of(learned)
    await take_quiz(await portal.signed_in("nina"), wrong=1)
    later = await rows_of(learned)
    refused = run_portal(learned.url, "restore", str(path))
    assert refused.returncode == 1
    assert only_line(refused.stderr) == (
        f"The database is not empty, it holds {len(later)} tables of the portal: --replace"
        " replaces them, and all that is in them, by the backup."
    )
    assert await rows_of(learned) == later != at_backup

    done = run_portal(learned.url, "restore", str(path), "--replace")
    assert done.returncode == 0, done.stderr
    assert "Scores against answers: 0 differences." in done.stdout
    assert await rows_of(learned) == at_backup
    assert (await take_quiz(await portal.signed_in("nina")))["attempt"]["attemptNumber"] == 2


async def test_scores_that_contradict_the_answers_are_told(
    learned: Database, blank: Database, tmp_path: Path
) -> None:
    await execute(learned.url, "UPDATE user_score SET score = 5 WHERE score > 0")
    path = backed_up(learned, tmp_path)
    done = run_portal(blank.url, "restore", str(path))
    assert done.returncode == 1
    assert "user_score alex: score 5 should be 70" in done.stdout
    assert await rows_of(blank) == await rows_of(learned), "restored all the same"


async def test_people_at_work_are_not_run_over(
    learned: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = backed_up(learned, tmp_path)
    before = await rows_of(learned)
    monkeypatch.setattr("portal.ops.backup.restore.LOCK_WAIT", "100ms")
    settings = settings_for(learned.url)
    async with session(learned) as person, person.transaction():
        await person.fetch("SELECT FROM team")
        with pytest.raises(CommandFailed, match="in use: stop the web service first"):
            await asyncio.to_thread(restore, settings, path, replace=True, echo=print)
    assert await rows_of(learned) == before


async def test_not_while_a_migration_runs(database: Database, tmp_path: Path) -> None:
    from portal.db.migrate import LOCK_KEY

    path = backed_up(database, tmp_path)
    async with session(database) as migration:
        await migration.fetch("SELECT pg_advisory_lock($1)", LOCK_KEY)
        for arguments in (("restore", str(path), "--replace"), ("backup", f"{path}.2")):
            done = run_portal(database.url, *arguments)
            assert done.returncode == 1
            assert "is running: try again" in only_line(done.stderr)


# What goes wrong on the way

HOLD_UP = (
    "CREATE SCHEMA hold",
    """CREATE FUNCTION hold.up() RETURNS event_trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_advisory_xact_lock(42); END $$""",
    """CREATE EVENT TRIGGER hold_up ON ddl_command_start WHEN TAG IN ('CREATE TRIGGER')
        EXECUTE FUNCTION hold.up()""",
)
HELD = """
    SELECT count(*) FROM pg_locks
    WHERE locktype = 'advisory' AND objid = 42 AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
async def test_ended_early_the_old_data_is_there(
    learned: Database, tmp_path: Path, number: signal.Signals
) -> None:
    """Ended when the old tables are gone and the new ones are full, without their triggers."""
    path = backed_up(learned, tmp_path)
    await execute(learned.url, "UPDATE team SET name = 'Changed since'", *HOLD_UP)
    before, schema = await rows_of(learned), dump(learned)
    async with session(learned) as holder:
        await holder.fetch("SELECT pg_advisory_lock(42)")
        with started(learned, "restore", str(path), "--replace") as process:
            await until(lambda: holder.fetchval(HELD), "the restore has come to the triggers")
            children = psutil.Process(process.pid).children(recursive=True)
            process.send_signal(number)
            await asyncio.to_thread(process.wait, SECONDS)
            orphans = [child for child in children if child.is_running()]
            output = b"" if orphans else process.communicate()[0]
    assert process.returncode in {130, 143, -signal.SIGKILL}
    assert b"Traceback" not in output
    assert orphans == []

    async def gone() -> bool:
        return bool(await learned.value(HELD) == 0)

    await until(gone, "the server has noticed")
    assert await rows_of(learned) == before
    assert dump(learned) == schema


async def test_a_backup_that_is_not_its_manifest_changes_nothing(
    learned: Database, tmp_path: Path
) -> None:
    path = backed_up(learned, tmp_path)
    await execute(learned.url, "UPDATE team SET name = 'Changed since'")
    before = await rows_of(learned)
    manifest = manifest_of(path)
    people, total = manifest["rows"]["app_user"], manifest["score_total"]
    rows = manifest["rows"] | {"app_user": 99, "lost": 1}
    change_manifest(path, rows=rows, score_total=1)
    done = run_portal(learned.url, "restore", str(path), "--replace")
    assert done.returncode == 1
    assert (
        only_line(done.stderr) == "The backup is not what its manifest says. Nothing was changed."
    )
    assert done.stdout.splitlines()[-3:] == [
        f"app_user: {people} rows, the manifest says 99.",
        "lost: 0 rows, the manifest says 1.",
        f"Sum of scores: {total}, the manifest says 1.",
    ]
    assert await rows_of(learned) == before


@pytest.mark.empty_database
async def test_a_wrong_file_is_not_even_begun_with(database: Database, tmp_path: Path) -> None:
    path = backed_up(database, tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    done = run_portal(database.url, "restore", str(path), "--replace")
    assert (done.returncode, done.stdout) == (1, "")
    assert "is cut short" in only_line(done.stderr)
    lose_manifest(path)
    done = run_portal(database.url, "restore", str(path), "--replace")
    assert done.returncode == 1
    assert "is damaged" in only_line(done.stderr)
    path.write_text("CREATE TABLE plain_sql ();", encoding="utf-8")
    done = run_portal(database.url, "restore", str(path), "--replace")
    assert done.returncode == 1
    assert "is not an archive of pg_dump --format=custom" in only_line(done.stderr)
    assert run_portal(database.url, "migrate", "status").returncode == 0


# Other things in the database


async def test_what_is_not_the_portals_stays(database: Database, tmp_path: Path) -> None:
    path = backed_up(database, tmp_path)
    await execute(
        database.url,
        "CREATE TABLE theirs AS SELECT 1 AS one",
        "CREATE FUNCTION theirs() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    )
    done = run_portal(database.url, "restore", str(path), "--replace")
    assert done.returncode == 0, done.stderr
    assert await database.value("SELECT one + theirs() FROM theirs") == 2

    await execute(database.url, "CREATE VIEW report AS SELECT name FROM team")
    done = run_portal(database.url, "restore", str(path), "--replace")
    assert done.returncode == 1
    line = only_line(done.stderr)
    assert "view report depends on table team" in line
    assert line.endswith("Nothing was changed.")


# Other files and versions


async def test_a_plain_dump_of_the_whole_database_is_restored_uncompared(
    learned: Database, blank: Database, tmp_path: Path
) -> None:
    path = tmp_path / "backup.dump"
    plain_dump(learned, path)
    done = run_portal("", "backup", "verify", str(path))
    assert done.returncode == 1
    assert "backup.dump.json is missing" in only_line(done.stderr)
    for target in (blank, learned):
        done = run_portal(target.url, "restore", str(path), "--replace")
        assert done.returncode == 0, done.stderr
        lines = done.stdout.splitlines()
        assert lines[0] == f"{path} has no manifest (backup.dump.json): it is restored uncompared."
        assert lines[-1] == "Scores against answers: 0 differences."
    assert await rows_of(blank) == await rows_of(learned)


async def test_an_older_schema_is_told(database: Database, blank: Database, tmp_path: Path) -> None:
    done = run_portal(database.url, "migrate", "rollback", "--yes")
    assert done.returncode == 0, done.stderr
    path = backed_up(database, tmp_path)
    done = run_portal(blank.url, "restore", str(path))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == (
        "The backup's schema is 1 migration behind: run portal migrate, then portal scores check."
    )
    assert run_portal(blank.url, "migrate").returncode == 0
    # Over a schema at head, whose later tables and keys would be in the way:
    done = run_portal(blank.url, "restore", str(path), "--replace")
    assert done.returncode == 0, done.stderr
    assert await rows_of(blank) == await rows_of(database)


async def test_a_newer_schema_is_told_and_replaced(
    database: Database, blank: Database, tmp_path: Path
) -> None:
    old = backed_up(database, tmp_path)
    made = ddl("CREATE TABLE later (learner uuid REFERENCES app_user)")
    environment = with_extra_migration(tmp_path, made, backwards=ddl("DROP TABLE later"))
    assert run_portal(database.url, "migrate", **environment).returncode == 0
    new = tmp_path / "new.dump"
    assert run_portal(database.url, "backup", str(new)).returncode == 0
    done = run_portal(blank.url, "restore", str(new))
    assert done.returncode == 0, done.stderr
    assert "The backup's schema is newer than this version" in done.stdout.splitlines()[-1]

    # The release was rolled back, and the backup from before it is restored.
    done = run_portal(database.url, "restore", str(old), "--replace")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "Scores against answers: 0 differences."
    assert set(await rows_of(database)) == set(manifest_of(old)["rows"]), "nothing is left behind"


async def test_into_a_newer_postgresql(
    learned: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if not list(learned.server.binaries.parents[1].glob(f"pginstall{NEWER}")):
        pytest.skip(f"the embedded PostgreSQL has no version {NEWER}")
    path = backed_up(learned, tmp_path)
    monkeypatch.setattr(embedded_server, "VERSION", NEWER)
    with (
        tempfile.TemporaryDirectory(prefix="portal-tests-") as made,
        embedded(Path(made) / "postgres", durable=False) as server,
    ):
        newer = Database.next(server)
        await execute(server.url("postgres"), f"CREATE DATABASE {newer.name}")
        done = run_portal(newer.url, "restore", str(path))
        assert done.returncode == 0, done.stderr
        assert await rows_of(newer) == await rows_of(learned)
        again = tmp_path / "newer"
        again.mkdir()
        manifest = manifest_of(backed_up(newer, again))
        assert pgtools.major(manifest["server_version"]) == NEWER
        assert pgtools.major(manifest["pg_dump_version"]) >= NEWER
        done = run_portal(newer.url, "restore", str(again / "portal.dump"), "--replace")
        assert done.returncode == 0, done.stderr
        assert await rows_of(newer) == await rows_of(learned)


async def test_without_a_tool_the_line_restores_it(
    learned: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = backed_up(learned, tmp_path)
    at_backup = await rows_of(learned)
    await execute(learned.url, "UPDATE team SET name = 'Changed since'")
    monkeypatch.setattr(pgtools, "folders", list)
    with pytest.raises(CommandFailed) as caught:
        await asyncio.to_thread(restore, settings_for(learned.url), path, replace=True, echo=print)
    sentence = caught.value.sentence
    assert sentence.startswith("There is no pg_restore here.")
    line = sentence[sentence.index("docker run --rm ") :]
    assert shlex.split(line)[-2:] == ["<", str(path)]
    run_inside(line, learned.url, learned.server.binaries)
    assert await rows_of(learned) == at_backup
