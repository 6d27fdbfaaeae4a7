"""Signing in and out."""

from __future__ import annotations

import httpx
import pytest
from argon2 import PasswordHasher

from portal.db import sql
from tests.support import Portal

WRONG = {"error": "Invalid credentials"}


async def test_a_learner_signs_in_with_id_or_email_in_any_case(portal: Portal) -> None:
    await portal.database.fetch(
        "UPDATE app_user SET email = 'Alex@Example.com' WHERE external_id = 'alex'"
    )
    for username in ("alex", " ALEX ", "alex@example.com", "ALEX@EXAMPLE.COM"):
        browser = portal.browser()
        answer = await browser.post(
            "/api/auth/login", json={"username": username, "password": "claude123"}
        )
        assert answer.status_code == 200
        assert answer.json() == {
            "user": {
                "id": "alex",
                "name": "Alex Johnson",
                "role": "learner",
                "teamId": "alpha",
                "track": "dev",
            }
        }
        assert (await browser.get("/api/auth/me")).json() == answer.json()


async def test_unknown_wrong_and_password_less_get_the_same_refusal(portal: Portal) -> None:
    await portal.database.fetch(
        "UPDATE app_user SET password_hash = NULL WHERE external_id = 'mike'"
    )
    browser = portal.browser()
    for username in ("nobody", "alex", "mike"):
        answer = await browser.post(
            "/api/auth/login", json={"username": username, "password": "not this one"}
        )
        assert (answer.status_code, answer.json()) == (401, WRONG)


@pytest.mark.parametrize("password", ["not this one", "nicht für diese Tür"])
@pytest.mark.parametrize("known", [False, True])
async def test_an_unknown_name_takes_as_long_as_a_known_one(
    portal: Portal, password: str, known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody finds out by a watch who has an account, in a browser that has entered one or not, and
    with letters that are tried in two forms: what takes time is done as often, with equal costs."""
    browser = await portal.signed_in("mike") if known else portal.browser()
    tried: list[tuple[str, int]] = []
    verify = PasswordHasher.verify

    def counted(hasher: PasswordHasher, stored: str, typed: bytes) -> bool:
        tried.append((stored.rpartition("$")[0].rpartition("$")[0], len(typed)))
        return verify(hasher, stored, typed)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    work = []
    for name in ("alex", "nobody", "alex@example.com", "nobody@example.com"):
        before = sql.engine().pool.statements
        body = {"username": name, "password": password}
        assert (await browser.post("/api/auth/login", json=body)).status_code == 401
        work.append((sql.engine().pool.statements - before, tuple(tried)))
        tried.clear()
    assert work[0][1]
    assert len(set(work)) == 1


async def test_a_disabled_person_cannot_sign_in_and_loses_the_session(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    await portal.database.fetch(
        "UPDATE app_user SET disabled_at = now() WHERE external_id = 'alex'"
    )
    assert (await alex.get("/api/auth/me")).json() == {"user": None}
    answer = await portal.browser().post(
        "/api/auth/login", json={"username": "alex", "password": "claude123"}
    )
    assert (answer.status_code, answer.json()) == (401, WRONG)


async def test_signing_out_ends_the_session_at_once(alex: httpx.AsyncClient) -> None:
    old = alex.cookies["sid"]
    assert (await alex.post("/api/auth/logout")).json() == {"ok": True}
    assert "sid" not in alex.cookies
    alex.cookies.set("sid", old, domain="localhost")
    assert (await alex.get("/api/auth/me")).json() == {"user": None}
    assert (await alex.get("/api/path")).status_code == 401


async def test_signing_in_again_ends_the_old_session(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    old = alex.cookies["sid"]
    await alex.post("/api/auth/login", json={"username": "alex", "password": "claude123"})
    assert alex.cookies["sid"] != old
    stranger = portal.browser(cookies={"sid": old})
    assert (await stranger.get("/api/auth/me")).json() == {"user": None}


@pytest.mark.parametrize(
    ("host", "secure"),
    [("localhost:3000", False), ("127.0.0.1", False), ("learn.example.com", True)],
)
async def test_the_cookie_is_closed_to_scripts_and_secure_away_from_this_machine(
    portal: Portal, host: str, secure: bool
) -> None:
    answer = await portal.browser(base_url=f"http://{host}").post(
        "/api/auth/login", json={"username": "alex", "password": "claude123"}
    )
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    assert f"max-age={24 * 3600}" in cookie
    assert ("secure" in cookie) is secure
