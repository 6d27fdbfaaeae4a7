"""Choosing the theme: a form, a cookie, an attribute on the page. No script, signed in or not."""

from __future__ import annotations

import httpx

from tests.support import QUIZ, Portal
from tests.web.markup import Page, send


async def theme_of(browser: httpx.AsyncClient, url: str) -> str:
    return Page(await browser.get(url)).attributes("html")["data-theme"]


async def test_a_visitor_switches_the_theme_and_stays_on_the_page(
    visitor: httpx.AsyncClient,
) -> None:
    assert await theme_of(visitor, "/login") == "system"
    for theme in ("dark", "light", "system"):
        form = Page(await visitor.get("/login?next=/step/3")).form("/theme")
        answer = await send(visitor, form, theme=theme)
        assert (answer.url.path, answer.url.query) == ("/login", b"next=/step/3")
        assert Page(answer).attributes("html")["data-theme"] == theme
        pressed = Page(answer).attributes("button", name="theme", value=theme)
        assert pressed["aria-pressed"] == "true"


async def test_it_stays_after_signing_in_and_on_every_page(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    form = Page(await alex.get(f"/video/{QUIZ}?q=1")).form("/theme")
    answer = await send(alex, form, theme="dark")
    assert f"/video/{QUIZ}?q=1" in str(answer.url)
    for url in ("/dashboard", "/path", "/step/1", "/no/such/page"):
        assert await theme_of(alex, url) == "dark"
    await alex.post("/logout")
    assert await theme_of(alex, "/login") == "dark"


async def test_the_cookie_lasts_and_is_closed_to_scripts(portal: Portal) -> None:
    for site, secure in (
        ("http://localhost:3000", False),
        ("http://learn.example.com", False),  # kept at a plain address too: it is no secret
        ("https://learn.example.com", True),
    ):
        answer = await portal.browser(base_url=site).post("/theme", data={"theme": "dark"})
        cookie = answer.headers["set-cookie"].lower()
        assert cookie.startswith("theme=dark")
        assert f"max-age={365 * 86400}" in cookie
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert ("secure" in cookie) is secure


async def test_only_the_three_themes_can_be_chosen(visitor: httpx.AsyncClient) -> None:
    for theme in ("", "purple", 'dark"><script>', "DARK"):
        answer = await visitor.post("/theme", data={"theme": theme, "next": "/login"})
        assert answer.status_code == 303
        assert "set-cookie" not in answer.headers


async def test_a_made_up_cookie_is_the_system_theme(portal: Portal) -> None:
    for value in ("purple", 'x"onload="alert(1)', ""):
        browser = portal.browser(headers={"cookie": f"theme={value}"})
        answer = await browser.get("/login")
        assert Page(answer).attributes("html")["data-theme"] == "system"
        assert "onload" not in answer.text


async def test_the_way_back_stays_on_this_site(visitor: httpx.AsyncClient) -> None:
    for target in ("https://evil.example", "//evil.example", "/\\evil.example", "evil", ""):
        answer = await visitor.post("/theme", data={"theme": "dark", "next": target})
        assert answer.headers["location"] == "/"


async def test_the_error_page_of_a_form_leads_back_to_its_page(alex: httpx.AsyncClient) -> None:
    """Its theme form must not lead to an address that takes only POST."""
    answer = await alex.post(f"/video/{QUIZ}/answer", data={"question": "none", "attempt": "1"})
    assert answer.status_code == 404
    form = Page(answer).form("/theme")
    answer = await send(alex, form, theme="dark")
    assert answer.status_code == 200
