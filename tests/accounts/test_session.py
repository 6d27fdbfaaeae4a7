"""What a session is, how long it lasts, and what of it is stored."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest

from portal import clock
from portal.accounts import queries, sessions
from portal.web.session import hash_token
from tests.clock import Freeze
from tests.support import PASSWORDS, Database, Portal
from tests.web.portals import opened

RIGHT = {"username": "alex", "password": "claude123"}
MONDAY = datetime(2026, 2, 23, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize("hours", [1, 24])
async def test_it_ends_after_its_hours(database: Database, freeze: Freeze, hours: int) -> None:
    freeze(MONDAY)
    async with opened(database, session_hours=hours) as portal:
        browser = await portal.signed_in("alex", PASSWORDS["alex"])
        just_before = MONDAY + timedelta(hours=hours, seconds=-1)
        freeze(just_before)
        assert (await browser.get("/api/path")).status_code == 200
        freeze(MONDAY + timedelta(hours=hours))
        assert (await browser.get("/api/path")).status_code == 401
        assert (await browser.get("/api/auth/me")).json() == {"user": None}
        assert (await browser.get("/path")).headers["location"] == "/login?next=/path"


async def test_only_the_hash_of_the_token_is_stored(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    token = alex.cookies["sid"]
    assert len(token) == 43
    rows = await portal.database.fetch("SELECT * FROM login_session")
    assert [row["token_hash"] for row in rows] == [hashlib.sha256(token.encode()).digest()]
    assert token not in str([dict(row) for row in rows])
    # the hash itself is no cookie
    thief = portal.browser(cookies={"sid": rows[0]["token_hash"].hex()[:43]})
    assert (await thief.get("/api/path")).status_code == 401


async def test_every_sign_in_makes_another_token(portal: Portal) -> None:
    tokens = {(await portal.signed_in("alex")).cookies["sid"] for _ in range(3)}
    assert len(tokens) == 3


async def test_a_token_from_before_signing_in_is_not_taken_over(portal: Portal) -> None:
    planted = "a" * 43
    browser = portal.browser(cookies={"sid": planted})
    answer = await browser.post("/api/auth/login", json=RIGHT)
    assert f"sid={planted}" not in answer.headers["set-cookie"]
    assert (await portal.browser(cookies={"sid": planted}).get("/api/path")).status_code == 401


async def test_signing_in_as_somebody_else_ends_the_first_session(portal: Portal) -> None:
    browser = await portal.signed_in("alex")
    first = browser.cookies["sid"]
    await browser.post("/api/auth/login", json={"username": "mike", "password": "claude123"})
    assert (await browser.get("/api/auth/me")).json()["user"]["id"] == "mike"
    assert (await portal.browser(cookies={"sid": first}).get("/api/path")).status_code == 401


async def test_a_failed_sign_in_leaves_the_old_session(alex: httpx.AsyncClient) -> None:
    await alex.post("/api/auth/login", json={"username": "mike", "password": "wrong"})
    assert (await alex.get("/api/auth/me")).json()["user"]["id"] == "alex"


async def test_signing_in_is_an_activity_of_the_day_where_the_person_is(
    portal: Portal, freeze: Freeze
) -> None:
    """23:30 UTC on Monday is Tuesday in Tokyo."""
    freeze(MONDAY)
    await portal.database.fetch(
        "UPDATE app_user SET time_zone = 'Asia/Tokyo' WHERE external_id = 'mike'"
    )
    for name in ("alex", "mike", "mike"):
        await portal.signed_in(name)
    rows = await portal.database.fetch(
        "SELECT external_id, day FROM activity_day JOIN app_user u ON u.id = learner ORDER BY 1"
    )
    assert [tuple(row) for row in rows] == [
        ("alex", date(2026, 2, 23)),
        ("mike", date(2026, 2, 24)),
    ]


async def test_the_browser_is_remembered_in_short(portal: Portal) -> None:
    browser = portal.browser(headers={"user-agent": "x" * 5000})
    assert (await browser.post("/api/auth/login", json=RIGHT)).status_code == 200
    assert await portal.database.value("SELECT user_agent FROM login_session") == "x" * 200


async def test_no_answer_holds_a_key_of_the_database(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    key = await portal.database.value("SELECT id FROM app_user WHERE external_id = 'alex'")
    for url in ("/api/auth/me", "/api/path", "/api/dashboard/kpis", "/dashboard", "/path"):
        assert str(key) not in (await alex.get(url)).text


async def test_a_manager_and_an_admin_are_told_apart(portal: Portal) -> None:
    for name, role, team, track in (
        ("sara", "manager", "alpha", "dev"),
        ("tom", "manager", "beta", "business"),
        ("admin", "admin", None, None),
    ):
        browser = await portal.signed_in(name)
        user = (await browser.get("/api/auth/me")).json()["user"]
        assert (user["role"], user["teamId"], user["track"]) == (role, team, track)
        assert set(user) == {"id", "name", "role", "teamId", "track"}


async def test_what_a_clock_ahead_has_written_is_set_right(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    """It was seen tomorrow: that is said to nobody, and does not last."""
    ahead = "now() + interval '1 day'"
    await portal.database.fetch(f"UPDATE login_session SET created_at = {ahead}")
    session = await sessions.session_of(hash_token(alex.cookies["sid"]), "UTC")
    assert session is not None
    (device,) = await queries.devices_of(session.actor)
    assert max(device.created_at, device.seen_at) <= clock.now()
    await portal.database.fetch(f"UPDATE login_session SET last_seen_at = {ahead}")
    assert (await alex.get("/api/auth/me")).json()["user"]["id"] == "alex"
    seen = await portal.database.value("SELECT last_seen_at FROM login_session")
    assert seen <= clock.now()
