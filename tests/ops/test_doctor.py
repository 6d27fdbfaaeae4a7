"""Somebody on duty asks what is wrong, and what mends it."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import asyncpg
import pytest

from portal.config.dsn import parse_dsn
from portal.config.settings import Settings
from portal.ops.doctor.result import CheckResult, fail, ok
from portal.ops.doctor.run import run_checks
from tests.ops.command import free_port, run_portal, running
from tests.pooler import Pooler
from tests.support import Database, execute, portal_environment, settings_for

SECRET = "5up3r-s3cret"

# Runs the doctor in a process where something is different.
PATCHED = "{}\nfrom portal.cli import main\nmain(['doctor'])"


def lines_of(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Returns the findings, after holding the output to its form and the exit code to them."""
    assert done.stderr == ""
    assert SECRET not in done.stdout
    *lines, summary = done.stdout.splitlines()
    for line in lines:
        assert line[:6] in {"ok    ", "note  ", "MEND  "}, line
    mending = sum(line.startswith("MEND") for line in lines)
    assert done.returncode == (1 if mending else 0), done.stdout
    what = "1 thing to mend." if mending == 1 else f"{mending} things to mend."
    assert summary == (what if mending else "Nothing to mend.")
    return lines


def doctor(url: str, **environment: str) -> list[str]:
    return lines_of(run_portal(url, "doctor", **{"PORT": str(free_port()), **environment}))


def mending(lines: Iterable[str]) -> list[str]:
    return [line.removeprefix("MEND  ") for line in lines if line.startswith("MEND")]


def patched(code: str, url: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", PATCHED.format(code)],
        env=portal_environment(url, PORT=str(free_port())),
        capture_output=True,
        text=True,
        check=False,
    )
    return lines_of(done)


async def test_nothing_is_wrong(database: Database) -> None:
    lines = doctor(database.url)
    assert mending(lines) == []
    for start in (
        "ok    Python: 3",
        "ok    settings: all of them can be used",
        "ok    port ",
        f"ok    DATABASE_URL: {database.server.socket_folder}/{database.name}, direct, PostgreSQL",
        "ok    connections: ",
        "ok    database: takes ",
        "ok    clock: ",
        "ok    schema: at head, and what the migrations make",
        "ok    people: there is an admin",
        "note  people: 22 demo accounts can be entered with a public password",
        "ok    course: 8 steps, ",
        "note  SMTP_URL: is not set: managers get no weekly mail.",
        "ok    disk: ",
        "ok    pg_dump: ",
    ):
        assert any(line.startswith(start) for line in lines), (start, lines)


@pytest.mark.parametrize(
    ("environment", "finding"),
    [
        ({"PORT": "abc"}, "settings: PORT must be a whole number from 1 to 65535."),
        (
            {"METRICS_TOKEN": "a", "METRICS_TOKEN_FILE": "/b"},
            "settings: METRICS_TOKEN and METRICS_TOKEN_FILE are both set: keep one of them.",
        ),
        (
            {"ADMIN_PASSWORD": SECRET},
            "settings: ADMIN_EMAIL is missing: ADMIN_PASSWORD is of no use without it.",
        ),
        ({"TRUSTED_PROXIES": "10.0.0.0/8, 0.0.0.0/0"}, "TRUSTED_PROXIES: 0.0.0.0/0 lets strangers"),
        (
            {"PUBLIC_URL": "https://learn.example.com"},
            "people: 22 demo accounts can be entered with a public password: run portal user",
        ),
        (
            {"PUBLIC_URL": "https://learn.example.com", "SEED_DB": "true"},
            "SEED_DB: Demo accounts have public passwords",
        ),
        ({"HOST": "203.0.113.7"}, "port 3000: 203.0.113.7 is no address of this machine"),
        ({"DB_POOL_SIZE": "1000"}, "connections: "),
        (
            {"SMTP_URL": f"smtp://u:{SECRET}@127.0.0.1:9", "PUBLIC_URL": "http://localhost:3000"},
            "SMTP_URL: is of no use without MAIL_FROM: set them, too.",
        ),
        (
            {"SMTP_URL": f"smtp://u:{SECRET}@127.0.0.1:9"},
            "SMTP_URL: The mail server 127.0.0.1:9 does not answer: nothing listens there.",
        ),
    ],
)
async def test_settings_that_are_wrong_or_unwise(
    database: Database, environment: dict[str, str], finding: str
) -> None:
    lines = doctor(
        database.url, **({"PORT": "3000"} if "HOST" in environment else {}), **environment
    )
    assert any(line.startswith(finding) for line in mending(lines)), lines
    assert any(line.startswith("ok    schema") for line in lines), "it goes on all the same"


