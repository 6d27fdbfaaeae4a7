"""Signing in at an address that is not encrypted, where a browser throws a Secure cookie away."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import httpx
import pytest

from portal.config.settings import PublicUrl
from tests.support import Database
from tests.web.markup import Page
from tests.web.portals import opened

PLAIN = "http://192.168.1.5:3000"
RIGHT = {"username": "alex", "password": "claude123"}
NOTICE = "This address is not encrypted, and your browser stays signed in only where it is."
NOT_KEPT = "Your password is right, but your browser did not keep the sign-in"
PROXIES = (ip_network("10.0.0.0/8"),)


async def test_it_says_so_before_and_why_afterwards(database: Database) -> None:
    async with opened(database, seed_db=False) as portal:
        browser = portal.browser(base_url=PLAIN)
        before = Page(await browser.get("/login?next=/step/3"))
        assert NOTICE in before.text
        assert "https://" in before.text
        assert f"PUBLIC_URL={PLAIN}." in before.text
        assert NOT_KEPT not in before.text
        answer = await browser.post("/login", data={**RIGHT, "next": "/step/3"})
        assert "secure" in answer.headers["set-cookie"].lower()
        assert "sid" not in {cookie.name for cookie in browser.cookies.jar if not cookie.secure}
        # httpx drops the cookie here as a browser does
        after = Page(await browser.get(answer.headers["location"]))
        assert NOT_KEPT in after.text
        assert NOTICE not in after.text
        assert f"PUBLIC_URL={PLAIN}." in after.text
        assert after.title.startswith("Error: ")
        assert after.form("/login").fields["next"] == "/step/3"
        # somebody whose browser kept it after all goes on
        keeps = await portal.signed_in("alex")
        led_on = await keeps.get(answer.headers["location"])
        assert (led_on.status_code, led_on.headers["location"]) == (303, "/step/3")


async def test_what_it_names_lets_people_in(database: Database) -> None:
    async with opened(
        database, seed_db=False, public_url=PublicUrl("http", "192.168.1.5:3000")
    ) as portal:
        browser = portal.browser(base_url=PLAIN)
        assert NOTICE not in Page(await browser.get("/login")).text
        answer = await browser.post("/login", data={**RIGHT, "next": "/step/3"})
        assert answer.headers["location"] == "/step/3"
        assert (await browser.get("/step/3")).status_code == 200


async def test_with_the_demo_it_names_what_refuses_that_address_too(database: Database) -> None:
    async with opened(database, seed_db=True) as portal:
        page = Page(await portal.browser(base_url=PLAIN).get("/login"))
        assert f"PUBLIC_URL={PLAIN} and SEED_DB=false." in page.text


async def test_a_published_site_names_its_own_address(database: Database) -> None:
    async with opened(
        database, seed_db=False, public_url=PublicUrl("https", "learn.example.com")
    ) as portal:
        browser = portal.browser(base_url=PLAIN)
        page = Page(await browser.get("/login"))
        assert "Open the portal at https://learn.example.com instead." in page.text
        answer = await browser.post("/login", data=RIGHT)
        page = Page(await browser.get(answer.headers["location"]))
        assert NOT_KEPT in page.text
        assert "Open the portal at https://learn.example.com instead." in page.text
        # behind its proxy, which keeps the Host
        inside = portal.browser(base_url="http://learn.example.com")
        assert NOTICE not in Page(await inside.get("/login")).text


@pytest.mark.parametrize(
    ("base", "options"),
    [
        ("http://localhost:3000", {}),
        ("http://127.0.0.1:3000", {}),
        ("https://learn.example.com", {}),
        (PLAIN, {"headers": {"sec-fetch-site": "same-origin"}}),
        (PLAIN, {"headers": {"x-forwarded-proto": "https"}}),
        ("http://localhost:3000", {"headers": {"x-forwarded-proto": "https"}}),
    ],
)
@pytest.mark.parametrize("peer", ["10.0.0.1", "192.0.2.1"])
async def test_nothing_is_said_where_the_cookie_is_kept(
    database: Database, base: str, options: dict[str, Any], peer: str
) -> None:
    """Or where it seems so: a proxy that nobody trusts may well speak https to the browser."""
    async with opened(database, seed_db=False, trusted_proxies=PROXIES) as portal:
        browser = portal.browser(base_url=base, client=(peer, 1), **options)
        for path in ("/login", "/login?signed-in=1"):
            text = Page(await browser.get(path)).text
            assert NOTICE not in text
            assert NOT_KEPT not in text
        answer = await browser.post("/login", data={**RIGHT, "next": "/path"})
        assert answer.headers["location"] == "/path"


async def test_secure_and_hsts_never_contradict_each_other(database: Database) -> None:
    """HSTS tells the browser that the site is https for good; its cookies are Secure then."""
    async with opened(database, seed_db=False, trusted_proxies=PROXIES) as portal:
        for base in ("http://localhost:3000", PLAIN, "https://learn.example.com"):
            for peer in ("10.0.0.1", "192.0.2.1"):
                for proto in ({}, {"x-forwarded-proto": "https"}, {"x-forwarded-proto": "http"}):
                    browser = portal.browser(base_url=base, client=(peer, 1), headers=proto)
                    answer = await browser.post("/api/auth/login", json=RIGHT)
                    secure = "secure" in answer.headers["set-cookie"].lower()
                    hsts = "strict-transport-security" in answer.headers
                    assert secure or not hsts, (base, peer, proto)
                    if base.startswith("http://localhost"):
                        assert secure is hsts is (peer == "10.0.0.1" and "https" in proto.values())


@pytest.mark.parametrize("host", ["[", "x" * 300, "a:b", "192.168.1.5:99999", "<b>x</b>", "a b"])
async def test_a_made_up_host_is_not_repeated(database: Database, host: str) -> None:
    async with opened(database, seed_db=False) as portal:
        answer = await portal.browser().get("/login", headers={"host": host})
        assert answer.status_code in (200, 400)
        assert "<b>" not in answer.text
        if answer.status_code == 200 and not host.startswith("x"):
            assert "PUBLIC_URL=http://…" in Page(answer).text


async def test_programs_get_what_they_always_got(database: Database) -> None:
    async with opened(database, seed_db=False) as portal:
        browser: httpx.AsyncClient = portal.browser(base_url=PLAIN)
        answer = await browser.post("/api/auth/login", json=RIGHT)
        assert answer.status_code == 200
        assert set(answer.json()) == {"user"}
