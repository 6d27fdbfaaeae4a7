"""A browser in which somebody has signed in before keeps tries of its own."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from portal.accounts.actions import set_password
from portal.people import actions
from portal.web.session import hash_token
from tests.accounts.tries import attempt, attempts, from_address
from tests.clock import NOON, Clock
from tests.ops.command import run_portal
from tests.support import Portal

pytestmark = pytest.mark.usefixtures("cheap_hashes")

DEVICES = """
    SELECT u.external_id, k.token_hash, k.created_at, k.last_used_at
    FROM known_device k JOIN app_user u ON u.id = k.member ORDER BY k.created_at, 1
"""
NEW = "nine swift otters"


def known(browser: httpx.AsyncClient) -> list[str]:
    return [token for token in (browser.cookies.get("known") or "").split(".") if token]


async def sign_in(browser: httpx.AsyncClient, name: str = "alex") -> None:
    password = {"sara": "manage123"}.get(name, "claude123")
    assert await attempt(browser, name, password) == 200
    await browser.post("/api/auth/logout")


async def lock_out(portal: Portal, name: str = "alex") -> None:
    """A hundred tries from many networks, and ten from the owner's own address."""
    for number in range(10):
        browser = from_address(portal, f"2606:4700:0:{number:x}::1")
        assert await attempts(browser, name, 10) == [401] * 10
    assert await attempt(from_address(portal, "9.9.9.9"), name, "claude123") == 429


@pytest.mark.parametrize("way", ["/api/auth/login", "/login"])
async def test_strangers_cannot_lock_the_owner_out(
    portal: Portal,
    clock: Clock,
    way: str,
) -> None:
    owner = from_address(portal, "8.8.8.8")
    if way == "/login":
        form = {"username": "alex", "password": "claude123"}
        assert (await owner.post(way, data=form)).status_code == 303
        await owner.post("/logout")
    else:
        await sign_in(owner)
    await lock_out(portal)
    # neither the account's tries, nor those of the address, used up by others behind it
    for number in range(50):
        await attempt(from_address(portal, "8.8.8.8"), f"guess-{number}")
    assert await attempt(from_address(portal, "8.8.8.8"), "mike", "claude123") == 429
    assert await attempt(owner, "ALEX", "claude123") == 200
    # elsewhere the owner waits as everybody does
    elsewhere = from_address(portal, "8.8.8.8", cookie=f"sid={owner.cookies['sid']}")
    assert await attempt(elsewhere, "alex", "claude123") == 429


async def test_a_known_device_has_ten_tries_too(portal: Portal, clock: Clock) -> None:
    owner, other = from_address(portal, "8.8.8.8"), from_address(portal, "8.8.8.8")
    await sign_in(owner)
    await sign_in(other)
    assert await attempts(owner, "alex", 10) == [401] * 10
    assert await attempt(owner, "alex", "claude123") == 429
    # moving does not help, another known device and the address keep what they have
    moved = from_address(portal, "1.1.1.1", cookie=f"known={owner.cookies['known']}")
    assert await attempt(moved, "alex", "claude123") == 429
    assert await attempt(other, "alex", "claude123") == 200
    assert await attempts(from_address(portal, "8.8.8.8"), "alex", 10) == [401] * 10
    clock.moment = NOON + timedelta(minutes=5)
    assert await attempt(owner, "alex", "claude123") == 200


async def test_what_a_browser_knows_counts_for_its_accounts_only(
    portal: Portal,
    clock: Clock,
) -> None:
    browser = from_address(portal, "8.8.8.8")
    await sign_in(browser)
    await sign_in(browser, "sara")
    for name in ("mike", "nobody"):
        assert await attempts(browser, name, 10) == [401] * 10
        assert await attempt(browser, name) == 429
    for name in ("alex", "sara"):
        assert await attempts(browser, name, 10) == [401] * 10
        assert await attempt(browser, name) == 429


@pytest.mark.parametrize(
    "value", ["A" * 43, "x", ".".join("BCD"), "A" * 5000, '"a";', "A" * 43 + "."]
)
async def test_made_up_tokens_open_nothing_and_count_for_nothing(
    portal: Portal,
    clock: Clock,
    value: str,
) -> None:
    browser = from_address(portal, "8.8.8.8", cookie=f"known={value}")
    assert (await browser.get("/api/auth/me")).json() == {"user": None}
    for name in ("alex", "nobody"):
        assert await attempts(browser, name, 10) == [401] * 10
        assert await attempt(browser, name) == 429


