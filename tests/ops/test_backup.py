"""An operator takes a backup, and finds out whether one can be relied on."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import re
import shlex
import shutil
import signal
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import certifi
import psutil
import pytest

from portal import __version__
from portal.config.dsn import parse_dsn
from portal.db.migrations import migration_ids
from portal.errors import CommandFailed
from portal.ops.backup import pgtools
from portal.ops.backup.dump import backup, verify_backup
from tests.ops.backups import (
    backed_up,
    change_manifest,
    files_in,
    learn,
    lose_manifest,
    manifest_of,
    rows_of,
    run_inside,
    started,
)
from tests.ops.command import SECONDS, STOPPED, only_line, run_portal, until
from tests.support import Database, Portal, settings_for, take_quiz

Damage = Callable[[Path], object]


@pytest.fixture
async def learned(portal: Portal) -> Database:
    await learn(portal)
    return portal.database


async def test_the_manifest_says_what_is_in_the_file(learned: Database, tmp_path: Path) -> None:
    path = backed_up(learned, tmp_path)
    assert files_in(tmp_path) == [path, Path(f"{path}.json")]
    assert {file.stat().st_mode & 0o777 for file in files_in(tmp_path)} == {0o600}
    manifest = manifest_of(path)
    rows = await rows_of(learned)
    assert manifest["rows"] == {table: len(found) for table, found in rows.items()}
    assert manifest["rows"]["quiz_answer"] > 0 < manifest["rows"]["audit_event"]
    assert manifest["score_total"] == await learned.value("SELECT sum(score) FROM user_score") > 0
    assert manifest["migrations"] == migration_ids()
    assert manifest["portal"] == __version__
    assert pgtools.major(manifest["server_version"]) == 16
    assert pgtools.major(manifest["pg_dump_version"]) >= 16
    made_at = datetime.fromisoformat(manifest["made_at"])
    assert made_at.tzinfo == UTC

    done = run_portal("", "backup", "verify", str(path))  # needs no database
    assert done.returncode == 0, done.stderr
    assert only_line(done.stdout).startswith(f"{path}: ok, ")


async def test_people_who_learn_meanwhile_do_not_blur_it(
    portal: Portal, blank: Database, tmp_path: Path
) -> None:
    path = tmp_path / "portal.dump"
    names = ("alex", "mike", "nina", "yuki")
    browsers = [await portal.signed_in(name) for name in names]
    stopped = asyncio.Event()

    async def go_on(number: int) -> None:
        while not stopped.is_set():
            await take_quiz(browsers[number], wrong=number)

    learners = [asyncio.create_task(go_on(number)) for number in range(len(names))]
    done = await asyncio.to_thread(run_portal, portal.database.url, "backup", str(path))
    stopped.set()
    await asyncio.gather(*learners)
    assert done.returncode == 0, done.stderr
    rows = manifest_of(path)["rows"]
    assert rows["quiz_answer"] < await portal.database.value("SELECT count(*) FROM quiz_answer")

    done = await asyncio.to_thread(run_portal, blank.url, "restore", str(path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert {table: len(found) for table, found in (await rows_of(blank)).items()} == rows
    assert "Scores against answers: 0 differences." in done.stdout


@pytest.mark.empty_database
async def test_a_file_is_never_overwritten(database: Database, tmp_path: Path) -> None:
    path = backed_up(database, tmp_path)
    before = path.read_bytes()
    for existing in (path, Path(f"{path}.json")):
        done = run_portal(database.url, "backup", str(path))
        assert (done.returncode, only_line(done.stderr)) == (
            1,
            f"{existing} exists: a backup never overwrites a file.",
        )
        assert not path.exists() or path.read_bytes() == before
        path.unlink(missing_ok=True)


async def test_a_folder_that_is_not_there_and_a_database_without_tables(
    blank: Database, tmp_path: Path
) -> None:
    done = run_portal(blank.url, "backup", str(tmp_path / "none" / "portal.dump"))
    assert done.returncode == 1
    assert only_line(done.stderr).endswith("cannot be written: No such file or directory.")
    done = run_portal(blank.url, "backup", str(tmp_path / "portal.dump"))
    assert done.returncode == 1
    assert "there is nothing to back up" in only_line(done.stderr)
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("command", ["backup", "restore"])
async def test_a_pooled_address_is_refused(command: str, tmp_path: Path) -> None:
    path = tmp_path / "portal.dump"
    if command == "restore":
        path.write_bytes(b"PGDMP")
    done = run_portal("postgresql://me:hunter2@db.local/x?pgbouncer=true", command, str(path))
    assert done.returncode == 1
    assert "DATABASE_URL_UNPOOLED is not set" in only_line(done.stderr)
    assert "hunter2" not in done.stderr


def program(path: Path, script: str) -> Path:
    """Returns a program that runs the script."""
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("password", ["hunter2", "p%40s%5Cs%25%C3%A9", r"p@s:s\n", ""])
def test_a_password_is_on_no_command_line(password: str, tmp_path: Path) -> None:
    url = f"postgresql://me:{password}@db.example.com/x?schema=public&connect_timeout=3"
    dsn = parse_dsn(url, variable="DATABASE_URL")
    assert pgtools.environment(dsn)["PGPASSWORD"] == dsn.password
    line = pgtools.container_line(dsn, 16, "pg_dump", f"> {tmp_path / 'said'}")
    assert not password or password not in line + dsn.libpq_url()

    said = program(tmp_path / "pg_dump", 'printf "%s\\n" "$PGPASSWORD" "$@"')
    run_inside(line, url, said.parent)
    assert (tmp_path / "said").read_text(encoding="utf-8").splitlines() == [
        dsn.password,
        "--no-password",
        f"--dbname={dsn.libpq_url()}",
    ]


# Wrong files


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"x")


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def break_manifest(path: Path) -> None:
    Path(f"{path}.json").write_text('{"size": 1', encoding="utf-8")


def empty_manifest(path: Path) -> None:
    Path(f"{path}.json").write_text("{}", encoding="utf-8")


DAMAGES: tuple[tuple[Damage, str], ...] = (
    (cut, "is cut short: it has "),
    (lengthen, "is longer than it was: it has "),
    (flip, "has changed since it was made: its checksum is not the manifest's."),
    (lose_manifest, "portal.dump.json is missing: "),
    (break_manifest, "portal.dump.json is not a manifest that can be read."),
    (empty_manifest, "portal.dump.json is not a manifest that can be read."),
    (Path.unlink, "portal.dump is not a file."),
)


@pytest.mark.empty_database
async def test_what_is_wrong_with_a_file_is_one_line(database: Database, tmp_path: Path) -> None:
    good = backed_up(database, tmp_path)
    for damage, sentence in DAMAGES:
        folder = tmp_path / damage.__name__
        folder.mkdir()
        bad = Path(shutil.copy(good, folder))
        shutil.copy(f"{good}.json", folder)
        damage(bad)
        done = run_portal("", "backup", "verify", str(bad))
        assert (done.returncode, done.stdout) == (1, "")
        assert sentence in only_line(done.stderr)


@pytest.mark.empty_database
async def test_a_damaged_archive_with_a_fitting_manifest(
    database: Database, tmp_path: Path
) -> None:
    path = backed_up(database, tmp_path)
    content = path.read_bytes()[:200]
    path.write_bytes(content)
    change_manifest(path, size=200, sha256=hashlib.sha256(content).hexdigest())
    done = run_portal("", "backup", "verify", str(path))
    assert done.returncode == 1
    assert "is damaged: pg_restore cannot list what is in it." in only_line(done.stderr)


# No tool


@pytest.fixture
def no_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without PostgreSQL's programs, such as the image."""
    monkeypatch.setattr(pgtools, "folders", list)


