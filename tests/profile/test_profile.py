"""A person changes the own name and time zone, and sees who they are here."""

from __future__ import annotations

from datetime import UTC, date, datetime

import httpx
import pytest

from portal.people import actions
from tests.clock import Freeze
from tests.support import QUIZ, Portal
from tests.web.markup import Page, send

RIGHT = {"username": "alex", "password": "claude123"}


async def account(browser: httpx.AsyncClient) -> Page:
    answer = await browser.get("/account")
    assert answer.status_code == 200
    return Page(answer)


async def test_it_says_who_one_is(portal: Portal, alex: httpx.AsyncClient) -> None:
    await portal.database.fetch(
        "UPDATE app_user SET email = 'alex@example.com' WHERE external_id = 'alex'"
    )
    page = await account(alex)
    assert page.title == "Your account · AI Training"
    assert "alex · learner · team Alpha · Dev track" in page.text
    assert "E-mail: alex@example.com" in page.text
    assert page.form("/account/profile").fields == {"name": "Alex Johnson"}
    assert page.link("Account").endswith("/account")
    admin = await account(await portal.signed_in("admin"))
    assert "admin · admin" in admin.text
    assert "E-mail" not in admin.text


async def test_it_says_who_sees_what(portal: Portal, alex: httpx.AsyncClient) -> None:
    page = (await account(alex)).text
    assert "Sara Lindqvist leads Alpha and sees this; so do admins." in page
    assert "They never see which choice it was" in page
    await actions.lead_team("alpha", "claire", deputy=True)
    await actions.lead_team("alpha", "tom")
    await actions.lead_team("alpha", "leo")
    await actions.disable("leo")
    names = "Sara Lindqvist, Tom Baker and Claire Fontaine"
    assert f"{names} lead Alpha and see this" in (await account(alex)).text
    sara = await account(await portal.signed_in("sara"))
    assert "Tom Baker and Claire Fontaine lead Alpha and see this" in sara.text
    await actions.move_to_team("alex", None)
    assert "On no team: only admins see this." in (await account(alex)).text


async def test_a_new_name_is_seen_everywhere(portal: Portal, alex: httpx.AsyncClient) -> None:
    form = (await account(alex)).form("/account/profile")
    answer = await send(alex, form, name="  Alexandra   Ñandú ")
    assert (answer.url.path, answer.url.query) == ("/account", b"saved=name")
    page = Page(answer)
    assert "Saved. Others see you as Alexandra Ñandú." in page.text
    assert page.form("/account/profile").fields == {"name": "Alexandra Ñandú"}
    assert page.attributes("p", role="status", tabindex="-1")["autofocus"] == ""
    assert (await alex.get("/api/auth/me")).json()["user"]["name"] == "Alexandra Ñandú"
    other = await portal.signed_in("alex")
    assert (await account(other)).form("/account/profile").fields == {"name": "Alexandra Ñandú"}
    assert "Saved." not in (await account(alex)).text


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "Enter a name of 1 to 120 characters."),
        ("   ", "Enter a name of 1 to 120 characters."),
        ("x" * 121, "Shorten the name to 120 characters."),
        ("\u3164", "Use a name with visible letters."),
        ("Alex\u202egnoL", "Type the name again without invisible characters."),
        ("Alex\x07", "Type the name again without invisible characters."),
        ("Z" + "\u0301" * 111, "Use fewer accents on one letter."),
    ],
)
async def test_a_name_that_is_none_is_refused(
    alex: httpx.AsyncClient, name: str, sentence: str
) -> None:
    answer = await alex.post("/account/profile", data={"name": name})
    page = Page(answer)
    assert answer.status_code == 422
    assert page.title == "Error: Your account · AI Training"
    field = page.attributes("input", id="name")
    assert field["aria-invalid"] == "true"
    assert "autofocus" in field
    assert field["aria-describedby"].split() == ["name-hint", "name-error"]
    assert sentence in page.text
    assert field["value"] == name.strip()
    assert (await alex.get("/api/auth/me")).json()["user"]["name"] == "Alex Johnson"


async def test_a_time_zone_is_chosen_or_typed(portal: Portal, alex: httpx.AsyncClient) -> None:
    page = await account(alex)
    assert "Nothing is chosen yet" in page.text
    zones = [values["value"] for tag, values in page.tags if tag == "option"]
    assert len(zones) == len(set(zones)) > 300
    assert {"UTC", "Europe/Paris", "America/Argentina/Buenos_Aires"} <= set(zones)
    for typed, zone in (
        ("Europe/Paris", "Europe/Paris"),
        (" europe/paris ", "Europe/Paris"),
        ("new york", "America/New_York"),
        ("Tokyo", "Asia/Tokyo"),
        ("US/Pacific", "America/Los_Angeles"),
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("utc", "UTC"),
    ):
        answer = await send(alex, page.form("/account/time-zone"), zone=typed)
        assert f"Saved. Times are shown in {zone}." in Page(answer).text
        assert f"times in {zone} ·" in Page(answer).text
        assert Page(answer).form("/account/time-zone").fields == {"zone": zone}


