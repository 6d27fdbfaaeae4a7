"""How many statements a request may send: a list that grows must not send more of them."""

from __future__ import annotations

import httpx
import pytest

from portal.db import sql
from tests.support import COURSE, QUIZ, Portal, answer_for, key_of, take_quiz

# The session's own statement included; a page also reads the score in its header.
READS = {
    "/api/auth/me": 1,
    "/api/path": 3,
    "/api/progress": 2,
    f"/api/quiz/{QUIZ}": 2,
    "/api/dashboard/kpis": 2,
    "/api/search?q=prompting": 2,
    "/search?q=prompting": 3,
    "/search": 2,
    "/dashboard": 7,
    "/api/leaderboard": 2,
    "/api/leaderboard?scope=all&period=30d": 2,
    "/leaderboard": 3,
    "/leaderboard?scope=team&period=30d": 3,
    "/account": 5,
    "/path": 4,
    "/step/1": 4,
    f"/video/{QUIZ}": 5,
    f"/video/{QUIZ}?q=1": 5,
    f"/video/{QUIZ}?result=1": 8,
    "/no/such/page": 2,
    "/login": 1,
}


# Of who leads a team.
LEADERS_READS = {
    "/manager": 7,
    "/manager?team=alpha&status=at-risk&days=84&step=2&q=a&sort=-score": 7,
    "/manager/member/alex": 9,
}


async def count(browser: httpx.AsyncClient, method: str, url: str, **options: object) -> int:
    before = sql.engine().pool.statements
    answer = await browser.request(method, url, **options)  # type: ignore[arg-type]
    assert answer.status_code < 500
    return sql.engine().pool.statements - before


@pytest.fixture
async def busy(portal: Portal, alex: httpx.AsyncClient) -> httpx.AsyncClient:
    """Alex, with every quiz taken, one of them open, and every video marked."""
    for video in COURSE.ordered[:20]:
        await alex.post("/api/progress", json={"videoId": video.id, "done": True})
    for quiz_id in list(COURSE.quizzes)[:4]:
        await take_quiz(alex, quiz_id, wrong=1)
    quiz = (await alex.get(f"/api/quiz/{QUIZ}")).json()
    body = {**answer_for(QUIZ, quiz["questions"][0], right=True), "attemptNumber": 2}
    await alex.post(f"/api/quiz/{QUIZ}/answers", json=body)
    return alex


async def test_reads_stay_within_their_number(busy: httpx.AsyncClient) -> None:
    for url, allowed in READS.items():
        assert await count(busy, "GET", url) <= allowed, url


async def test_a_new_learner_costs_no_more(alex: httpx.AsyncClient) -> None:
    for url, allowed in READS.items():
        assert await count(alex, "GET", url) <= allowed, url


async def test_a_team_of_any_size_costs_the_same(portal: Portal) -> None:
    sara = await portal.signed_in("sara")
    few = {url: await count(sara, "GET", url) for url in LEADERS_READS}
    assert {url: number for url, number in few.items() if number > LEADERS_READS[url]} == {}
    await portal.database.fetch(
        """
        INSERT INTO app_user (id, external_id, name, role, team, created_at)
        SELECT gen_random_uuid(), 'many-' || n, 'Many ' || n, 'learner', 'alpha', now()
        FROM generate_series(1, 295) AS n
        """
    )
    assert {url: await count(sara, "GET", url) for url in LEADERS_READS} == few


async def test_what_needs_no_data_asks_for_none(visitor: httpx.AsyncClient) -> None:
    for url in ("/api/health", "/health/live", "/static/x/css/base.css", "/dashboard", "/api/path"):
        assert await count(visitor, "GET", url) == 0, url
    assert await count(visitor, "GET", "/api/auth/me") == 0


async def test_writes_stay_within_their_number(busy: httpx.AsyncClient) -> None:
    """BEGIN and COMMIT included."""
    quiz = (await busy.get(f"/api/quiz/{QUIZ}")).json()
    question = quiz["questions"][1]
    body = {**answer_for(QUIZ, question, right=True), "attemptNumber": 2}
    assert await count(busy, "POST", f"/api/quiz/{QUIZ}/answers", json=body) <= 7
    key = key_of(QUIZ, quiz["questions"][2]["id"])
    form = {"for": "alex", "question": quiz["questions"][2]["id"], "attempt": 2, "choice": key}
    assert await count(busy, "POST", f"/video/{QUIZ}/answer", data=form) <= 7
    answers = [answer_for(QUIZ, entry, right=True) for entry in quiz["questions"]]
    body = {"videoId": QUIZ, "attemptNumber": 2, "answers": answers}
    assert await count(busy, "POST", "/api/quiz/submit", json=body) <= 10
    body = {"videoId": QUIZ, "done": True}
    assert await count(busy, "POST", "/api/progress", json=body) <= 5
    body = {"videoId": QUIZ, "from": 0, "to": 5, "position": 5, "duration": 262}
    assert await count(busy, "POST", "/api/progress/watch", json=body) <= 7
    body = {"username": "alex", "password": "claude123"}
    assert await count(busy, "POST", "/api/auth/login", json=body) <= 4
