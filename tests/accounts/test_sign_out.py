"""Signing out by the form on every page."""

from __future__ import annotations

import httpx

from tests.support import Portal
from tests.web.markup import Page, send


async def test_the_form_on_a_page_signs_out(portal: Portal, alex: httpx.AsyncClient) -> None:
    old = alex.cookies["sid"]
    form = Page(await alex.get("/path")).form("/logout")
    answer = await send(alex, form)
    assert answer.url.path == "/login"
    assert "sid" not in alex.cookies
    assert (await alex.get("/path")).status_code == 303
    # whoever kept the cookie has nothing
    thief = portal.browser(cookies={"sid": old})
    assert (await thief.get("/dashboard")).status_code == 303
    assert (await thief.get("/api/path")).status_code == 401


async def test_the_session_stays_as_history(portal: Portal, alex: httpx.AsyncClient) -> None:
    await alex.post("/logout")
    rows = await portal.database.fetch("SELECT ended_at FROM login_session")
    assert len(rows) == 1
    assert rows[0]["ended_at"] is not None


async def test_signing_out_in_one_browser_leaves_the_other_signed_in(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    other = await portal.signed_in("alex")
    await alex.post("/api/auth/logout")
    assert (await other.get("/api/path")).status_code == 200


async def test_signing_out_twice_or_signed_out_is_no_error(portal: Portal) -> None:
    for browser in (portal.browser(), portal.browser(cookies={"sid": "a" * 43})):
        for _ in range(2):
            assert (await browser.post("/api/auth/logout")).json() == {"ok": True}
            answer = await browser.post("/logout")
            assert (answer.status_code, answer.headers["location"]) == (303, "/login")


async def test_following_a_link_signs_nobody_out(alex: httpx.AsyncClient) -> None:
    for url in ("/logout", "/api/auth/logout"):
        assert (await alex.get(url)).status_code == 405
    assert (await alex.get("/api/path")).status_code == 200
