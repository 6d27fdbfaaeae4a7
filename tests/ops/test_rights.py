"""One role owns the tables, another serves, and whoever else the provider lets in gets nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from portal.db.embedded import Embedded
from tests.db.migrations import ddl, with_extra_migration
from tests.ops.backups import backed_up
from tests.ops.command import blank_database, only_line, run_portal, running, until
from tests.support import PASSWORDS, Database, execute, take_quiz

OWNER, APP, ANON, LOGGED_IN, READER = "the owner", 'app "1"', "anon", "authenticated", "reader"
ROLES = (OWNER, APP, ANON, LOGGED_IN, READER)
URL_NAMES = {OWNER: "the%20owner", APP: "app%20%221%22"}
# What anyone is able to do with people's data, or with the view of them.
ATTEMPTS = (
    "SELECT password_hash FROM app_user",
    "UPDATE app_user SET role = 'admin'",
    'SELECT * FROM "User"',
    "INSERT INTO team (id, name, track) VALUES ('x', 'X', 'dev')",
    "TRUNCATE rate_bucket",
    "DELETE FROM login_session",
    "SELECT nextval('activity_day_id_seq')",
    "SELECT name FROM migration",
)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def as_role(database: Database, role: str) -> str:
    return database.url.replace("postgres@", f"{URL_NAMES.get(role, role)}@")


@pytest.fixture
async def roles(server: Embedded) -> AsyncIterator[None]:
    """Roles belong to the whole server; databases are dropped before them."""
    admin = server.url("postgres")
    for role in ROLES:
        login = "NOLOGIN" if role in (ANON, LOGGED_IN) else "LOGIN"
        await execute(admin, f"CREATE ROLE {quoted(role)} {login}")
    yield
    for role in ROLES:
        await execute(admin, f"DROP ROLE {quoted(role)}")


@pytest.fixture
async def provided(roles: None, server: Embedded) -> AsyncIterator[Database]:
    """A database as Supabase hands it out, whose owner is no superuser."""
    async with blank_database(server) as made:
        owner, to = quoted(OWNER), f"TO {ANON}, {LOGGED_IN}"
        defaults = f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner}"
        await execute(
            made.url,
            f"ALTER DATABASE {made.name} OWNER TO {owner}",
            f"ALTER SCHEMA public OWNER TO {owner}",
            f"GRANT USAGE ON SCHEMA public {to}",
            *(
                f"{defaults} IN SCHEMA public GRANT ALL ON {kind} {to}"
                for kind in ("TABLES", "SEQUENCES", "FUNCTIONS")
            ),
            f"{defaults} GRANT SELECT ON TABLES TO PUBLIC",
            f"{defaults} GRANT SELECT ON TABLES {to}",
        )
        yield made


async def can(database: Database, role: str) -> list[str]:
    """Returns what a role is able to do of `ATTEMPTS`."""
    connection = await asyncpg.connect(
        host=str(database.server.socket_folder), user="postgres", database=database.name
    )
    done = []
    try:
        for attempt in ATTEMPTS:
            try:
                async with connection.transaction():
                    await connection.execute(f"SET LOCAL ROLE {quoted(role)}")
                    await connection.execute(attempt)
                    raise ZeroDivisionError
            except ZeroDivisionError:
                done.append(attempt)
            except asyncpg.InsufficientPrivilegeError:
                pass
    finally:
        await connection.close()
    return done


async def migrated(database: Database, **environment: str) -> None:
    done = run_portal(as_role(database, OWNER), "migrate", **environment)
    assert done.returncode == 0, done.stderr


async def test_nobody_else_is_let_in(provided: Database) -> None:
    await migrated(provided)
    assert await can(provided, ANON) == []
    assert await can(provided, LOGGED_IN) == []
    assert await can(provided, READER) == [], "nor is PUBLIC"
    assert len(await can(provided, OWNER)) == len(ATTEMPTS)
    check = run_portal(as_role(provided, OWNER), "db", "check")
    assert check.returncode == 0, check.stdout


async def test_a_database_from_before_is_closed_by_the_next_migration(
    provided: Database,
) -> None:
    owner = as_role(provided, OWNER)
    await migrated(provided)
    assert run_portal(owner, "migrate", "rollback").returncode == 0
    await execute(
        provided.url,
        f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {ANON}, PUBLIC",
        f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {ANON}",
        f"GRANT SELECT (password_hash) ON app_user TO {READER}",
        "CREATE TABLE somebody_else_s (id int)",
        f"GRANT SELECT ON somebody_else_s TO {ANON}",
    )
    assert len(await can(provided, ANON)) == len(ATTEMPTS)
    await migrated(provided)
    assert await can(provided, ANON) == await can(provided, READER) == []
    theirs = "SELECT has_table_privilege($1, 'somebody_else_s', 'SELECT')"
    assert await provided.value(theirs, ANON)


async def test_new_tables_are_closed_and_served(provided: Database, tmp_path: Path) -> None:
    """As long as a migration makes them that this version knows; so it is for all of ours."""
    await migrated(provided, DATABASE_URL_UNPOOLED=as_role(provided, OWNER))
    environment = with_extra_migration(tmp_path, ddl("SELECT 1"))
    await migrated(provided, **environment)
    kept = "SELECT has_table_privilege($1, 'half_done', 'SELECT')"
    assert not await provided.value(kept, ANON), "no default grant is left"


async def test_the_role_that_serves_has_what_it_needs_and_no_more(provided: Database) -> None:
    app, owner = as_role(provided, APP), as_role(provided, OWNER)
    done = run_portal(app, "migrate", DATABASE_URL_UNPOOLED=owner)
    assert done.returncode == 0, done.stderr
    assert await can(provided, APP) == [
        attempt
        for attempt in ATTEMPTS
        if not attempt.startswith(("TRUNCATE", 'SELECT * FROM "User"'))
    ]
    for refused in (
        "DELETE FROM audit_event",
        "UPDATE migration SET name = ''",
        "CREATE TABLE x()",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await execute(app, refused)
    check = run_portal(app, "db", "check", DATABASE_URL_UNPOOLED=owner)
    assert check.returncode == 0, check.stdout


async def test_people_learn_while_the_owner_migrates(provided: Database, tmp_path: Path) -> None:
    app, owner = as_role(provided, APP), as_role(provided, OWNER)
    both = {"DATABASE_URL_UNPOOLED": owner}
    for arguments in (("migrate",), ("seed",)):
        done = run_portal(app, *arguments, **both)
        assert done.returncode == 0, done.stderr
    with running("serve", url=app, MIGRATE_ON_START="false", **both) as portal:
        await portal.answers("/health/ready")
        async with portal.browser() as browser:
            body = {"username": "alex", "password": PASSWORDS["alex"]}
            answer = await browser.post("/api/auth/login", json=body)
            assert answer.status_code == 200, answer.text
            # The process that migrates knows the owner only.
            environment = with_extra_migration(tmp_path, ddl("SELECT pg_sleep(0.3)"))
            migrating = asyncio.create_task(
                asyncio.to_thread(run_portal, owner, "migrate", **environment)
            )
            attempt = await take_quiz(browser)
            done = await migrating
            assert done.returncode == 0, done.stderr
            assert attempt["totalScore"] > 0
            assert (await take_quiz(browser))["attempt"]["attemptNumber"] == 2
            assert (await browser.post("/api/auth/logout")).status_code == 200
        assert "Traceback" not in portal.output()
        assert "InsufficientPrivilege" not in portal.output()
    for words in ("user disable helen", "scores check", "scores rebuild"):
        done = run_portal(app, *words.split(), **both)
        assert done.returncode == 0, (words, done.stderr)


@pytest.mark.parametrize("group", [False, True], ids=["itself", "by a group"])
async def test_who_served_before_is_not_locked_out(provided: Database, group: bool) -> None:
    """Rights that somebody gave by hand, and a release that has the owner's address only."""
    owner = as_role(provided, OWNER)
    await migrated(provided)
    assert run_portal(owner, "migrate", "rollback").returncode == 0
    holder = READER if group else APP
    await execute(
        provided.url,
        f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {quoted(holder)}, {ANON}",
        f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {quoted(holder)}",
        "COMMENT ON TABLE migration IS NULL",
        *([f"GRANT {READER} TO {quoted(APP)}"] if group else []),
    )
    await migrated(provided)
    assert "DELETE FROM login_session" in await can(provided, APP)
    assert await can(provided, ANON) == []
    check = run_portal(as_role(provided, APP), "db", "check", DATABASE_URL_UNPOOLED=owner)
    assert check.returncode == 0, check.stdout


