"""The demo accounts on the sign-in page: offered only where their passwords still open the door."""

from __future__ import annotations

import pytest

from portal.accounts import actions
from portal.config.settings import PublicUrl
from tests.support import PASSWORDS, Database, Portal
from tests.web.markup import Page
from tests.web.portals import opened

NOTICE = "Demo accounts with public passwords are active."


async def offered(portal: Portal) -> dict[str, str]:
    page = Page(await portal.browser().get("/login"))
    return {
        values["data-id"]: values["data-password"]
        for tag, values in page.tags
        if tag == "li" and "data-id" in values
    }


async def test_all_are_offered_on_a_fresh_demo(portal: Portal) -> None:
    accounts = await offered(portal)
    assert accounts == PASSWORDS
    assert len(accounts) == 22
    for name in ("alex", "sara", "admin"):
        await portal.signed_in(name, accounts[name])
    # without script they are text
    text = Page(await portal.browser().get("/login")).text
    assert "alex / claude123" in text


async def test_the_page_says_who_has_a_past(database: Database, portal: Portal) -> None:
    sentence = "alex keeps an empty past for whoever wants to start afresh"
    assert sentence not in Page(await portal.browser().get("/login")).text
    async with opened(database, seed_history=True) as lively:
        assert sentence in Page(await lively.browser().get("/login")).text
    async with opened(database, seed_history=True, seed_db=False) as plain:
        assert sentence not in Page(await plain.browser().get("/login")).text


async def test_what_was_changed_is_not_offered_any_more(portal: Portal) -> None:
    await actions.set_password("alex", "a-new-password")
    await portal.database.fetch(
        "UPDATE app_user SET disabled_at = now() WHERE external_id = 'mike'"
    )
    await portal.database.fetch("DELETE FROM app_user WHERE external_id = 'nina'")
    accounts = await offered(portal)
    assert PASSWORDS.keys() - accounts.keys() == {"alex", "mike", "nina"}
    page = await portal.browser().get("/login")
    assert "a-new-password" not in page.text


async def test_an_own_account_with_a_demo_password_is_not_offered(portal: Portal) -> None:
    await portal.database.fetch(
        "INSERT INTO app_user (id, external_id, name, role, password_hash)"
        " SELECT gen_random_uuid(), 'zoe', 'Zoe', 'learner', password_hash FROM app_user"
        " WHERE external_id = 'alex'"
    )
    await portal.signed_in("zoe", "claude123")
    assert "zoe" not in await offered(portal)


@pytest.mark.parametrize(
    ("public_url", "seed_db", "shown"),
    [
        (None, False, False),
        (None, True, True),
        (PublicUrl("http", "localhost:3000"), True, True),
        (PublicUrl("https", "learn.example.com"), True, False),
        (PublicUrl("https", "learn.example.com"), False, False),
    ],
)
async def test_only_demo_mode_offers_them_and_warns_admins(
    database: Database, public_url: PublicUrl | None, seed_db: bool, shown: bool
) -> None:
    async with opened(database, public_url=public_url, seed_db=seed_db) as portal:
        assert bool(await offered(portal)) is shown
        if not shown:
            assert "claude123" not in (await portal.browser().get("/login")).text
        base = str(public_url) if public_url else "http://localhost:3000"
        for name, warned in (("admin", shown), ("alex", False)):
            browser = portal.browser(base_url=base)
            body = {"username": name, "password": PASSWORDS[name]}
            await browser.post("/api/auth/login", json=body)
            answer = await browser.get("/dashboard")
            assert answer.status_code == 200
            assert (NOTICE in answer.text) is warned


async def test_a_refused_sign_in_still_offers_them(portal: Portal) -> None:
    answer = await portal.browser().post("/login", data={"username": "alex", "password": "x"})
    assert answer.status_code == 401
    assert "alex / claude123" in Page(answer).text