def test_without_any_address_the_rest_is_still_looked_at(tmp_path: Path) -> None:
    lines = doctor("", CONTENT_DIR=str(tmp_path))
    first, second = mending(lines)
    assert first.startswith("settings: DATABASE_URL is not set")
    assert second.startswith(f"CONTENT_DIR: {tmp_path}/course.json: there is no course.")


def test_an_address_is_never_quoted() -> None:
    lines = doctor(f"postgresql://someone:{SECRET}#x@127.0.0.1/nowhere")
    assert mending(lines)[0].startswith("settings: DATABASE_URL holds a raw")


async def test_a_database_that_is_away(database: Database) -> None:
    url = f"postgresql://someone:{SECRET}@127.0.0.1:1/nowhere"
    (finding,) = mending(doctor(url))
    assert finding.startswith("DATABASE_URL: 127.0.0.1/nowhere cannot be reached, nothing listens")
    finding = mending(doctor(database.url, DATABASE_URL_UNPOOLED=url))[0]
    assert finding.startswith("DATABASE_URL_UNPOOLED: 127.0.0.1/nowhere cannot be reached")
    finding = mending(doctor(database.url.replace(database.name, "nowhere")))[0]
    assert "there is no database of that name. Create it" in finding


def test_a_database_that_says_nothing() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        started = time.monotonic()
        lines = doctor(
            f"postgresql://a:{SECRET}@{host}/x?connect_timeout=60",
            DATABASE_URL_UNPOOLED=f"postgresql://a:{SECRET}@{host}/y",
        )
        assert time.monotonic() - started < 10
    assert [line.partition(" cannot")[0] for line in mending(lines)] == [
        "DATABASE_URL: 127.0.0.1/x",
        "DATABASE_URL_UNPOOLED: 127.0.0.1/y",
    ]


async def test_a_database_that_stops_answering(database: Database) -> None:
    dsn = parse_dsn(database.url, variable="DATABASE_URL")
    connection = await asyncpg.connect(**dsn.connect_kwargs())
    try:
        await connection.execute("BEGIN; LOCK TABLE app_user IN ACCESS EXCLUSIVE MODE")
        started = time.monotonic()
        lines = await asyncio.to_thread(doctor, database.url)
        assert time.monotonic() - started < 10
    finally:
        await connection.close()
    assert any("DATABASE_URL: stopped answering, no answer in time" in line for line in lines)


async def test_the_schema_is_behind_or_changed(database: Database, blank: Database) -> None:
    (finding, *_) = mending(doctor(blank.url))
    assert finding.endswith("migrations behind: run portal migrate.")
    await execute(database.url, "DROP INDEX app_user_email_key")
    assert mending(doctor(database.url)) == [
        "schema: at head, but 1 difference from what the migrations make: portal db diff lists"
        " them."
    ]


@pytest.mark.empty_database
async def test_nobody_can_administer(database: Database) -> None:
    (finding,) = mending(doctor(database.url))
    assert finding.startswith("people: there is no admin: run portal user create")
    lines = doctor(database.url, ADMIN_EMAIL="a@example.com", ADMIN_PASSWORD=SECRET)
    assert mending(lines) == []


async def test_a_pooler_is_recognised_whatever_its_address_says(
    database: Database, pooler: Pooler
) -> None:
    marked = pooler.url(database.name)
    unmarked = marked.removesuffix("&pgbouncer=true")
    good = doctor(marked, DATABASE_URL_UNPOOLED=database.url)
    assert mending(good) == []
    assert sum("pooled, PostgreSQL" in line or "direct, PostgreSQL" in line for line in good) == 2

    (finding,) = mending(doctor(unmarked))
    assert finding == (
        "DATABASE_URL: goes through a transaction pooler, unmarked: add ?pgbouncer=true, and set"
        " DATABASE_URL_UNPOOLED to the direct address."
    )
    (finding,) = mending(doctor(marked, DATABASE_URL_UNPOOLED=unmarked))
    assert finding.startswith("DATABASE_URL_UNPOOLED: goes through a transaction pooler")
    (finding,) = mending(doctor(marked))
    assert finding.startswith("DATABASE_URL_UNPOOLED: is not set, and DATABASE_URL goes through")
    serving = doctor(marked, MIGRATE_ON_START="false")
    assert mending(serving) == []
    assert any("DATABASE_URL_UNPOOLED: not set here" in line for line in serving)
    (finding,) = mending(doctor(marked, MIGRATE_ON_START="false", DATABASE_URL_UNPOOLED=marked))
    assert finding.startswith("DATABASE_URL_UNPOOLED: goes through a connection pooler")
    lines = doctor(f"{database.url}&pgbouncer=true", DATABASE_URL_UNPOOLED=database.url)
    assert (
        "note  DATABASE_URL: counts as pooled, and no pooler is there: with pgbouncer=false it"
        " carries migrations too"
    ) in lines