async def test_missing_rights_are_one_sentence(provided: Database) -> None:
    app, owner = as_role(provided, APP), as_role(provided, OWNER)
    both = {"DATABASE_URL_UNPOOLED": owner}
    await migrated(provided)
    sentence = f"The role {APP} of DATABASE_URL lacks rights on "
    check = run_portal(app, "db", "check", **both)
    assert check.returncode == 1
    assert sentence in check.stdout.splitlines()[0], check.stdout + check.stderr
    assert "schema at head" in check.stdout.splitlines()[1]
    with running("serve", url=app) as portal:  # has no other address
        assert await portal.ended() == 1
        assert "Traceback" not in portal.output()
        assert "DATABASE_URL_UNPOOLED" in portal.output()
    for arguments in (("migrate",), ("migrate", "status"), ("prune",)):
        line = only_line(run_portal(app, *arguments).stderr)
        assert "role of DATABASE_URL may not do this" in line, line
    lines = run_portal(app, "doctor", **both, PORT="0").stdout
    assert f"MEND  rights: {sentence}" in lines, lines

    with running("serve", url=app, MIGRATE_ON_START="false", **both) as portal:

        async def told() -> bool:
            return sentence in portal.output()

        await until(told, "it says what it waits for")
        assert run_portal(owner, "db", "grants", APP, "--apply").returncode == 0
        await portal.answers("/health/ready")

    with running("serve", url=app, **both) as portal:  # this one may give them itself
        await portal.answers("/health/ready")