async def test_without_a_tool_the_line_makes_the_same_file(
    learned: Database, blank: Database, no_tools: None, tmp_path: Path
) -> None:
    path = tmp_path / "it's portal.dump"
    with pytest.raises(CommandFailed) as caught:
        await asyncio.to_thread(backup, settings_for(learned.url), path, print)
    sentence = caught.value.sentence
    assert "\n" not in sentence
    assert "There is no pg_dump for PostgreSQL 16 here." in sentence
    line = sentence[sentence.index("docker run --rm ") :]
    assert " -e DATABASE_URL postgres:16-alpine bash -c " in line
    assert files_in(tmp_path) == []

    run_inside(line, learned.url, learned.server.binaries)
    done = run_portal(blank.url, "restore", str(path))
    assert done.returncode == 0, done.stderr
    assert await rows_of(blank) == await rows_of(learned)


async def test_a_tool_older_than_the_server_is_none(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for folder, version in (("old", "15.18"), ("new", "19beta1"), ("fitting", "17.2")):
        (tmp_path / folder).mkdir()
        program(tmp_path / folder / "pg_dump", f"echo 'pg_dump (PostgreSQL) {version}'")
    folders = [tmp_path / "old", tmp_path / "new", tmp_path / "fitting", tmp_path / "none"]
    monkeypatch.setattr(pgtools, "folders", lambda: folders)
    dsn = parse_dsn(database.url, variable="DATABASE_URL")
    versions = {major: pgtools.fitting("pg_dump", major, dsn) for major in (15, 16, 19, 20)}
    found = {major: tool and tool.version for major, tool in versions.items()}
    assert found == {15: "15.18", 16: "17.2", 19: "19", 20: None}


@pytest.mark.empty_database
async def test_verify_without_a_tool_says_how_far_it_went(
    database: Database, no_tools: None, tmp_path: Path
) -> None:
    path = backed_up(database, tmp_path)
    said: list[str] = []
    assert verify_backup(path, said.append) == 0
    assert said == [
        f"{path}: its checksum is right. There is no pg_restore here that could list it."
    ]
    flip(path)
    with pytest.raises(CommandFailed):
        verify_backup(path, said.append)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("me:pw@db.example.com/x?schema=public", "postgres:16-alpine bash"),
        ("me:pw@db.example.com/x?sslmode=verify-full", "postgres:16-alpine bash"),
        ("me:pw@db.example.com/x?sslnegotiation=direct", "postgres:17-alpine bash"),
        (
            f"me:pw@db.example.com/x?sslmode=verify-ca&sslrootcert={certifi.where()}",
            f" -v {certifi.where()}:{certifi.where()}:ro -e ",
        ),
        ("me:pw@127.0.0.1:6000/x", " --network host -e "),
        ("me:pw@/x?host=/run/pg", "-v /run/pg:/run/pg -e "),
    ],
)
def test_the_container_gets_there(address: str, expected: str) -> None:
    dsn = parse_dsn(f"postgresql://{address}", variable="DATABASE_URL_UNPOOLED")
    line = pgtools.container_line(dsn, 15 if "verify" in address else 16, "pg_dump", "> x")
    assert expected in line
    assert "schema=public" not in line, "libpq would refuse it"
    assert re.search(r"\bpw\b", line) is None
    assert shlex.split(line)[:3] == ["docker", "run", "--rm"]