async def test_the_cookie_names_nobody_and_only_its_hash_is_kept(
    portal: Portal,
    visitor: httpx.AsyncClient,
) -> None:
    answer = await visitor.post(
        "/api/auth/login", json={"username": "alex", "password": "claude123"}
    )
    (cookie,) = (c for c in answer.headers.get_list("set-cookie") if c.startswith("known="))
    lower = cookie.lower()
    for part in ("httponly", "samesite=lax", "path=/", f"max-age={365 * 86_400}"):
        assert part in lower
    assert "secure" not in lower
    (token,) = known(visitor)
    assert len(token) == 43
    (row,) = await portal.database.fetch(DEVICES)
    assert (row["external_id"], row["token_hash"]) == ("alex", hash_token(token))
    away = portal.browser(base_url="http://learn.example.com")
    answer = await away.post("/api/auth/login", json={"username": "alex", "password": "claude123"})
    assert all("secure" in c.lower() for c in answer.headers.get_list("set-cookie"))


async def test_a_refused_sign_in_gets_no_cookie(portal: Portal) -> None:
    for name in ("alex", "nobody"):
        answer = await portal.browser().post(
            "/api/auth/login", json={"username": name, "password": "wrong"}
        )
        assert "set-cookie" not in answer.headers
    assert await portal.database.fetch(DEVICES) == []


async def test_one_token_for_an_account_and_the_last_eight_accounts(
    portal: Portal,
    clock: Clock,
) -> None:
    browser = from_address(portal, "10.1.1.1")
    await sign_in(browser)
    (first,) = known(browser)
    clock.moment = NOON + timedelta(days=3)
    await sign_in(browser)
    assert known(browser) == [first], "it is the same device"
    (row,) = await portal.database.fetch(DEVICES)
    assert (row["created_at"], row["last_used_at"]) == (NOON, NOON + timedelta(days=3))
    names = ["mike", "priya", "jordan", "yuki", "rami", "sofia", "dan", "nina"]
    for name in names[:3]:
        await sign_in(browser, name)
    assert known(browser)[-1] == first
    await sign_in(browser)
    assert known(browser)[0] == first, "the last used one comes first"
    # a token that is worth nothing any longer makes room at once
    await portal.database.fetch(
        "DELETE FROM known_device USING app_user u WHERE u.id = member AND external_id = 'priya'"
    )
    await sign_in(browser)
    assert len(known(browser)) == 3
    for name in names[3:]:
        await sign_in(browser, name)
    assert len(known(browser)) == 8
    await sign_in(browser, "carlos")
    assert len(known(browser)) == 8
    hashes = {row["token_hash"]: row["external_id"] for row in await portal.database.fetch(DEVICES)}
    kept = [hashes[hash_token(token)] for token in known(browser)]
    assert kept == ["carlos", "nina", "dan", "sofia", "rami", "yuki", "alex", "jordan"]


async def test_a_new_password_and_signing_out_forget_devices(portal: Portal) -> None:
    async def devices() -> int:
        return len(await portal.database.fetch(DEVICES))

    alex, other = await portal.signed_in("alex"), await portal.signed_in("alex")
    assert await devices() == 2
    await alex.post("/account/sign-out", data={"device": "others"})
    (row,) = await portal.database.fetch(DEVICES)
    assert row["token_hash"] == hash_token(known(alex)[0])
    assert await attempt(other, "alex", "claude123") == 200  # known again, by another token
    fields = {"current": "claude123", "new": NEW, "again": NEW}
    assert (await alex.post("/account/password", data=fields)).status_code == 303
    (row,) = await portal.database.fetch(DEVICES)
    assert row["token_hash"] == hash_token(known(alex)[0]), "who changes it stays known"
    await alex.post("/account/sign-out", data={"device": "all"})
    assert await devices() == 0
    await portal.signed_in("alex", NEW)
    await portal.signed_in("mike")
    await set_password("alex", "ten calm herons")
    assert [row["external_id"] for row in await portal.database.fetch(DEVICES)] == ["mike"]
    await actions.erase("mike")
    assert await devices() == 0


async def test_a_device_outlives_its_session_not_its_account(portal: Portal) -> None:
    browser = await portal.signed_in("alex")
    await browser.post("/api/auth/logout")
    assert len(await portal.database.fetch(DEVICES)) == 1
    await actions.disable("alex")
    assert await attempt(browser, "alex", "claude123") == 401
    assert run_portal(portal.database.url, "prune").returncode == 0
    assert len(await portal.database.fetch(DEVICES)) == 1
