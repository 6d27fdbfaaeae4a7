"""A migration is applied while the version before it serves, and that version may come back.

Every migration is run on one database, in their order, and the catalogue before and after it and
the locks that it held are compared: what counts is what it did, whoever wrote it down and how.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from types import ModuleType, SimpleNamespace
from typing import Any

import asyncpg
import pytest
from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.apps.migrations.commands.base import BaseMigrationManager
from piccolo.conf.apps import AppRegistry
from piccolo.engine.finder import engine_finder

from portal.config.dsn import parse_dsn
from portal.db.embedded import Embedded
from portal.db.migrations import migration_ids, migrations_folder
from tests.db.catalogue import Catalogue, WatchedEngine, read_catalogue
from tests.db.compatibility import Change, Harm, harms, unmet_checks
from tests.ops.command import blank_database

CONF = "tests.db.watched_conf"
LEAST_REASON = 30  # letters


@pytest.fixture(scope="module")
async def engine(server: Embedded) -> AsyncIterator[WatchedEngine]:
    """On a database without a table; also what Piccolo finds while a migration runs."""
    conf = ModuleType(CONF)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, CONF, conf)
        patch.setenv("PICCOLO_CONF", CONF)
        async with blank_database(server) as made:
            dsn = parse_dsn(made.url, variable="DATABASE_URL")
            watched = WatchedEngine(dsn, pool_size=1, statement_seconds=None)
            vars(conf).update(DB=watched, APP_REGISTRY=AppRegistry(apps=["portal.piccolo_app"]))
            yield watched
            await watched.close_connection_pool()


async def looked_at(
    engine: WatchedEngine, run: Callable[[], Awaitable[object]], known: Catalogue | None = None
) -> list[Harm]:
    """Returns what `run` does to a version that knows the schema before it, or the one `known`."""
    before = await read_catalogue(engine)
    engine.watch()
    with contextlib.redirect_stdout(io.StringIO()):
        await run()
    change = Change(before, await read_catalogue(engine), known or before)
    return [*harms(change, engine.held.values()), *await unmet_checks(change, engine)]


def complaints_about(found: list[Harm], accepted: dict[str, str]) -> list[str]:
    """Returns what is harm but not declared, declared in vain, or declared without a reason."""
    what = {harm.what for harm in found}
    short = [each for each, reason in accepted.items() if len(reason) < LEAST_REASON]
    return [
        *(str(harm) for harm in found if harm.what not in accepted),
        *(f"{each}: accepted, but not done" for each in accepted if each not in what),
        *(f"{each}: say why nothing breaks" for each in short),
    ]


async def unrepeatable(module: Any) -> list[str]:
    """Run a migration without a transaction once more: it may have ended in the middle, and nobody
    knows how far it came. Returns a complaint if that fails."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            await (await module.forwards()).run()
    except asyncpg.PostgresError as error:
        return [f"without a transaction, and cannot be run again: {error}"]
    return []


async def judge(engine: WatchedEngine, modules: Iterable[tuple[str, Any]]) -> dict[str, list[str]]:
    """Run migrations one after the other, and return the complaints about each that has any."""
    refused: dict[str, list[str]] = {}
    former, known = "", await read_catalogue(engine)
    for name, module in modules:
        continues = getattr(module, "CONTINUES", None)
        if continues is None:
            known = await read_catalogue(engine)
        manager: MigrationManager = await module.forwards()
        found = await looked_at(engine, manager.run, known)
        complaints = complaints_about(found, getattr(module, "ACCEPTED", {}))
        if continues not in (None, former):
            complaints.append(f"CONTINUES names {continues}, not the one before it: {former}")
        if not manager.wrap_in_transaction:
            complaints += await unrepeatable(module)
        if complaints:
            refused[name] = complaints
        former = name
    return refused


