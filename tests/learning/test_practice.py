"""Ticking off what is to be practised, and taking it back."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from portal.people.actions import erase
from tests.learning.courses import teach
from tests.learning.locked_course import SECOND, locked_course
from tests.support import Portal
from tests.web.markup import Page, send

URL = "/api/practice"
TICK = {"stepId": "1", "itemId": "first-task", "ticked": True}
ROWS = "SELECT u.external_id, item FROM practice_tick JOIN app_user u ON u.id = learner ORDER BY 1"


@pytest.fixture(autouse=True)
async def course(portal: Portal) -> None:
    teach(portal, locked_course())


async def ticked(browser: httpx.AsyncClient) -> list[str]:
    """Returns the tasks that the path shows as done."""
    steps = (await browser.get("/api/path")).json()["steps"]
    return [task["id"] for step in steps for task in step["practice"] if task["ticked"]]


async def test_a_task_is_ticked_off_and_remembered(portal: Portal, alex: httpx.AsyncClient) -> None:
    step = (await alex.get("/api/path")).json()["steps"][0]
    assert step["practice"] == [
        {"id": "first-task", "text": "Do the first task", "ticked": False},
        {"id": "second-task", "text": "Do it again", "ticked": False},
        {"id": None, "text": "Only read", "ticked": False},
    ]
    answer = await alex.post(URL, json=TICK)
    assert (answer.status_code, answer.json()) == (200, TICK)
    assert await ticked(alex) == ["first-task"]
    assert await ticked(await portal.signed_in("alex")) == ["first-task"]
    answer = await alex.post(URL, json={**TICK, "ticked": False})
    assert (answer.status_code, answer.json()) == (200, {**TICK, "ticked": False})
    assert await ticked(alex) == []


async def test_twice_means_the_same(portal: Portal, alex: httpx.AsyncClient) -> None:
    for _ in range(2):
        assert (await alex.post(URL, json=TICK)).status_code == 200
    first = await portal.database.fetch("SELECT item, ticked_at FROM practice_tick")
    assert len(first) == 1
    await alex.post(URL, json=TICK)
    assert await portal.database.fetch("SELECT item, ticked_at FROM practice_tick") == first
    for _ in range(2):
        answer = await alex.post(URL, json={**TICK, "ticked": False})
        assert answer.status_code == 200
    assert await portal.database.value("SELECT count(*) FROM practice_tick") == 0


async def test_unknown_things_are_not_found(portal: Portal, alex: httpx.AsyncClient) -> None:
    for step, item, sentence in (
        ("1", "no-such-task", "This step has no such task."),
        ("1", "locked-task", "This step has no such task."),
        ("1", "Only read", "This step has no such task."),
        ("1", "", "This step has no such task."),
        ("9", "first-task", "There is no such step. The path lists all of them."),
    ):
        for wanted in (True, False):
            body: dict[str, Any] = {"stepId": step, "itemId": item, "ticked": wanted}
            answer = await alex.post(URL, json=body)
            assert (answer.status_code, answer.json()) == (404, {"error": sentence})
        answer = await alex.post(f"/step/{step}/practice", data={"item": item, "ticked": "true"})
        assert answer.status_code == 404
        assert sentence in answer.text
    for body in ({}, {**TICK, "stepId": None}, {**TICK, "ticked": "perhaps"}):
        assert (await alex.post(URL, json=body)).status_code == 400
    assert await portal.database.value("SELECT count(*) FROM practice_tick") == 0


async def test_a_task_of_a_locked_step_is_refused(portal: Portal, alex: httpx.AsyncClient) -> None:
    for wanted in (True, False):
        body = {"stepId": "2", "itemId": "locked-task", "ticked": wanted}
        answer = await alex.post(URL, json=body)
        assert answer.status_code == 403
        assert answer.json()["error"] == SECOND
    answer = await alex.post("/step/2/practice", data={"item": "locked-task", "ticked": "true"})
    assert answer.status_code == 403
    assert SECOND in Page(answer).text
    assert await portal.database.value("SELECT count(*) FROM practice_tick") == 0


async def test_nobody_sees_or_changes_the_ticks_of_another(
    portal: Portal, alex: httpx.AsyncClient, mike: httpx.AsyncClient, nina: httpx.AsyncClient
) -> None:
    await alex.post(URL, json=TICK)
    await mike.post(URL, json={**TICK, "itemId": "second-task"})
    for browser in (mike, nina):
        assert "first-task" not in await ticked(browser)
        assert (await browser.post(URL, json={**TICK, "ticked": False})).status_code == 200
    assert await ticked(alex) == ["first-task"]
    rows = [tuple(row) for row in await portal.database.fetch(ROWS)]
    assert rows == [("alex", "first-task"), ("mike", "second-task")]


async def test_ticking_is_an_activity_without_points(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    count = "SELECT count(*) FROM activity_day"
    await portal.database.fetch("DELETE FROM activity_day")
    await alex.post(URL, json={**TICK, "ticked": False})
    assert await portal.database.value(count) == 0
    await alex.post(URL, json=TICK)
    assert await portal.database.value(count) == 1
    assert (await alex.get("/api/dashboard/kpis")).json()["totalScore"] == 0


async def test_the_page_ticks_without_script_and_stays_where_it_was(
    alex: httpx.AsyncClient,
) -> None:
    page = Page(await alex.get("/step/1"))
    assert "0 of 2 done" in page.text
    assert "Only read" in page.text
    forms = [form for form in page.forms if form.action == "/step/1/practice"]
    assert [form.fields["item"] for form in forms] == ["first-task", "second-task"]
    answer = await alex.post("/step/1/practice", data=forms[1].fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/step/1#task-second-task")
    page = Page(await send(alex, forms[1]))  # pressed twice
    assert page.attributes("button", id="tick-second-task")["aria-checked"] == "true"
    assert page.attributes("button", id="tick-first-task")["aria-checked"] == "false"
    assert page.attributes("li", id="task-second-task")
    assert "1 of 2 done" in page.text
    assert "Practice at work: 1 of 2 done" in Page(await alex.get("/path")).text
    form = next(form for form in page.forms if form.fields.get("item") == "second-task")
    assert "0 of 2 done" in Page(await send(alex, form)).text


async def test_erasing_a_person_removes_what_they_ticked(
    portal: Portal, alex: httpx.AsyncClient, mike: httpx.AsyncClient
) -> None:
    for browser in (alex, mike):
        await browser.post(URL, json=TICK)
    await erase("alex")
    assert [row[0] for row in await portal.database.fetch(ROWS)] == ["mike"]
    await portal.database.fetch("DELETE FROM quiz_attempt")
    await portal.database.fetch("DELETE FROM user_score")
    await portal.database.fetch("DELETE FROM app_user WHERE external_id = 'mike'")
    assert await portal.database.fetch(ROWS) == []
