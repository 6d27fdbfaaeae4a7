"""A person changes the own password."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from portal.profile.actions import TRIES
from tests.clock import Freeze
from tests.support import Portal
from tests.web.markup import Page, send

OLD, NEW = "claude123", "nine swift otters"
FIELDS = {"current": OLD, "new": NEW, "again": NEW}
EVENTS = "SELECT actor, action, target, detail::text AS detail FROM audit_event"


async def change(browser: httpx.AsyncClient, **fields: str) -> httpx.Response:
    return await browser.post("/account/password", data={**FIELDS, **fields})


async def can_sign_in(portal: Portal, password: str) -> bool:
    body = {"username": "alex", "password": password}
    return (await portal.browser().post("/api/auth/login", json=body)).status_code == 200


async def test_the_new_one_counts_and_the_other_devices_are_out(
    portal: Portal, alex: httpx.AsyncClient, mike: httpx.AsyncClient
) -> None:
    others = [await portal.signed_in("alex") for _ in range(2)]
    old_token = alex.cookies["sid"]
    form = Page(await alex.get("/account")).form("/account/password")
    assert form.fields == {"username": "alex", "current": "", "new": "", "again": ""}
    answer = await send(alex, form, **FIELDS)
    assert "Saved. Other devices were signed out." in Page(answer).text
    assert alex.cookies["sid"] != old_token
    assert (await alex.get("/api/path")).status_code == 200
    assert (await portal.browser(cookies={"sid": old_token}).get("/api/path")).status_code == 401
    for other in others:
        assert (await other.get("/api/path")).status_code == 401
    assert (await mike.get("/api/path")).status_code == 200
    assert await can_sign_in(portal, NEW)
    assert not await can_sign_in(portal, OLD)


async def test_with_one_device_nobody_was_signed_out(alex: httpx.AsyncClient) -> None:
    form = Page(await alex.get("/account")).form("/account/password")
    page = Page(await send(alex, form, **FIELDS))
    assert "Saved. Use the new password from now on." in page.text
    assert "Signed in" in page.text


async def test_the_session_goes_on_as_after_a_new_sign_in(portal: Portal, freeze: Freeze) -> None:
    start = datetime(2026, 2, 24, 9, tzinfo=UTC)
    freeze(start)
    alex = await portal.signed_in("alex")
    freeze(start + timedelta(hours=20))
    answer = await change(alex)
    assert "Max-Age=86400" in answer.headers["set-cookie"]
    freeze(start + timedelta(hours=43))
    assert (await alex.get("/api/path")).status_code == 200


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"current": "wrong one"}, {"current": "This is not your current password."}),
        ({"current": ""}, {"current": "Enter your current password."}),
        ({"new": ""}, {"new": "Enter a new password."}),
        ({"new": "short"}, {"new": "Use at least 8 characters."}),
        ({"new": "x9" * 129}, {"new": "Use at most 256 characters."}),
        ({"new": "Password2026!"}, {"new": "This password is among the first"}),
        ({"new": "alex johnson"}, {"new": "Do not use your name, user name or e-mail"}),
        ({"new": OLD}, {"new": "This is already your password. Choose another one."}),
        ({"again": "nine swift otter"}, {"again": "The two passwords differ."}),
        (
            {"current": "wrong one", "new": "short"},
            {
                "current": "This is not your current password.",
                "new": "Use at least 8 characters.",
            },
        ),
    ],
)
async def test_what_cannot_be_is_said_at_its_field(
    portal: Portal, alex: httpx.AsyncClient, fields: dict[str, str], errors: dict[str, str]
) -> None:
    token = alex.cookies["sid"]
    answer = await change(alex, **fields)
    page = Page(answer)
    assert answer.status_code == 422
    assert page.title.startswith("Error: ")
    for name in ("current", "new", "again"):
        attributes = page.attributes("input", id=name)
        assert attributes["value"] == "", "a password is never sent back"
        assert ("aria-invalid" in attributes) is (name in errors), name
        if name in errors:
            assert f"{name}-error" in attributes["aria-describedby"].split()
            assert page.attributes("p", id=f"{name}-error")
            assert errors[name] in page.text
            # one thing: the focus is in the field; several: on the list of them
            assert ("autofocus" in attributes) is (len(errors) == 1)
    assert ("2 things need a change" in page.text) is (len(errors) == 2)
    assert alex.cookies["sid"] == token
    assert await can_sign_in(portal, OLD)
    assert await portal.database.fetch(EVENTS) == []


async def test_the_audit_holds_keys_only(portal: Portal, alex: httpx.AsyncClient) -> None:
    key = await portal.database.value("SELECT id FROM app_user WHERE external_id = 'alex'")
    await change(alex)
    rows = await portal.database.fetch(EVENTS)
    assert [tuple(row) for row in rows] == [(key, "user.change-password", str(key), "{}")]
    assert json.loads(rows[0]["detail"]) == {}


async def test_guesses_in_a_session_that_was_left_open_are_limited(
    portal: Portal, alex: httpx.AsyncClient, mike: httpx.AsyncClient
) -> None:
    for _ in range(TRIES):
        assert (await change(alex, current="a guess")).status_code == 422
    answer = await change(alex)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 200
    assert "Too many tries. You can try again in 5 minutes." in Page(answer).text
    assert await can_sign_in(portal, OLD)
    assert (await change(mike)).status_code == 303


async def test_without_a_password_there_is_no_form(portal: Portal, alex: httpx.AsyncClient) -> None:
    await portal.database.fetch(
        "UPDATE app_user SET password_hash = NULL WHERE external_id = 'alex'"
    )
    page = Page(await alex.get("/account"))
    assert "/account/password" not in [form.action for form in page.forms]
    assert "This account has no password here" in page.text
    assert (await change(alex)).status_code == 409
    hashed = "SELECT password_hash FROM app_user WHERE external_id = 'alex'"
    assert await portal.database.value(hashed) is None


async def test_a_demo_account_is_no_longer_offered(portal: Portal, alex: httpx.AsyncClient) -> None:
    assert "alex / claude123" in Page(await portal.browser().get("/login")).text
    await change(alex)
    assert "alex / claude123" not in Page(await portal.browser().get("/login")).text