async def test_every_migration_can_be_lived_with(engine: WatchedEngine) -> None:
    modules = BaseMigrationManager().get_migration_modules(str(migrations_folder()))
    assert sorted(modules) == migration_ids()
    refused = await judge(engine, sorted(modules.items()))
    said = [f"{name} {line}" for name, lines in refused.items() for line in lines]
    assert not said, "\n".join(["CONTRIBUTING.md, To write a migration:", *said])


# What the version before knows.
KNOWN = (
    """CREATE TABLE house (id text PRIMARY KEY, name text NOT NULL, floors int DEFAULT 1,
        note text CHECK (note <> ''), built timestamptz)""",
    "CREATE TABLE room (id serial PRIMARY KEY, house text REFERENCES house ON DELETE CASCADE,"
    " label text, UNIQUE (house, label))",
    "CREATE UNIQUE INDEX house_name_key ON house (lower(name))",
    "CREATE INDEX house_built ON house (built)",
    'CREATE VIEW "Home" AS SELECT id, name FROM house',
    "CREATE FUNCTION follow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "CREATE TRIGGER house_follow AFTER INSERT ON house FOR EACH ROW EXECUTE FUNCTION follow()",
    "CREATE RULE home_keep AS ON DELETE TO house DO INSTEAD NOTHING",
    "GRANT SELECT ON house TO PUBLIC",
    "ALTER TABLE house ADD CONSTRAINT house_floors_known CHECK (floors IS NOT NULL) NOT VALID",
    "ALTER TABLE room ADD CONSTRAINT room_label_known CHECK (label IS NOT NULL)",
)
HARMFUL = {
    "DROP TABLE room": ["drops table room", "drops sequence room_id_seq"],
    'DROP VIEW "Home"': ["drops view Home"],
    "ALTER TABLE room RENAME TO chamber": ["drops table room"],
    "ALTER TABLE house DROP COLUMN built": ["drops column house.built", "drops index house_built"],
    "ALTER TABLE house RENAME note TO remark": ["drops column house.note"],
    "ALTER TABLE house ADD COLUMN owner text NOT NULL": [
        "adds column house.owner, NOT NULL without a default",
        "reads all of house while requests wait",
    ],
    "ALTER TABLE house ALTER floors TYPE bigint": [
        "changes the type of house.floors",
        "writes house anew",
    ],
    "ALTER TABLE house ALTER floors SET NOT NULL": [
        "makes house.floors NOT NULL",
        "reads all of house while requests wait",
    ],
    "ALTER TABLE room ALTER label SET NOT NULL": ["makes room.label NOT NULL"],
    "ALTER TABLE house ALTER floors DROP DEFAULT": ["changes the default of house.floors"],
    "ALTER TABLE house ADD COLUMN token uuid DEFAULT gen_random_uuid()": ["writes house anew"],
    "ALTER TABLE house ADD CHECK (floors > 0) NOT VALID": [
        "adds constraint house_floors_check of house"
    ],
    "ALTER TABLE house ADD CONSTRAINT one CHECK (note = '1'), ALTER note SET DEFAULT '1'": [
        "adds constraint one of house",
        "reads all of house while requests wait",
    ],
    "ALTER TABLE house ADD COLUMN kind text CONSTRAINT kind CHECK (kind IS NOT NULL)": [
        "adds constraint kind of house",
        "reads all of house while requests wait",
    ],
    "ALTER TABLE room ADD FOREIGN KEY (label) REFERENCES house NOT VALID": [
        "adds constraint room_label_fkey of room",
        "keeps rows of house by room_label_fkey of room",
    ],
    "CREATE TABLE key (house text REFERENCES house)": [
        "keeps rows of house by key_house_fkey of key"
    ],
    "ALTER TABLE room DROP CONSTRAINT room_house_label_key": [
        "drops constraint room_house_label_key of room"
    ],
    "ALTER TABLE room DROP CONSTRAINT room_house_fkey": [
        "drops constraint room_house_fkey of room",
        "locks house and room at once",
    ],
    "CREATE UNIQUE INDEX CONCURRENTLY room_label_key ON room (label)": [
        "adds unique index room_label_key"
    ],
    "ALTER TABLE house ADD COLUMN nr int DEFAULT 0 UNIQUE": [
        "adds constraint house_nr_key of house",
        "builds an index of house while nobody can write",
        "reads all of house while requests wait",
    ],
    "CREATE INDEX room_label ON room (label)": ["builds an index of room while nobody can write"],
    "DROP INDEX house_built": ["drops index house_built"],
    "DROP INDEX house_name_key": ["drops index house_name_key"],
    "CREATE OR REPLACE FUNCTION follow() RETURNS trigger LANGUAGE plpgsql AS"
    " 'BEGIN RETURN NEW;END'": ["changes function follow()"],
    "DROP TRIGGER house_follow ON house": ["drops trigger house_follow of house"],
    "ALTER TABLE house DISABLE TRIGGER house_follow": ["changes trigger house_follow of house"],
    "CREATE TRIGGER other BEFORE UPDATE ON room FOR EACH ROW EXECUTE FUNCTION follow()": [
        "adds trigger other of room"
    ],
    "CREATE RULE nothing AS ON INSERT TO room DO INSTEAD NOTHING": ["adds rule nothing of room"],
    """CREATE OR REPLACE VIEW "Home" AS SELECT id, note AS name FROM house""": [
        "changes view Home"
    ],
    "REVOKE SELECT ON house FROM PUBLIC": ["takes SELECT on house from PUBLIC"],
    "ALTER TABLE house ENABLE ROW LEVEL SECURITY": ["hides rows of house"],
    "TRUNCATE room": ["writes room anew"],
    "UPDATE house SET floors = 2": ["writes rows of house"],
    "ALTER TABLE house ADD COLUMN a int; ALTER TABLE room ADD COLUMN b int": [
        "locks house and room at once"
    ],
}
HARMLESS = (
    "CREATE TABLE key (id text PRIMARY KEY, house text REFERENCES house ON DELETE CASCADE,"
    " nr int NOT NULL UNIQUE CHECK (nr > 0)); CREATE INDEX key_house ON key (house);"
    " INSERT INTO key VALUES ('a', NULL, 1); ALTER TABLE key DROP COLUMN nr",
    "ALTER TABLE house ADD COLUMN owner text",
    "ALTER TABLE house ADD COLUMN rooms int NOT NULL DEFAULT 0",
    "ALTER TABLE house ADD COLUMN kind text, ADD CONSTRAINT house_kind_check"
    " CHECK (kind IN ('a', 'b')) NOT VALID",
    "ALTER TABLE house ALTER name DROP NOT NULL",
    "ALTER TABLE house VALIDATE CONSTRAINT house_floors_known",
    "ALTER TABLE house DROP CONSTRAINT house_note_check",
    "ALTER TABLE house ADD COLUMN next text REFERENCES house ON DELETE SET NULL",
    "CREATE INDEX CONCURRENTLY room_label ON room (label)",
    "CREATE FUNCTION lead() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE VIEW rooms AS SELECT id FROM room",
    "SELECT count(*) FROM house",
)


