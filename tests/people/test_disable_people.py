"""Disabling keeps a person out and out of the ranking; enabling brings both back."""

from __future__ import annotations

import httpx
import pytest

from portal.errors import NotFound
from portal.people import actions
from tests.people.people import differences, kpis, ranking, refused
from tests.support import PASSWORDS, Portal, take_quiz

EVERYBODY = [("alex", 90, 1), ("mike", 75, 2), ("priya", 75, 2), ("yuki", 60, 4)]
KEPT = "SELECT count(*) FROM quiz_attempt a JOIN quiz_answer w ON w.attempt = a.id"
DISABLED = "SELECT disabled_at FROM app_user WHERE external_id = 'mike'"


async def sign_in(browser: httpx.AsyncClient, name: str) -> httpx.Response:
    body = {"username": name, "password": PASSWORDS[name]}
    return await browser.post("/api/auth/login", json=body)


@pytest.fixture
async def ranked(portal: Portal) -> Portal:
    for name, wrong in (("alex", 0), ("mike", 1), ("priya", 1), ("yuki", 2)):
        await take_quiz(await portal.signed_in(name), wrong=wrong)
    return portal


async def test_out_of_the_ranking_and_back(ranked: Portal) -> None:
    yuki = await ranked.signed_in("yuki")
    assert sorted(await ranking(yuki)) == EVERYBODY
    await actions.disable("mike")
    assert sorted(await ranking(yuki)) == [("alex", 90, 1), ("priya", 75, 2), ("yuki", 60, 3)]
    assert (await kpis(yuki))["rank"] == 3
    await actions.disable("alex")
    assert sorted(await ranking(yuki)) == [("priya", 75, 1), ("yuki", 60, 2)]
    assert await differences() == []
    await actions.enable("mike")
    await actions.enable("alex")
    assert sorted(await ranking(yuki)) == EVERYBODY
    assert (await kpis(yuki))["rank"] == 4
    assert await ranked.database.value(KEPT) == 24
    assert await differences() == []


async def test_all_sessions_end_and_none_begins(ranked: Portal, visitor: httpx.AsyncClient) -> None:
    browsers = [await ranked.signed_in("mike"), await ranked.signed_in("mike")]
    other = await ranked.signed_in("alex")
    wrong = await visitor.post("/api/auth/login", json={"username": "mike", "password": "no"})
    await actions.disable("mike")
    for browser in browsers:
        assert (await browser.get("/api/dashboard/kpis")).status_code == 401
        answer = await browser.post("/api/quiz/submit", json={"videoId": "x", "attemptNumber": 1})
        assert answer.status_code == 401
    answer = await sign_in(visitor, "mike")
    assert (answer.status_code, answer.json()) == (401, wrong.json())
    assert (await other.get("/api/dashboard/kpis")).status_code == 200
    await actions.enable("mike")
    assert (await sign_in(visitor, "mike")).status_code == 200
    for browser in browsers:  # what ended stays ended
        assert (await browser.get("/api/dashboard/kpis")).status_code == 401


async def test_twice_is_as_once(ranked: Portal) -> None:
    await actions.disable("mike")
    since = await ranked.database.value(DISABLED)
    await actions.disable("mike")
    assert await ranked.database.value(DISABLED) == since
    for _ in range(2):
        await actions.enable("mike")
        assert await ranked.database.value(DISABLED) is None
    assert (await kpis(await ranked.signed_in("mike")))["rank"] == 2


async def test_a_role_or_a_team_given_meanwhile_counts_afterwards(ranked: Portal) -> None:
    for name in ("mike", "priya", "yuki"):
        await actions.disable(name)
    await actions.set_role("mike", "manager")
    await actions.move_to_team("priya", "beta")
    await actions.set_track("gamma", "business")
    assert await differences() == []
    for name in ("mike", "priya", "yuki"):
        await actions.enable(name)
    assert await ranking(await ranked.signed_in("alex")) == [("alex", 90, 1)]
    business = [("priya", 75, 1), ("yuki", 60, 2)]
    assert await ranking(await ranked.signed_in("yuki")) == business
    assert await differences() == []


async def test_who_does_not_exist_is_not_found(ranked: Portal) -> None:
    for action in (actions.disable, actions.enable, actions.erase):
        for name in ("nobody", "", "MIKE", "%"):
            async with refused(ranked.database, NotFound, "There is no account"):
                await action(name)