async def test_what_the_server_warns_of_at_every_connection_is_said(database: Database) -> None:
    await execute(
        database.url,
        f"UPDATE pg_database SET datcollversion = '0.1' WHERE datname = '{database.name}'",
    )
    lines = doctor(database.url)
    (line,) = [line for line in lines if "collation" in line]
    assert "DATABASE_URL: the server " in line
    await execute(
        database.url,
        f"UPDATE pg_database SET datcollversion = NULL WHERE datname = '{database.name}'",
    )
    assert not any("the server" in line for line in doctor(database.url))


async def test_a_collation_that_changed_with_the_system_is_to_be_mended(database: Database) -> None:
    """The server's own warning, in full, from a server that takes its library for another."""
    name = database.name
    await execute(
        database.url,
        "CREATE SCHEMA library",
        "CREATE FUNCTION library.pg_database_collation_actual_version(oid) RETURNS text"
        " LANGUAGE sql AS $$ SELECT '2.0' $$",
        f"ALTER DATABASE {name} SET search_path = public, library, pg_catalog",
        f"UPDATE pg_database SET datcollversion = '1.0' WHERE datname = '{name}'",
    )
    (finding,) = mending(doctor(database.url))
    assert finding == (
        f'DATABASE_URL: the server warns: database "{name}" has a collation version mismatch.'
        " Rebuild all objects in this database that use the default collation and run"
        f" ALTER DATABASE {name} REFRESH COLLATION VERSION, or build PostgreSQL with the right"
        " library version."
    )


async def test_a_role_with_few_connections_left(database: Database) -> None:
    await execute(
        database.url,
        "CREATE ROLE few LOGIN CONNECTION LIMIT 3",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO few",
        "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO few",
    )
    try:
        (finding,) = mending(doctor(database.url.replace("postgres@", "few@")))
    finally:
        await execute(database.url, "DROP OWNED BY few", "DROP ROLE few")
    assert finding.startswith("connections: 2 left, ")


async def test_the_port_is_ours_or_somebody_else_s(database: Database) -> None:
    with running("serve", url=database.url) as server:
        await server.answers("/health/ready")
        lines = await asyncio.to_thread(doctor, database.url, PORT=str(server.port))
        assert f"ok    port {server.port}: a portal answers there, and is ready" in lines
    with socket.socket() as other:
        other.bind(("0.0.0.0", 0))
        other.listen()
        port = other.getsockname()[1]
        (finding,) = mending(doctor(database.url, PORT=str(port)))
    assert finding.startswith(f"port {port}: another process listens there (lsof -i :{port})")


async def test_a_module_that_is_missing_from_the_image_is_named(database: Database) -> None:
    lines = patched("import sys; sys.modules['minijinja'] = None", database.url)
    assert lines[0].startswith("MEND  modules: minijinja cannot be imported (ModuleNotFoundError)")


async def test_clocks_that_differ(database: Database) -> None:
    ahead = "import datetime, portal.clock as c; real = c.now"
    ahead += "; c.now = lambda: real() + datetime.timedelta(minutes=1)"
    (finding,) = mending(patched(ahead, database.url))
    assert finding.startswith("clock: this machine and the database are 60 s apart")


def test_a_check_that_hangs_or_breaks_keeps_nothing_back() -> None:
    never = threading.Event()

    def hanging(_: Settings) -> Iterator[CheckResult]:
        yield ok("first", "said before")
        never.wait()

    def broken(_: Settings) -> Iterator[CheckResult]:
        raise RuntimeError(SECRET)

    def fine(_: Settings) -> Iterator[CheckResult]:
        yield ok("last", "said all the same")

    checks = (("first", hanging), ("second", broken), ("last", fine))
    found = list(run_checks(checks, settings_for("postgresql://a@127.0.0.1/x"), seconds=0.2))
    never.set()
    assert found[0] == ok("first", "said before")
    assert found[1].text.startswith("no answer within 0.2 s")
    assert found[2:] == [
        fail("second", "could not be looked at (RuntimeError)."),
        ok("last", "said all the same"),
    ]