class _Undone(Exception):
    """Nothing is kept of a case."""


@asynccontextmanager
async def inside(engine: WatchedEngine, *statements: str) -> AsyncIterator[WatchedEngine]:
    """In a schema of its own, made by these statements and dropped in the end."""
    for statement in ("CREATE SCHEMA inside", "SET search_path = inside", *statements):
        await engine.run_ddl(statement)
    try:
        yield engine
    finally:
        await engine.run_ddl("RESET search_path")
        await engine.run_ddl("DROP SCHEMA inside CASCADE")


async def harms_of(engine: WatchedEngine, sql: str) -> list[str]:
    """Returns what a migration of these statements does to others, and undoes it."""
    found: list[Harm] = []

    async def run() -> None:
        for statement in sql.split("; "):
            await engine.run_ddl(statement)

    if "CONCURRENTLY" in sql:  # which the server allows outside a transaction only
        found = await looked_at(engine, run)
        await engine.run_ddl(f"DROP INDEX {sql.split()[-4]}")
    else:
        with contextlib.suppress(_Undone):
            async with engine.transaction():
                found = await looked_at(engine, run)
                raise _Undone
    return [harm.what for harm in found]


async def test_harm_is_seen_and_what_only_adds_passes(engine: WatchedEngine) -> None:
    async with inside(engine, *KNOWN):
        seen = {sql: sorted(await harms_of(engine, sql)) for sql in (*HARMFUL, *HARMLESS)}
    assert seen == {sql: sorted(HARMFUL.get(sql, [])) for sql in seen}


