"""Guessing passwords: how many tries there are, per account and per address."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from ipaddress import ip_network

import httpx
import pytest

from tests.accounts.tries import WINDOW, attempt, attempts, from_address
from tests.clock import NOON, Clock
from tests.support import Database, Portal
from tests.web.portals import opened

pytestmark = pytest.mark.usefixtures("cheap_hashes")


@pytest.mark.parametrize("name", ["alex", "nobody-of-this-name"])
async def test_ten_failures_per_account_and_address(
    portal: Portal, clock: Clock, name: str
) -> None:
    """A name that does not exist behaves as one that does."""
    here, there = from_address(portal, "10.1.1.1"), from_address(portal, "10.1.1.2")
    assert await attempts(here, name, 10) == [401] * 10
    assert await attempt(here, name) == 429
    # not even the right password helps, and the way of writing the name neither
    assert await attempt(here, name, "claude123") == 429
    assert await attempt(here, f" {name.upper()} ") == 429
    # others are not locked out: neither the account elsewhere nor this address for others
    assert await attempt(there, name) == 401
    assert await attempt(here, "mike", "claude123") == 200


async def test_both_names_of_an_account_are_one_account(portal: Portal, clock: Clock) -> None:
    await portal.database.fetch(
        "UPDATE app_user SET email = 'alex@example.com' WHERE external_id = 'alex'"
    )
    browser = from_address(portal, "10.1.1.1")
    assert await attempts(browser, "alex", 5) == [401] * 5
    assert await attempts(browser, "Alex@example.com", 5) == [401] * 5
    assert await attempt(browser, "alex") == 429
    assert await attempt(browser, "alex@example.com") == 429


async def test_after_five_minutes_the_tries_are_back(portal: Portal, clock: Clock) -> None:
    browser = from_address(portal, "10.1.1.1")
    await attempts(browser, "alex", 10)
    clock.moment = NOON + WINDOW - timedelta(seconds=1)
    answer = await browser.post("/api/auth/login", json={"username": "alex", "password": "x"})
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "1"
    assert answer.json() == {"error": "Too many tries. You can try again in 1 second."}
    clock.moment = NOON + WINDOW
    assert await attempts(browser, "alex", 10) == [401] * 10
    assert await attempt(browser, "alex") == 429


async def test_a_success_gives_its_try_back(portal: Portal, clock: Clock) -> None:
    browser = from_address(portal, "8.8.8.8")
    for _ in range(12):
        assert await attempt(browser, "alex", "claude123") == 200
    assert await attempts(browser, "alex", 9) == [401] * 9
    assert await attempt(browser, "alex", "claude123") == 200
    assert await attempt(browser, "alex") == 401  # the tenth failure: a success forgives none
    assert await attempt(browser, "alex") == 429


async def test_a_hundred_failures_per_account_over_many_addresses(
    portal: Portal, clock: Clock
) -> None:
    await portal.database.fetch(
        "UPDATE app_user SET password_hash = NULL WHERE external_id = 'alex'"
    )
    for name in ("alex", "nobody"):
        for number in range(10):
            browser = from_address(portal, f"10.2.2.{number}")
            assert await attempts(browser, name, 10) == [401] * 10
        assert await attempt(from_address(portal, "10.2.2.99"), name) == 429
    assert await attempt(from_address(portal, "10.2.2.99"), "mike") == 401


async def test_fifty_failures_per_public_address_over_many_accounts(
    portal: Portal, clock: Clock
) -> None:
    browser = from_address(portal, "8.8.8.8")
    for number in range(50):
        assert await attempt(browser, f"guess-{number}") == 401
    assert await attempt(browser, "guess-50") == 429
    assert await attempt(browser, "alex", "claude123") == 429
    assert await attempt(from_address(portal, "8.8.4.4"), "alex", "claude123") == 200
    assert await attempt(from_address(portal, "2606:4700::1"), "guess-1") == 401


@pytest.mark.parametrize("address", ["10.3.3.3", "192.168.1.1", "127.0.0.1", "fd00::1"])
async def test_a_company_behind_one_private_address_is_not_locked_out(
    portal: Portal, clock: Clock, address: str
) -> None:
    browser = from_address(portal, address)
    for number in range(55):
        assert await attempt(browser, f"guess-{number}") == 401
    assert await attempt(browser, "alex", "claude123") == 200


async def test_refused_tries_use_up_nothing_that_others_share(portal: Portal, clock: Clock) -> None:
    browser = from_address(portal, "8.8.8.8")
    assert await attempts(browser, "alex", 10) == [401] * 10
    assert await attempts(browser, "alex", 60) == [429] * 60
    assert await attempt(browser, "mike", "claude123") == 200
    assert await attempt(from_address(portal, "8.8.4.4"), "alex", "claude123") == 200


async def test_thirty_at_once_do_not_slip_through(portal: Portal, clock: Clock) -> None:
    browsers = [from_address(portal, "8.8.8.8") for _ in range(30)]
    statuses = await asyncio.gather(*(attempt(browser, "nobody") for browser in browsers))
    assert sorted(statuses) == [401] * 10 + [429] * 20
    assert await attempt(browsers[0], "nobody") == 429
    tries = await portal.database.fetch("SELECT tries FROM rate_bucket")
    assert [row["tries"] for row in tries] == [10, 10, 10]


async def test_a_trusted_proxy_tells_the_address(database: Database, clock: Clock) -> None:
    async with opened(database, trusted_proxies=(ip_network("10.0.0.0/8"),)) as portal:
        behind = from_address(portal, "10.0.0.1", **{"x-forwarded-for": "8.8.8.8"})
        assert await attempts(behind, "nobody", 10) == [401] * 10
        assert await attempt(behind, "nobody") == 429
        # what the client wrote before it, and further trusted hops, change nothing
        for chain in ("1.1.1.1, 8.8.8.8", "junk, 8.8.8.8, 10.9.9.9", "8.8.8.8:5555"):
            forged = from_address(portal, "10.0.0.2", **{"x-forwarded-for": chain})
            assert await attempt(forged, "nobody") == 429, chain
        other = from_address(portal, "10.0.0.1", **{"x-forwarded-for": "8.8.8.8, 8.8.4.4"})
        assert await attempt(other, "nobody") == 401


async def test_lines_of_a_header_are_one_list(database: Database, clock: Clock) -> None:
    """A proxy may add a line of its own below the one that the client has sent."""
    async with opened(database, trusted_proxies=(ip_network("10.0.0.0/8"),)) as portal:

        def behind(*lines: str) -> httpx.AsyncClient:
            browser = from_address(portal, "10.0.0.1")
            browser.headers = httpx.Headers(
                [*browser.headers.raw, *((b"x-forwarded-for", line.encode()) for line in lines)]
            )
            return browser

        assert await attempts(behind("8.8.8.8"), "nobody", 10) == [401] * 10
        for lines in (("1.1.1.1", "8.8.8.8"), ("9.9.9.9, 1.1.1.1", "8.8.8.8, 10.2.2.2")):
            assert await attempt(behind(*lines), "nobody") == 429, lines
        assert await attempt(behind("8.8.8.8", "1.1.1.1"), "nobody") == 401


async def test_a_subscriber_s_network_is_one_address(portal: Portal, clock: Clock) -> None:
    """Everybody with IPv6 has 2**64 addresses."""
    for number in range(10):
        assert await attempt(from_address(portal, f"2606:4700::{number + 1:x}"), "alex") == 401
    assert await attempt(from_address(portal, "2606:4700::ffff:1"), "alex", "claude123") == 429
    assert await attempt(from_address(portal, "2606:4700:0:1::1"), "alex", "claude123") == 200
    for number in range(40):
        browser = from_address(portal, f"2606:4700::{number + 1:x}")
        assert await attempt(browser, f"guess-{number}") == 401
    assert await attempt(from_address(portal, "2606:4700::ffff:1"), "mike", "claude123") == 429
    # the same person's two ways to one IPv4 address
    assert await attempts(from_address(portal, "64:ff9b::808:808"), "sara", 5) == [401] * 5
    assert await attempts(from_address(portal, "8.8.8.8"), "sara", 5) == [401] * 5
    assert await attempt(from_address(portal, "8.8.8.8"), "sara", "manage123") == 429


@pytest.mark.parametrize("ahead", [timedelta(days=1), timedelta(minutes=4), timedelta(days=999)])
async def test_a_clock_that_was_ahead_keeps_nobody_out(
    portal: Portal, clock: Clock, ahead: timedelta
) -> None:
    browser = from_address(portal, "10.1.1.1")
    clock.moment = NOON + ahead
    await attempts(browser, "alex", 11)
    clock.moment = NOON
    assert await attempt(browser, "alex") == 429  # checks the wait against the window
    clock.moment = NOON + WINDOW - timedelta(seconds=1)
    assert await attempt(browser, "alex") == 429, "tries are not given anew by a wrong clock"
    clock.moment = NOON + WINDOW
    assert await attempt(browser, "alex", "claude123") == 200


async def test_nobody_else_can_tell_an_address(portal: Portal, clock: Clock) -> None:
    for number in range(10):
        liar = from_address(portal, "10.5.5.5", **{"x-forwarded-for": f"8.8.8.{number}"})
        assert await attempt(liar, "nobody") == 401
    liar = from_address(portal, "10.5.5.5", **{"x-forwarded-for": "8.8.8.200"})
    assert await attempt(liar, "nobody") == 429


async def test_neither_names_nor_addresses_are_kept(portal: Portal, clock: Clock) -> None:
    await attempt(from_address(portal, "8.8.8.8"), "alex")
    for row in await portal.database.fetch("SELECT key FROM rate_bucket"):
        assert "alex" not in row["key"]
        assert "8.8" not in row["key"]


async def test_the_page_has_the_same_limits(portal: Portal, clock: Clock) -> None:
    browser = from_address(portal, "10.1.1.1")
    assert await attempts(browser, "alex", 9) == [401] * 9
    form = {"username": "alex", "password": "wrong", "next": "/path"}
    assert (await browser.post("/login", data=form)).status_code == 401
    answer = await browser.post("/login", data=form)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "300"
    assert "Too many tries. You can try again in 5 minutes." in answer.text
    assert await attempt(browser, "alex") == 429