async def test_grants_are_printed_and_applied(provided: Database) -> None:
    app, owner = as_role(provided, APP), as_role(provided, OWNER)
    await migrated(provided)
    await execute(provided.url, f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {quoted(APP)}")
    printed = run_portal(owner, "db", "grants", APP)
    assert printed.returncode == 0, printed.stderr
    lines = printed.stdout.splitlines()
    assert (lines[0], lines[-1]) == ("BEGIN;", "COMMIT;")
    assert any("GRANT SELECT, INSERT ON TABLE public.audit_event" in line for line in lines)
    assert await can(provided, APP) != [], "printing changes nothing"
    applied = run_portal(owner, "db", "grants", APP, "--apply")
    assert applied.returncode == 0, applied.stderr
    assert only_line(applied.stdout).endswith(f" {len(lines) - 2} statements were run.")
    assert "TRUNCATE rate_bucket" not in await can(provided, APP)
    rights = (
        "SELECT relname, relacl::text FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    )
    by_us = sorted(map(tuple, await provided.fetch(rights)))
    await execute(provided.url, f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {quoted(APP)}")
    await execute(owner, *(line.removesuffix(";") for line in lines[1:-1]))
    assert sorted(map(tuple, await provided.fetch(rights))) == by_us, "what is printed is run"
    check = run_portal(app, "db", "check", DATABASE_URL_UNPOOLED=owner)
    assert check.returncode == 0, check.stdout


async def test_a_role_that_gets_no_grants_is_told(provided: Database) -> None:
    owner = as_role(provided, OWNER)
    await migrated(provided)
    for role, told in (
        ("nobody", "There is no role nobody on this server"),
        ("postgres", "The role postgres is a superuser"),
        (OWNER, f"The role {OWNER} owns the tables"),
    ):
        done = run_portal(owner, "db", "grants", role, "--apply")
        assert done.returncode == 1
        assert only_line(done.stderr).startswith(told)
    line = only_line(run_portal(as_role(provided, READER), "db", "grants", APP).stderr)
    assert "may not do this" in line or "does not own" in line


async def test_others_are_named(provided: Database) -> None:
    owner = as_role(provided, OWNER)
    await migrated(provided)
    await execute(provided.url, f"GRANT SELECT (email) ON app_user TO {LOGGED_IN}")
    await execute(provided.url, f"GRANT pg_read_all_data TO {READER}")
    try:
        check = run_portal(owner, "db", "check")
        assert check.returncode == 1
        assert f"others have rights on the tables ({LOGGED_IN})" in check.stdout
        lines = run_portal(owner, "doctor", PORT="0").stdout
        assert f"MEND  rights: others have some on the tables ({LOGGED_IN})" in lines
        assert (
            f"note  rights: others can read or write the tables by a membership: {READER}" in lines
        )
        await execute(provided.url, "GRANT SELECT ON team TO PUBLIC")
        assert f"(everyone (PUBLIC), {LOGGED_IN})" in run_portal(owner, "db", "check").stdout
        mended = run_portal(owner, "db", "grants", "--apply")
        assert mended.returncode == 0, mended.stderr
        assert run_portal(owner, "db", "check").returncode == 0
    finally:
        await execute(provided.url, f"REVOKE pg_read_all_data FROM {READER}")


async def test_a_restore_gives_the_rights_again(provided: Database, tmp_path: Path) -> None:
    app, owner = as_role(provided, APP), as_role(provided, OWNER)
    both = {"DATABASE_URL_UNPOOLED": owner}
    assert run_portal(app, "migrate", **both).returncode == 0
    path = backed_up(provided, tmp_path)
    await execute(
        provided.url,
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {quoted(OWNER)} GRANT ALL ON TABLES TO {ANON}",
    )
    done = run_portal(owner, "restore", str(path), "--replace")
    assert done.returncode == 0, done.stderr
    assert await can(provided, ANON) == []
    check = run_portal(app, "db", "check", **both)
    assert check.returncode == 0, check.stdout