def migration(
    *statements: str, rename: tuple[str, str] | None = None, plain: bool = False, **declared: object
) -> Any:
    """Returns what a file with these statements and constants is; `rename` gives a column of house
    another name by Piccolo's own means, and `plain` runs without a transaction."""

    async def forwards() -> MigrationManager:
        manager = MigrationManager(app_name="portal", wrap_in_transaction=not plain)
        if rename is not None:
            manager.rename_column("House", "house", *rename, *rename)

        async def add() -> None:
            engine = engine_finder()
            assert engine is not None
            for statement in statements:
                await engine.run_ddl(statement)

        manager.add_raw(add)
        return manager

    return SimpleNamespace(forwards=forwards, **declared)


DROP = "ALTER TABLE house DROP COLUMN note"
COLUMN = "ALTER TABLE house ADD COLUMN kind text"
CHECK = "ALTER TABLE house ADD CONSTRAINT house_kind_check CHECK (kind <> '') NOT VALID"
REASON = "Nothing has read or written it since the release before."
INDEX = "CREATE INDEX CONCURRENTLY house_name ON house (name)"
DECLARED = {
    "undeclared": ([migration(DROP)], ["1 drops column house.note"]),
    "declared": ([migration(DROP, ACCEPTED={"drops column house.note": REASON})], []),
    "without a reason": (
        [migration(DROP, ACCEPTED={"drops column house.note": "it is fine"})],
        ["1 drops column house.note: say why"],
    ),
    "declared in vain": (
        [migration(COLUMN, ACCEPTED={"drops column house.note": REASON})],
        ["1 drops column house.note: accepted, but not done"],
    ),
    "by Piccolo": ([migration(rename=("note", "remark"))], ["1 drops column house.note"]),
    "a check after a release": (
        [migration(COLUMN), migration(CHECK)],
        ["2 adds constraint house_kind_check of house"],
    ),
    "a check of the same release": ([migration(COLUMN), migration(CHECK, CONTINUES="1")], []),
    "continues another": (
        [migration(COLUMN), migration(CHECK, CONTINUES="0")],
        ["2 CONTINUES names 0"],
    ),
    "harm by what continues": (
        [migration(COLUMN), migration(DROP, CONTINUES="1")],
        ["2 drops column house.note"],
    ),
    "a default that lasts for one file": (
        [
            migration("ALTER TABLE house ADD COLUMN rooms int NOT NULL DEFAULT 1"),
            migration("ALTER TABLE house ALTER rooms DROP DEFAULT", CONTINUES="1"),
        ],
        ["2 adds column house.rooms, NOT NULL without a default"],
    ),
    "cannot be repeated": (
        [migration(INDEX, plain=True)],
        ["1 without a transaction, and cannot be run again"],
    ),
    "can be repeated": (
        [migration("DROP INDEX CONCURRENTLY IF EXISTS house_name", INDEX, plain=True)],
        [],
    ),
}


@pytest.mark.parametrize("case", DECLARED)
async def test_what_a_migration_declares(engine: WatchedEngine, case: str) -> None:
    modules, expected = DECLARED[case]
    async with inside(engine, "CREATE TABLE house (id int PRIMARY KEY, name text, note text)"):
        refused = await judge(engine, [(str(n), each) for n, each in enumerate(modules, 1)])
    said = [f"{name} {line}" for name, lines in refused.items() for line in lines]
    assert len(said) == len(expected), said
    assert all(one.startswith(start) for one, start in zip(said, expected, strict=True)), said
