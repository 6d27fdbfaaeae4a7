"""When something of ours breaks: one calm answer with a number, one line in the log, no secrets."""

from __future__ import annotations

import json
import logging

import httpx
import pytest

from portal.accounts import queries
from tests.breaking import unreadable, unwritable
from tests.support import QUIZ, Portal
from tests.web.markup import Page
from tests.web.portals import change_site, logged


async def test_the_api_answers_500_with_the_number_of_the_request(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    async with unreadable(portal.database, "video_progress"):
        with logged() as lines:
            answer = await alex.get("/api/progress")
    request_id = answer.headers["x-request-id"]
    assert answer.status_code == 500
    assert answer.json() == {"error": "Internal server error", "requestId": request_id}
    assert len(lines) == 1
    route, _, text = lines[0].partition(" {")
    context = json.loads("{" + text)
    traceback = context.pop("traceback")
    assert route.startswith("[portal/progress] ")
    assert context == {"method": "GET", "requestId": request_id, "route": "/api/progress"}
    assert any(line.startswith("portal/learning/queries.py:") for line in traceback)
    assert "hunter2" not in lines[0] + answer.text


async def test_a_page_says_so_and_offers_a_way_on(portal: Portal, alex: httpx.AsyncClient) -> None:
    async with unreadable(portal.database, "video_progress"):
        with logged() as lines:
            answer = await alex.get("/dashboard", headers={"x-request-id": "told-by-proxy"})
    page = Page(answer)
    assert answer.status_code == 500
    assert page.title == "Something went wrong on our side · AI Training"
    assert "told-by-proxy" in page.text
    assert page.link("Open the path")
    assert [line.split(" {")[0].split("]")[0] for line in lines] == ["[portal/dashboard"]
    assert '"requestId":"told-by-proxy"' in lines[0]
    assert "hunter2" not in lines[0] + answer.text


async def test_a_bug_in_what_surrounds_every_page_still_ends_in_a_page(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    async def broken(_: object) -> int:
        raise RuntimeError("hunter2")

    change_site(portal, score_of=broken)
    with logged() as lines:
        answer = await alex.get("/path")
    assert answer.status_code == 500
    assert Page(answer).title.startswith("Something went wrong on our side")
    assert len(lines) == 1
    assert (await alex.get("/no/such/page")).status_code == 404


async def test_a_bug_in_asking_who_it_is_ends_in_an_answer(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    async with unreadable(portal.database, "login_session"):
        for url in ("/api/path", "/path", "/"):
            with logged() as lines:
                answer = await alex.get(url)
            assert answer.status_code == 500, url
            assert "x-request-id" in answer.headers
            assert len(lines) == 1, url


async def test_what_was_typed_is_in_no_log(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = {"username": "typed-name@example.com", "password": "typed-password"}
    monkeypatch.setattr(queries, "_CREDENTIALS", "SELECT $1::int AS broken, $2::bytea[]")
    with logged(logging.DEBUG) as lines:
        answers = [
            await portal.browser().post("/api/auth/login", json=typed),
            await portal.browser().post("/login", data={**typed, "next": "/path"}),
        ]
    assert [answer.status_code for answer in answers] == [500, 500]
    everything = "\n".join(lines)
    assert everything.count("DataError") >= 2
    assert "typed-" not in everything
    for answer in answers:
        assert "typed-password" not in answer.text


async def test_a_session_is_in_no_log(portal: Portal, alex: httpx.AsyncClient) -> None:
    async with unreadable(portal.database, "quiz_attempt"):
        with logged(logging.DEBUG) as lines:
            await alex.get("/dashboard")
            await alex.get("/api/path")
    assert (
        len([line for line in lines if line.startswith(("[portal/dashboard]", "[portal/path]"))])
        == 2
    )
    assert alex.cookies["sid"] not in "\n".join(lines)


async def test_an_address_cannot_forge_a_line_of_the_log(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    async with unreadable(portal.database, "login_session"):
        with logged() as lines:
            answer = await alex.get("/step/1%0A[forged] line")
    assert answer.status_code == 500
    assert "\n[forged]" not in "\n".join(lines)


async def test_one_address_is_one_name_in_the_log(portal: Portal, alex: httpx.AsyncClient) -> None:
    """A name per address would be kept for ever, by Python as well as by whoever counts."""
    async with unreadable(portal.database, "login_session"):
        before = len(logging.root.manager.loggerDict)
        for number in range(30):
            await alex.get(f"/step/made-up-{number}")
    assert len(logging.root.manager.loggerDict) - before < 5


async def test_a_bug_leaves_nothing_half_done(portal: Portal, alex: httpx.AsyncClient) -> None:
    """The mark is written before the day of activity, in one transaction."""
    async with unwritable(portal.database, "activity_day"):
        answer = await alex.post("/api/progress", json={"videoId": QUIZ, "done": True})
    assert answer.status_code == 500
    assert await portal.database.value("SELECT count(*) FROM video_progress") == 0
    assert (await alex.get("/api/progress")).json() == {"videos": {}}
