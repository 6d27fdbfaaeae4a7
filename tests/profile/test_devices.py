"""A person sees where they are signed in, and signs out there."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import httpx

from portal.db import sql
from tests.clock import Freeze
from tests.support import PASSWORDS, Portal
from tests.web.markup import Page, send

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
)
START = datetime(2026, 2, 24, 9, tzinfo=UTC)
LAST_SEEN = "SELECT last_seen_at FROM login_session"


async def at(portal: Portal, user_agent: str, name: str = "alex") -> httpx.AsyncClient:
    browser = portal.browser(headers={"user-agent": user_agent})
    body = {"username": name, "password": PASSWORDS[name]}
    assert (await browser.post("/api/auth/login", json=body)).status_code == 200
    return browser


async def devices(browser: httpx.AsyncClient) -> list[str]:
    """Returns the ids behind the buttons of the other devices."""
    page = Page(await browser.get("/account"))
    values = [v["value"] for tag, v in page.tags if tag == "button" and v.get("name") == "device"]
    return [value for value in values if value not in ("others", "all")]


async def is_in(browser: httpx.AsyncClient) -> bool:
    return (await browser.get("/api/path")).status_code == 200


async def test_they_are_told_apart_in_words(portal: Portal, freeze: Freeze) -> None:
    freeze(START)
    await at(portal, FIREFOX)
    freeze(START + timedelta(minutes=30))
    phone = await at(portal, IPHONE)
    text = Page(await phone.get("/account")).text
    assert "Safari on iPhone this device Signed in today 09:30" in text
    assert (
        "Firefox on Windows Signed in today 09:00 , last seen today 09:00 Sign out Firefox" in text
    )
    assert text.index("Safari on iPhone") < text.index("Firefox on Windows")


async def test_one_of_them_is_signed_out(portal: Portal) -> None:
    here, there, third = [await at(portal, agent) for agent in (FIREFOX, IPHONE, FIREFOX)]
    assert len(await devices(here)) == 2
    form = Page(await here.get("/account")).form("/account/sign-out")
    (phone,) = set(await devices(third)) & set(await devices(here))
    answer = await send(here, form, device=phone)
    assert "That device was signed out." in Page(answer).text
    assert [await is_in(browser) for browser in (here, there, third)] == [True, False, True]


async def test_somebody_else_s_device_does_not_exist(
    portal: Portal, mike: httpx.AsyncClient, nina: httpx.AsyncClient
) -> None:
    alex, phone = await at(portal, FIREFOX), await at(portal, IPHONE)
    (device,) = await devices(alex)
    own = await devices(phone)
    for browser in (mike, nina, await portal.signed_in("sara"), await portal.signed_in("admin")):
        assert await devices(browser) == []
        for wanted in (device, *own):
            answer = await browser.post("/account/sign-out", data={"device": wanted})
            assert answer.status_code == 404
    for wanted in ("", "none", "%", "0" * 32, device[:-1], device.upper()):
        answer = await alex.post("/account/sign-out", data={"device": wanted})
        assert answer.status_code == 404, wanted
    assert await is_in(alex)
    assert await is_in(phone)
    # the second time it is gone for its owner too
    assert (await alex.post("/account/sign-out", data={"device": device})).status_code == 303
    assert (await alex.post("/account/sign-out", data={"device": device})).status_code == 404


async def test_all_others_or_everywhere(portal: Portal, mike: httpx.AsyncClient) -> None:
    here, there, third = [await at(portal, agent) for agent in (FIREFOX, IPHONE, FIREFOX)]
    form = Page(await here.get("/account")).form("/account/sign-out")
    answer = await send(here, form, device="others")
    page = Page(answer)
    assert "The other devices were signed out." in page.text
    assert "Sign out all others" not in page.text
    assert [await is_in(browser) for browser in (here, there, third)] == [True, False, False]
    again = await at(portal, IPHONE)
    answer = await send(here, form, device="all")
    assert answer.url.path == "/login"
    assert "sid" not in here.cookies
    assert [await is_in(browser) for browser in (here, again, mike)] == [False, False, True]
    ended = "SELECT count(*) FROM login_session WHERE ended_at IS NULL"
    assert await portal.database.value(ended) == 1, "only mike's is left"


async def test_the_page_holds_no_key_to_a_session(portal: Portal) -> None:
    here, there = await at(portal, FIREFOX), await at(portal, IPHONE)
    source = (await here.get("/account")).text
    hashes = await portal.database.fetch("SELECT encode(token_hash, 'hex') AS h FROM login_session")
    for row in hashes:
        assert row["h"][:16] not in source
    assert there.cookies["sid"] not in source
    (device,) = await devices(here)
    assert re.fullmatch(r"[0-9a-f]{32}", device)
    thief = portal.browser(cookies={"sid": device})
    assert not await is_in(thief)


async def test_ended_sessions_are_not_listed(portal: Portal, freeze: Freeze) -> None:
    freeze(START)
    await at(portal, IPHONE)
    signed_out = await at(portal, IPHONE)
    await signed_out.post("/api/auth/logout")
    freeze(START + timedelta(hours=23))
    here = await at(portal, FIREFOX)
    assert len(await devices(here)) == 1
    freeze(START + timedelta(hours=25))
    assert await devices(here) == []


async def test_many_are_counted(portal: Portal) -> None:
    here = await at(portal, FIREFOX)
    await portal.database.fetch(
        """
        INSERT INTO login_session (token_hash, member, created_at, expires_at)
        SELECT sha256(convert_to(n::text, 'UTF8')), u.id, now() - interval '1 hour',
               now() + interval '1 hour'
        FROM generate_series(1, 30) AS n, app_user u WHERE u.external_id = 'alex'
        """
    )
    page = Page(await here.get("/account"))
    assert len(await devices(here)) == 9
    assert "Unknown device" in page.text
    assert "And 21 others, longer ago." in page.text


async def test_being_seen_is_written_once_in_five_minutes(portal: Portal, freeze: Freeze) -> None:
    async def look(minutes: float) -> int:
        moment = START + timedelta(minutes=minutes)
        freeze(moment)
        before = sql.engine().pool.statements
        assert (await alex.get("/api/auth/me")).json()["user"]["id"] == "alex"
        return sql.engine().pool.statements - before

    freeze(START)
    alex = await portal.signed_in("alex")
    assert [await look(minutes) for minutes in (1, 4.9)] == [1, 1]
    assert await portal.database.value(LAST_SEEN) is None
    assert [await look(minutes) for minutes in (6, 7, 10.9)] == [2, 1, 1]
    assert await portal.database.value(LAST_SEEN) == START + timedelta(minutes=6)
    assert [await look(minutes) for minutes in (11, 12)] == [2, 1]
    text = Page(await alex.get("/account")).text
    assert "Signed in today 09:00" in text


async def test_a_session_that_has_ended_is_not_seen(portal: Portal, freeze: Freeze) -> None:
    freeze(START)
    alex = await portal.signed_in("alex")
    await alex.post("/api/auth/logout")
    freeze(START + timedelta(hours=1))
    assert (await alex.get("/api/auth/me")).json() == {"user": None}
    assert await portal.database.value(LAST_SEEN) is None
