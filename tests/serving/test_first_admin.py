"""The first admin of an installation comes from `ADMIN_EMAIL` and `ADMIN_PASSWORD`."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from portal.config.settings import Settings
from portal.errors import CommandFailed
from portal.serving.release import ensure_first_admin
from tests.support import Database, Portal, execute

ADMINS = "SELECT external_id, email, password_hash FROM app_user WHERE role = 'admin' ORDER BY 1"


def with_admin(settings: Settings, email: str = "Jane.Doe@Example.com") -> Settings:
    return msgspec.structs.replace(settings, admin_email=email, admin_password="a first password")


@pytest.mark.empty_database
async def test_it_is_made_once_and_can_sign_in(portal: Portal) -> None:
    settings = with_admin(portal.app.settings)
    await ensure_first_admin(settings)
    [admin] = await portal.database.fetch(ADMINS)
    assert (admin["external_id"], admin["email"]) == ("jane.doe", "jane.doe@example.com")
    assert "a first password" not in admin["password_hash"]
    for name in ("jane.doe", "JANE.DOE@example.com"):
        await portal.signed_in(name, "a first password")

    await execute(portal.database.url, "UPDATE app_user SET password_hash = 'changed'")
    await ensure_first_admin(settings)
    [admin] = await portal.database.fetch(ADMINS)
    assert admin["password_hash"] == "changed"


@pytest.mark.empty_database
@pytest.mark.parametrize(
    ("email", "name"),
    [("Jane.Doe@example.com", "Jane.Doe"), ("__@example.com", "admin"), ("\u3164@x.org", "admin")],
)
async def test_its_name_can_be_seen(portal: Portal, email: str, name: str) -> None:
    await ensure_first_admin(with_admin(portal.app.settings, email))
    query = "SELECT name FROM app_user WHERE role = 'admin'"
    assert await portal.database.value(query) == name


async def test_none_is_made_where_there_is_an_admin(database: Database, settings: Settings) -> None:
    before = await database.fetch(ADMINS)
    await ensure_first_admin(with_admin(settings))
    assert await database.fetch(ADMINS) == before


@pytest.mark.empty_database
async def test_none_is_made_without_both_settings(database: Database, settings: Settings) -> None:
    await ensure_first_admin(settings)
    await ensure_first_admin(msgspec.structs.replace(with_admin(settings), admin_password=None))
    assert await database.fetch(ADMINS) == []


@pytest.mark.empty_database
async def test_two_containers_at_once_make_one(database: Database, settings: Settings) -> None:
    asked = with_admin(settings)
    await asyncio.gather(*(ensure_first_admin(asked) for _ in range(3)))
    assert len(await database.fetch(ADMINS)) == 1


@pytest.mark.empty_database
@pytest.mark.parametrize(
    ("email", "external_id"),
    [
        ("jane+portal@example.com", "janeportal"),
        ("_jane_@example.com", "jane"),
        ("jörg@example.com", "jrg"),
        ("+++@example.com", "admin"),
    ],
)
async def test_the_id_is_made_from_the_address(
    database: Database, settings: Settings, email: str, external_id: str
) -> None:
    await ensure_first_admin(with_admin(settings, email))
    [admin] = await database.fetch(ADMINS)
    assert (admin["external_id"], admin["email"]) == (external_id, email)


@pytest.mark.empty_database
async def test_a_password_that_is_too_short_names_the_settings(
    database: Database, settings: Settings
) -> None:
    asked = msgspec.structs.replace(with_admin(settings), admin_password="seven77")
    with pytest.raises(CommandFailed, match="ADMIN_PASSWORD") as refusal:
        await ensure_first_admin(asked)
    assert "seven77" not in refusal.value.sentence
    assert await database.fetch(ADMINS) == []
