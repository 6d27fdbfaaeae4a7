"""Somebody signs in while the account changes: whichever comes first, what ended stays ended."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Awaitable, Callable

import httpx
import pytest

from portal.accounts import passwords
from portal.accounts.actions import set_password
from portal.accounts.sessions import actor_of_session, session_of
from portal.db import sql
from portal.people import actions
from portal.web.session import hash_token
from tests.ops.command import running
from tests.people.people import held
from tests.support import Database, Portal

OLD, NEW = "claude123", "nine swift otters"
LOCK = "SELECT id FROM app_user WHERE external_id = $1 FOR UPDATE"
OPEN = """
    SELECT count(*) FROM login_session s JOIN app_user u ON u.id = s.member
    WHERE u.external_id LIKE $1 AND s.ended_at IS NULL
"""
RACERS = """
    INSERT INTO app_user (id, external_id, name, role, team, password_hash)
    SELECT gen_random_uuid(), 'racer-' || n, 'Racer', 'learner', 'alpha', password_hash
    FROM app_user, generate_series(1, $1) n WHERE external_id = 'alex'
"""
ROUNDS = 12

Change = Callable[[], Awaitable[object]]


async def sign_in(browser: httpx.AsyncClient, name: str, password: str = OLD) -> httpx.Response:
    return await browser.post("/api/auth/login", json={"username": name, "password": password})


async def is_signed_in(browser: httpx.AsyncClient) -> bool:
    return (await browser.get("/api/auth/me")).json()["user"] is not None


async def change_own(browser: httpx.AsyncClient, current: str = OLD) -> httpx.Response:
    form = {"current": current, "new": NEW, "again": NEW}
    return await browser.post("/account/password", data=form)


async def by_command() -> None:
    await set_password("alex", NEW)


async def disabled() -> None:
    await actions.disable("alex")


async def erased() -> None:
    await actions.erase("alex")


@pytest.mark.parametrize("change", [by_command, disabled, erased, change_own])
@pytest.mark.parametrize("first", ["sign-in", "change"])
async def test_a_sign_in_under_way_does_not_outlive_the_change(
    portal: Portal, alex: httpx.AsyncClient, change: Callable[..., Awaitable[object]], first: str
) -> None:
    """Both have checked the password as it was, and meet at the account."""
    browser = portal.browser()

    async def changing() -> object:
        return await (change(alex) if change is change_own else change())

    async with held(portal.database, LOCK, "alex") as lock:
        if first == "sign-in":
            entering = asyncio.create_task(sign_in(browser, "alex"))
            await lock.waiting(1)
            changed = asyncio.create_task(changing())
        else:
            changed = asyncio.create_task(changing())
            await lock.waiting(1)
            entering = asyncio.create_task(sign_in(browser, "alex"))
        await lock.waiting(2)
        await lock.release()
        await changed
        answer = await entering
    if first == "sign-in":
        assert answer.status_code == 200
    elif change in (by_command, change_own):  # the others lock the totals first
        assert answer.status_code == 401
    assert not await is_signed_in(browser)
    own = 1 if change is change_own else 0
    assert await portal.database.value(OPEN, "alex") == own
    assert await is_signed_in(alex) is bool(own)


@pytest.mark.parametrize("everywhere", [True, False])
async def test_signing_out_waits_for_a_sign_in_under_way(
    portal: Portal, alex: httpx.AsyncClient, everywhere: bool
) -> None:
    browser = portal.browser()
    device = {"device": "all" if everywhere else "others"}
    async with held(portal.database, LOCK, "alex") as lock:
        entering = asyncio.create_task(sign_in(browser, "alex"))
        await lock.waiting(1)
        leaving = asyncio.create_task(alex.post("/account/sign-out", data=device))
        await lock.waiting(2)
        await lock.release()
        assert (await entering).status_code == 200
        assert (await leaving).status_code == 303
    assert not await is_signed_in(browser)
    assert await is_signed_in(alex) is not everywhere


async def test_a_role_is_changed_during_a_sign_in(portal: Portal) -> None:
    browser = portal.browser()
    async with held(portal.database, LOCK, "alex") as lock:
        entering = asyncio.create_task(sign_in(browser, "alex"))
        await lock.waiting(1)
        changing = asyncio.create_task(actions.set_role("alex", "manager"))
        await lock.waiting(2)
        await lock.release()
        await asyncio.gather(entering, changing)
    assert not await is_signed_in(browser)


async def test_two_windows_change_the_password(portal: Portal, alex: httpx.AsyncClient) -> None:
    other = portal.browser(cookies=dict(alex.cookies))
    async with held(portal.database, LOCK, "alex") as lock:
        both = [asyncio.create_task(change_own(window)) for window in (alex, other)]
        await lock.waiting(2)
        await lock.release()
        answers = await asyncio.gather(*both)
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    signed_in = [await is_signed_in(window) for window in (alex, other)]
    assert signed_in == [answer.status_code == 303 for answer in answers]
    assert (await sign_in(portal.browser(), "alex", NEW)).status_code == 200


async def test_who_is_signed_out_meanwhile_changes_no_password(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    """Somebody else had this session; its owner ended it just in time."""
    async with held(portal.database, LOCK, "alex") as lock:
        changing = asyncio.create_task(change_own(alex))
        await lock.waiting(1)
        await portal.database.fetch("UPDATE login_session SET ended_at = now()")
        await lock.release()
        answer = await changing
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login")
    assert (await sign_in(portal.browser(), "alex", OLD)).status_code == 200


async def test_nothing_personal_comes_back_after_erasing(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    for form, data in (("profile", {"name": "Alex Again"}), ("time-zone", {"zone": "Asia/Tokyo"})):
        name = await portal.database.value("SELECT external_id FROM app_user WHERE name LIKE 'Al%'")
        async with held(portal.database, LOCK, name) as lock:
            erasing = asyncio.create_task(actions.erase(name))
            await lock.waiting(1)
            saving = asyncio.create_task(alex.post(f"/account/{form}", data=data))
            await lock.waiting(2)
            await lock.release()
            await erasing
            assert (await saving).status_code == 303
        left = await portal.database.fetch(
            "SELECT name, time_zone FROM app_user WHERE erased_at IS NOT NULL"
        )
        assert {tuple(row) for row in left} == {("Erased person", None)}
        await portal.database.fetch(
            "INSERT INTO app_user (id, external_id, name, role, team, password_hash)"
            " VALUES (gen_random_uuid(), 'alan', 'Alan', 'learner', 'alpha', $1)",
            await passwords.hash_password(OLD),
        )
        alex = await portal.signed_in("alan", OLD)


async def test_an_ended_session_is_not_seen_again(portal: Portal, alex: httpx.AsyncClient) -> None:
    token = hash_token(alex.cookies["sid"])
    await portal.database.fetch("UPDATE login_session SET created_at = now() - interval '1 hour'")
    assert await session_of(token, "UTC") is not None
    async with held(portal.database, "SELECT 1 FROM login_session FOR UPDATE") as lock:
        leaving = asyncio.create_task(portal.browser(cookies=dict(alex.cookies)).post("/logout"))
        await lock.waiting(1)
        asking = asyncio.create_task(actor_of_session(token, "UTC"))
        await lock.waiting(2)
        await lock.release()
        await asyncio.gather(leaving, asking)
    assert await portal.database.value("SELECT last_seen_at FROM login_session") is None


async def test_two_sign_ins_renew_one_hash(portal: Portal) -> None:
    """The second finds another hash than the one it has checked, of the same password."""
    typed = unicodedata.normalize("NFD", "déjà vu à Orléans")
    old = passwords._hasher().hash(typed)
    await portal.database.fetch(
        "UPDATE app_user SET password_hash = $1 WHERE external_id = 'alex'", old
    )
    browsers = [portal.browser() for _ in range(2)]
    async with held(portal.database, LOCK, "alex") as lock:
        entering = [asyncio.create_task(sign_in(browser, "alex", typed)) for browser in browsers]
        await lock.waiting(2)
        await lock.release()
        answers = await asyncio.gather(*entering)
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [await is_signed_in(browser) for browser in browsers] == [True, True]


async def test_sign_ins_with_a_session_and_changes_do_not_block_each_other(portal: Portal) -> None:
    """Each ends the session that the other holds: nobody waits for ever, and nobody fails."""
    password = OLD
    for round_ in range(4):
        browsers = [await portal.signed_in("alex", password) for _ in range(4)]
        new = f"nine swift otters {round_}"
        form = {"current": password, "new": new, "again": new}
        answers = await asyncio.gather(
            browsers[0].post("/account/password", data=form),
            *(sign_in(browser, "alex", password) for browser in browsers[1:]),
            browsers[1].post("/account/sign-out", data={"device": "others"}),
        )
        assert all(answer.status_code < 500 for answer in answers)
        if "saved" in answers[0].headers.get("location", ""):  # else it was signed out just before
            password = new


async def test_no_session_of_the_old_password_is_left_on_a_real_server(database: Database) -> None:
    """Sign-ins with the old password, as fast as they go, while the password is changed."""
    await database.fetch(RACERS, ROUNDS)
    survived = []
    with running("serve", url=database.url) as serving:
        await serving.answers("/health/ready")
        for number in range(1, ROUNDS + 1):
            name = f"racer-{number}"
            async with serving.browser() as owner:
                assert (await sign_in(owner, name)).status_code == 200
                browsers = [serving.browser() for _ in range(6)]
                entering = [asyncio.create_task(sign_in(browser, name)) for browser in browsers]
                assert (await change_own(owner)).status_code == 303
                statuses = [(await task).status_code for task in entering]
                assert set(statuses) <= {200, 401}
                alive = [await is_signed_in(browser) for browser in browsers]
                assert await is_signed_in(owner)
                for browser in browsers:
                    await browser.aclose()
            if any(alive):
                survived.append(name)
    assert survived == []
    assert await database.value(OPEN, "racer-%") == ROUNDS


async def test_a_sign_in_is_one_statement_after_the_check(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    """Read, count, open, take the count back."""
    before = sql.engine().pool.statements
    assert (await sign_in(alex, "alex")).status_code == 200
    assert sql.engine().pool.statements - before == 4