# Ended early


@contextlib.asynccontextmanager
async def held_up(database: Database) -> AsyncIterator[None]:
    """Hold what pg_dump reads, and neither the portal nor a new connection does: one may have to
    read every catalogue that has a cache."""
    dsn = parse_dsn(database.url, variable="DATABASE_URL")
    connection = await asyncpg.connect(**dsn.connect_kwargs())
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE pg_catalog.pg_inherits")
            yield
    finally:
        await connection.close()


@pytest.mark.empty_database
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_ended_early_it_leaves_nothing(
    database: Database, tmp_path: Path, number: signal.Signals
) -> None:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_inherits%'"
    waiting += " AND wait_event_type = 'Lock' AND datname = current_database()"
    async with held_up(database):
        with started(database, "backup", str(tmp_path / "portal.dump")) as process:
            await until(lambda: database.value(waiting), "pg_dump reads")
            children = psutil.Process(process.pid).children(recursive=True)
            assert [child.name() for child in children] == ["pg_dump"]
            assert files_in(tmp_path) != []
            process.send_signal(number)
            await asyncio.to_thread(process.wait, SECONDS)
            orphans = [child for child in children if child.is_running()]
            output = b"" if orphans else process.communicate()[0]
    assert process.returncode in STOPPED
    assert b"Traceback" not in output
    assert orphans == []
    assert files_in(tmp_path) == []


async def test_progress_of_a_long_backup_is_told(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("portal.ops.backup.dump.PROGRESS_SECONDS", 0.01)
    said: list[str] = []
    async with held_up(database):
        path = tmp_path / "portal.dump"
        work = asyncio.to_thread(backup, settings_for(database.url), path, said.append)
        task = asyncio.create_task(work)

        async def told() -> bool:
            return len(said) > 1

        await until(told, "progress is told")
    assert await task == 0
    assert re.fullmatch(r"\d+\.\d kB written, 0 of \d+ tables done\.", said[0])
    assert said[-1].startswith(f"{path}: ")
