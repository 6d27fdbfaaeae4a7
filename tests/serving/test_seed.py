"""An operator adds the demo teams and accounts."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from portal.config.settings import Settings
from portal.serving.seed import seed
from tests.ops.command import only_line, run_portal
from tests.support import Database, execute

PEOPLE = "SELECT * FROM app_user ORDER BY external_id"
TEAMS = "SELECT * FROM team ORDER BY id"
COUNT = "SELECT count(*) FROM app_user"
PUBLIC = {"SEED_DB": "true", "PUBLIC_URL": "https://learn.example.com"}

# team: track, manager, learners
EXPECTED = {
    "alpha": ("dev", {"sara"}, {"alex", "mike", "priya", "jordan"}),
    "gamma": ("dev", {"leo"}, {"yuki", "rami", "sofia", "dan"}),
    "beta": ("business", {"tom"}, {"nina", "carlos", "amara", "helen"}),
    "delta": ("business", {"claire"}, {"omar", "lucy", "ben", "mei"}),
    "ai": ("dev", {"lior"}, set()),
}


async def people(database: Database) -> list[asyncpg.Record]:
    return await database.fetch(PEOPLE)


@pytest.mark.empty_database
async def test_it_makes_the_demo_once(database: Database, settings: Settings) -> None:
    assert (await seed(settings)).accounts == 22
    rows = await people(database)
    teams = {row["id"]: row["track"] for row in await database.fetch(TEAMS)}
    assert teams == {team: track for team, (track, _, _) in EXPECTED.items()}
    for team, (_, managers, learners) in EXPECTED.items():
        members = {(row["external_id"], row["role"]) for row in rows if row["team"] == team}
        expected = {(name, "manager") for name in managers}
        assert members == expected | {(name, "learner") for name in learners}
    assert [row["external_id"] for row in rows if row["team"] is None] == ["admin"]

    assert not await seed(settings)
    assert await people(database) == rows


async def test_what_was_changed_disabled_or_deleted_is_left_alone(
    database: Database, settings: Settings
) -> None:
    await execute(
        database.url,
        """UPDATE app_user SET name = 'Alexandra', role = 'manager', team = 'beta',
           password_hash = NULL WHERE external_id = 'alex'""",
        "UPDATE app_user SET disabled_at = now() WHERE external_id = 'mike'",
        "DELETE FROM app_user WHERE external_id IN ('priya', 'lior')",
        "UPDATE team SET name = 'Renamed', track = 'business' WHERE id = 'alpha'",
        "DELETE FROM team WHERE id = 'ai'",
    )
    before = await people(database), await database.fetch(TEAMS)
    assert not await seed(settings)
    assert (await people(database), await database.fetch(TEAMS)) == before


async def test_an_account_of_the_same_id_that_is_not_the_demo_s_is_left_alone(
    database: Database, settings: Settings
) -> None:
    """As when a later version brings more demo accounts."""
    await execute(
        database.url,
        "DELETE FROM seeded WHERE key IN ('user:alex', 'user:mike')",
        "UPDATE app_user SET name = 'A real Alex' WHERE external_id = 'alex'",
        "DELETE FROM app_user WHERE external_id = 'mike'",
    )
    assert (await seed(settings)).accounts == 1
    names = {row["external_id"]: row["name"] for row in await people(database)}
    assert names["alex"] == "A real Alex"
    assert names["mike"] == "Mike Brown"


@pytest.mark.empty_database
async def test_two_containers_at_once_make_it_once(database: Database, settings: Settings) -> None:
    made = await asyncio.gather(seed(settings), seed(settings), seed(settings))
    assert sum(each.accounts for each in made) == 22
    assert await database.value(COUNT) == 22


@pytest.mark.empty_database
async def test_a_public_site_is_refused(database: Database, blank: Database) -> None:
    done = run_portal(database.url, "seed", **PUBLIC)
    assert done.returncode == 1
    assert "PUBLIC_URL" in only_line(done.stderr)
    assert await database.value(COUNT) == 0
    assert await database.fetch(TEAMS) == []

    released = run_portal(blank.url, "release", **PUBLIC)
    assert released.returncode == 1
    assert "PUBLIC_URL" in only_line(released.stderr)
    assert await blank.value("SELECT to_regclass('migration')") is None, "nothing is migrated"


@pytest.mark.empty_database
async def test_a_loopback_site_is_not_public(database: Database) -> None:
    done = run_portal(database.url, "seed", PUBLIC_URL="http://localhost:3000")
    assert (done.returncode, done.stdout) == (0, "Seeded 22 demo accounts.\n"), done.stderr
    again = run_portal(database.url, "seed")
    assert (again.returncode, again.stdout) == (0, "Everything was seeded before.\n")


async def test_a_schema_that_is_behind_is_named(blank: Database) -> None:
    done = run_portal(blank.url, "seed")
    assert done.returncode == 1
    assert "portal migrate" in only_line(done.stderr)


async def test_a_release_migrates_makes_the_first_admin_and_seeds_when_told(
    blank: Database,
) -> None:
    plain = run_portal(blank.url, "release")
    assert plain.returncode == 0, plain.stderr
    assert await blank.value(COUNT) == 0
    told = run_portal(
        blank.url,
        "release",
        SEED_DB="true",
        ADMIN_EMAIL="jane@example.com",
        ADMIN_PASSWORD="long enough",
    )
    assert told.returncode == 0, told.stderr
    admins = await blank.fetch("SELECT external_id FROM app_user WHERE role = 'admin' ORDER BY 1")
    assert [row["external_id"] for row in admins] == ["admin", "jane"]