@pytest.mark.parametrize(
    "zone", ["Mars/Olympus", "", "../../etc/passwd", "Paris, France", "Europe"]
)
async def test_a_time_zone_that_is_none_is_refused(alex: httpx.AsyncClient, zone: str) -> None:
    answer = await alex.post("/account/time-zone", data={"zone": zone})
    page = Page(answer)
    assert answer.status_code == 422
    field = page.attributes("input", id="zone")
    assert (field["aria-invalid"], field["value"]) == ("true", zone)
    assert field["aria-describedby"] == "zone-hint zone-error"
    assert "such as Europe/Paris." in page.text
    assert "times in UTC" in page.text


async def test_the_browser_tells_the_zone_at_the_first_sign_in_only(
    portal: Portal, freeze: Freeze
) -> None:
    """23:30 UTC on Monday is Tuesday in Tokyo, and the sign-in itself counts there."""
    monday = datetime(2026, 2, 23, 23, 30, tzinfo=UTC)
    freeze(monday)
    zone = "SELECT time_zone FROM app_user WHERE external_id = 'alex'"
    for told, kept in (
        ("", None),
        ("Mars/Olympus", None),
        ("Asia/Tokyo", "Asia/Tokyo"),
        ("Europe/Paris", "Asia/Tokyo"),
    ):
        browser = portal.browser()
        answer = await browser.post("/login", data={**RIGHT, "zone": told})
        assert answer.status_code == 303
        assert await portal.database.value(zone) == kept, told
    days = await portal.database.fetch("SELECT day FROM activity_day ORDER BY day")
    assert [row["day"] for row in days] == [date(2026, 2, 23), date(2026, 2, 24)]
    # what was chosen by hand stays
    await browser.post("/account/time-zone", data={"zone": "UTC"})
    await portal.browser().post("/login", data={**RIGHT, "zone": "Asia/Tokyo"})
    assert await portal.database.value(zone) == "UTC"


async def test_a_zone_that_was_stored_elsewhere_never_fails(portal: Portal) -> None:
    """A row of a restored database, or of a machine with newer data; and one with an old name."""
    pages = ("/dashboard", "/account", "/path", "/leaderboard", "/api/dashboard/kpis")
    store = "UPDATE app_user SET time_zone = $1 WHERE external_id = 'alex'"
    for stored, shown in (
        ("Mars/Olympus", "UTC"),
        ("../../etc/passwd", "UTC"),
        ("", "UTC"),
        ("Asia/Calcutta", "Asia/Kolkata"),
    ):
        await portal.database.fetch(store, stored)
        browser = portal.browser()
        answer = await browser.post("/login", data={**RIGHT, "zone": "Asia/Tokyo"})
        assert answer.status_code == 303, stored
        for path in pages:
            answer = await browser.get(path)
            assert answer.status_code == 200, (stored, path)
            if not path.startswith("/api/"):
                assert f"times in {shown} ·" in Page(answer).text
        answer = await browser.post("/api/progress", json={"videoId": QUIZ, "done": True})
        assert answer.status_code == 200, stored
        assert (await account(browser)).form("/account/time-zone").fields == {"zone": shown}


async def test_a_zone_that_a_page_of_somebody_else_sends_is_refused(
    alex: httpx.AsyncClient, portal: Portal
) -> None:
    for path, data in (
        ("profile", {"name": "Eve"}),
        ("time-zone", {"zone": "Asia/Tokyo"}),
        ("leaderboard", {}),
        ("sign-out", {"device": "all"}),
        ("password", {"current": "claude123", "new": "eve-was-here", "again": "eve-was-here"}),
    ):
        headers = {"sec-fetch-site": "cross-site"}
        answer = await alex.post(f"/account/{path}", data=data, headers=headers)
        assert answer.status_code == 403, path
    assert (await account(alex)).form("/account/profile").fields == {"name": "Alex Johnson"}
    await portal.signed_in("alex")


async def test_the_word_after_a_redirect_cannot_be_made_up(alex: httpx.AsyncClient) -> None:
    answer = await alex.get("/account", params={"saved": "<b>You won</b>"})
    assert "You won" not in answer.text


async def test_the_theme_can_be_chosen_here_too(alex: httpx.AsyncClient) -> None:
    page = await account(alex)
    forms = [form for form in page.forms if form.action == "/theme"]
    assert [form.fields["next"] for form in forms] == ["/account", "/account"]
    answer = await send(alex, forms[0], theme="dark")
    assert answer.url.path == "/account"
    assert Page(answer).attributes("html")["data-theme"] == "dark"
