"""Erasing forgets who a person was, and keeps what was answered, of nobody."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from portal.errors import NotFound
from portal.people import actions
from tests.people.people import differences, hire, hired, kpis, ranking, refused
from tests.support import PASSWORDS, QUIZ, Database, Portal, take_quiz

NAME, EMAIL, AGENT = "Zelda Quorn", "Z.Quorn@example.com", "Mozilla/5.0 (Quornphone)"
ATTEMPTS = "SELECT a.* FROM quiz_attempt a ORDER BY id"
ANSWERS = "SELECT w.* FROM quiz_answer w ORDER BY id"
TABLES = """
    SELECT table_name FROM information_schema.tables
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
"""


async def everything(database: Database) -> str:
    """Returns all rows of all tables as one text."""
    rows: list[str] = []
    for (table,) in await database.fetch(TABLES):
        rows += [str(row[0]) for row in await database.fetch(f'SELECT t::text FROM "{table}" t')]
    return "\n".join(rows).lower()


async def sign_in(browser: httpx.AsyncClient, name: str) -> httpx.Response:
    return await browser.post(
        "/api/auth/login", json={"username": name, "password": PASSWORDS["alex"]}
    )


@pytest.fixture
async def zelda(portal: Portal) -> httpx.AsyncClient:
    """Somebody with an e-mail address and two devices, a good quiz, an open one and videos seen,
    among others of the track."""
    await hire("zelda", name=NAME, email=EMAIL.lower(), team="alpha")
    browser = portal.browser(headers={"user-agent": AGENT})
    for login in ("zelda", EMAIL, EMAIL.upper()):
        assert (await sign_in(browser, login)).status_code == 200
    wrong = await browser.post("/api/auth/login", json={"username": EMAIL, "password": "wrong"})
    assert wrong.status_code == 401
    await take_quiz(browser, wrong=1)
    await take_quiz(await portal.signed_in("alex"), wrong=2)
    await take_quiz(await portal.signed_in("mike"), wrong=0)
    question = (await browser.get(f"/api/quiz/{QUIZ}")).json()["questions"][0]
    body = {"questionId": question["id"], "choiceId": question["choices"][0]["id"]}
    await browser.post(f"/api/quiz/{QUIZ}/answers", json={**body, "attemptNumber": 2})
    await browser.post("/api/progress", json={"videoId": QUIZ, "done": True})
    return browser


async def test_nothing_tells_who_it_was(portal: Portal, zelda: httpx.AsyncClient) -> None:
    before = await everything(portal.database)
    for word in ("zelda", "quorn", EMAIL.lower(), "quornphone"):
        assert word in before
    hashed = await portal.database.value(
        "SELECT password_hash FROM app_user WHERE external_id = 'zelda'"
    )
    assert hashed.lower() in before
    admin = await portal.database.value("SELECT id FROM app_user WHERE external_id = 'admin'")
    await actions.erase("zelda", actor=admin)
    after = await everything(portal.database)
    for word in ("zelda", "quorn", "example.com", "quornphone", hashed.lower()):
        assert word not in after


async def test_the_session_is_dead_and_none_begins(
    portal: Portal, zelda: httpx.AsyncClient
) -> None:
    await actions.erase("zelda")
    assert (await zelda.get("/api/auth/me")).json() == {"user": None}
    assert (await zelda.get("/api/dashboard/kpis")).status_code == 401
    erased = await portal.database.value(
        "SELECT external_id FROM app_user WHERE erased_at IS NOT NULL"
    )
    for login in ("zelda", EMAIL, erased):
        answer = await sign_in(portal.browser(), login)
        assert (answer.status_code, answer.json()) == (401, {"error": "Invalid credentials"})


async def test_what_was_answered_stays(portal: Portal, zelda: httpx.AsyncClient) -> None:
    attempts = await portal.database.fetch(ATTEMPTS)
    answers = await portal.database.fetch(ANSWERS)
    assert (len(attempts), len(answers)) == (4, 19)
    await actions.erase("zelda")
    assert await portal.database.fetch(ATTEMPTS) == attempts
    assert await portal.database.fetch(ANSWERS) == answers
    assert await differences() == []
    total = """SELECT s.score, s.ranked FROM user_score s JOIN app_user u ON u.id = s.learner
               WHERE u.erased_at IS NOT NULL"""
    assert [tuple(row) for row in await portal.database.fetch(total)] == [(75, False)]


async def test_others_move_up(portal: Portal, zelda: httpx.AsyncClient) -> None:
    alex = await portal.signed_in("alex")
    assert await ranking(alex) == [("mike", 90, 1), ("zelda", 75, 2), ("alex", 60, 3)]
    await actions.erase("zelda")
    assert await ranking(alex) == [("mike", 90, 1), ("alex", 60, 2)]
    assert "Zelda" not in (await alex.get("/dashboard")).text
    people: list[Any] = await portal.database.fetch('SELECT externalid FROM "User"')
    assert len(people) == 22


async def test_disabled_people_can_be_erased_too(portal: Portal, zelda: httpx.AsyncClient) -> None:
    await actions.disable("zelda")
    await actions.erase("zelda")
    assert "zelda" not in await everything(portal.database)
    assert await differences() == []


async def test_nothing_can_be_done_to_nobody(portal: Portal, zelda: httpx.AsyncClient) -> None:
    await actions.erase("zelda")
    erased = await portal.database.value(
        "SELECT external_id FROM app_user WHERE erased_at IS NOT NULL"
    )
    for name in ("zelda", erased):
        for action in (actions.disable, actions.enable, actions.erase):
            async with refused(portal.database, NotFound, "There is no account"):
                await action(name)
        async with refused(portal.database, NotFound, "There is no account"):
            await actions.set_role(name, "admin")
        async with refused(portal.database, NotFound, "There is no account"):
            await actions.move_to_team(name, "beta")


async def test_the_id_and_the_address_are_free_again(
    portal: Portal, zelda: httpx.AsyncClient
) -> None:
    await actions.erase("zelda")
    again = await hired(portal, "zelda", email=EMAIL.lower(), team="alpha")
    found = await kpis(again)
    assert (found["totalScore"], found["rank"], found["videosCompleted"]) == (0, None, 0)
    assert (await again.get(f"/api/quiz/{QUIZ}")).json()["attemptNumber"] == 1
    await actions.erase("zelda")
    erased = "SELECT count(DISTINCT external_id) FROM app_user WHERE erased_at IS NOT NULL"
    assert await portal.database.value(erased) == 2
    assert await differences() == []
