"""Fifty people use the whole portal through a transaction pooler with two connections.

They get the statuses that a direct connection gives, and nobody ever sees another's row.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import httpx

from portal.accounts.demo import ACCOUNTS, DemoAccount
from tests.pooler import Pooler
from tests.support import COURSE, PASSWORDS, Database, Portal, answer_for
from tests.web.portals import Route, address, opened, routes_of

CLIENTS = 50
SCORED = list(COURSE.quizzes)[:4]
RACED, BY_FORM = list(COURSE.quizzes)[4:6]
WATCHED, MARKED = list(COURSE.videos)[:2]
ROLES = ("alex", "sara", "admin")  # a learner, a manager, an admin
# What a visit writes; every other route is called as it is, a write with an empty body.
WRITTEN = {
    "/api/auth/login", "/api/auth/logout", "/api/progress", "/api/progress/watch",
    "/api/quiz/{video_id:str}/answers", "/api/quiz/submit", "/login", "/logout", "/theme",
    "/video/{video_id:str}/done", "/video/{video_id:str}/answer", "/video/{video_id:str}/submit",
}  # fmt: skip

Statuses: TypeAlias = dict[tuple[str, Route], int]


def plain_routes(portal: Portal) -> list[Route]:
    """Those that answer everybody of a role alike: a member is there for who leads their team."""
    return [
        r
        for r in routes_of(portal)
        if (r.method == "GET" or r.path not in WRITTEN) and "{member_id" not in r.path
    ]


async def call(portal: Portal, browser: httpx.AsyncClient, route: Route) -> int:
    """Returns the status of a route for whoever is signed in."""
    body: dict[str, Any] | None = None if route.method == "GET" else {}
    return (await browser.request(route.method, address(portal, route.path), json=body)).status_code


async def collect_points(browser: httpx.AsyncClient, wrong: int) -> int:
    """Complete four quizzes with that many wrong answers in all, and return the total score."""
    for quiz_id in SCORED:
        quiz = (await browser.get(f"/api/quiz/{quiz_id}")).json()
        answers = []
        for question in quiz["questions"]:
            answers.append(answer_for(quiz_id, question, right=wrong <= 0))
            wrong -= 1
        body = {"videoId": quiz_id, "attemptNumber": 1, "answers": answers}
        answer = await browser.post("/api/quiz/submit", json=body)
        assert answer.status_code == 200, answer.text
    total: int = answer.json()["totalScore"]
    return total


async def prepare(database: Database) -> tuple[dict[str, int], Statuses]:
    """Give everyone a score of their own over a direct connection. Returns the scores, and the
    status of every plain route for each role."""
    scores: dict[str, int] = {}
    statuses: Statuses = {}
    async with opened(database) as portal:
        for number, account in enumerate(ACCOUNTS):
            browser = await portal.signed_in(account.id)
            scores[account.id] = await collect_points(browser, number)
            if account.id in ROLES:
                for route in plain_routes(portal):
                    statuses[account.role, route] = await call(portal, browser, route)
    assert len(set(scores.values())) == len(ACCOUNTS)
    return scores, statuses


class Visit:
    """One browser among the many. `number` is the account's, the same in each of its browsers."""

    def __init__(self, browser: httpx.AsyncClient, account: DemoAccount, score: int) -> None:
        self.browser = browser
        self.account = account
        self.number = ACCOUNTS.index(account)
        self.score = score

    async def check_me(self) -> None:
        me = await self.browser.get("/api/auth/me")
        assert me.status_code == 200, me.text
        assert me.json()["user"]["id"] == self.account.id

    async def check_figures(self) -> None:
        kpis = (await self.browser.get("/api/dashboard/kpis")).json()
        assert kpis["totalScore"] == self.score
        progress = (await self.browser.get("/api/progress")).json()["videos"]
        assert progress[WATCHED]["positionSeconds"] == self.number

    async def expect(self, allowed: set[int], path: str, **options: Any) -> httpx.Response:
        answer = await self.browser.post(path, **options)
        assert answer.status_code in allowed, f"{path}: {answer.status_code} {answer.text[:200]}"
        return answer

    async def watch(self) -> None:
        report = {"from": 0, "to": 1, "position": self.number, "duration": 60}
        await self.expect({200}, "/api/progress/watch", json={"videoId": WATCHED, **report})
        await self.expect({200}, "/api/progress", json={"videoId": MARKED, "done": True})
        await self.check_figures()

    async def take_quiz(self) -> None:
        """All wrong, so that the score stays. Another browser of the account may be faster: 409."""
        quiz = (await self.browser.get(f"/api/quiz/{RACED}")).json()
        answers = [answer_for(RACED, question, right=False) for question in quiz["questions"]]
        attempt = {"attemptNumber": quiz["attemptNumber"]}
        for given in answers[:2]:
            path = f"/api/quiz/{RACED}/answers"
            await self.expect({200, 409}, path, json={**given, **attempt})
            await self.check_me()
        body = {"videoId": RACED, "answers": answers, **attempt}
        await self.expect({200, 409}, "/api/quiz/submit", json=body)
        await self.check_figures()

    async def use_forms(self) -> None:
        quiz = (await self.browser.get(f"/api/quiz/{BY_FORM}")).json()
        attempt = str(quiz["attemptNumber"])
        for question in quiz["questions"][:2]:
            given = answer_for(BY_FORM, question, right=False)
            choices = given.get("choiceIds") or [given["choiceId"]]
            form = {"attempt": attempt, "question": question["id"], "choice": choices}
            await self.expect({303}, f"/video/{BY_FORM}/answer", data=form)
            await self.check_me()
        await self.expect({303}, f"/video/{BY_FORM}/submit", data={"attempt": attempt})
        await self.expect({303}, f"/video/{MARKED}/done", data={"done": "false"})
        await self.expect({303}, "/theme", data={"theme": "dark"})
        await self.check_figures()

    async def leave_and_return(self) -> None:
        await self.expect({200}, "/api/auth/logout")
        assert (await self.browser.get("/api/auth/me")).json() == {"user": None}
        form = {"username": self.account.id, "password": PASSWORDS[self.account.id]}
        await self.expect({303}, "/login", data=form)
        await self.check_me()
        await self.expect({303}, "/logout")
        assert (await self.browser.get("/api/auth/me")).json() == {"user": None}


async def visit(portal: Portal, number: int, scores: dict[str, int], statuses: Statuses) -> None:
    account = ACCOUNTS[number % len(ACCOUNTS)]
    me = Visit(await portal.signed_in(account.id), account, scores[account.id])
    await me.watch()
    routes = plain_routes(portal)
    # Each begins elsewhere and takes every third one, so that requests of all kinds meet.
    for route in (routes[number % len(routes) :] + routes[: number % len(routes)])[::3]:
        assert await call(portal, me.browser, route) == statuses[account.role, route], route
        await me.check_me()
    parts: list[Callable[[], Awaitable[None]]] = [me.take_quiz, me.use_forms]
    for part in parts if number % 2 else reversed(parts):
        await part()
    await me.leave_and_return()


async def test_fifty_people_at_once(pooler: Pooler, database: Database) -> None:
    scores, statuses = await prepare(database)
    async with opened(None, url=pooler.url(database.name)) as portal:
        await asyncio.gather(
            *(visit(portal, number, scores, statuses) for number in range(CLIENTS))
        )
        assert pooler.pool(database.name)["sv_active"] == "0"
    taken = "SELECT count(*) FROM quiz_attempt WHERE quiz_id = $1"
    assert await database.value(taken, RACED) >= len(ACCOUNTS)
    assert await database.value(taken, BY_FORM) == len(ACCOUNTS), "begun once, however many windows"


async def test_twenty_submits_at_once(pooler: Pooler, database: Database) -> None:
    async with opened(None, url=pooler.url(database.name)) as portal:
        first = await portal.signed_in("alex")
        before = await collect_points(first, 0)  # from here on there is a total to lock
        windows = [portal.browser(cookies=first.cookies) for _ in range(20)]
        quiz = (await first.get(f"/api/quiz/{RACED}")).json()
        answers = [answer_for(RACED, question, right=True) for question in quiz["questions"]]
        body = {"videoId": RACED, "attemptNumber": 1, "answers": answers}
        results = await asyncio.gather(
            *(browser.post("/api/quiz/submit", json=body) for browser in windows)
        )
        assert sorted(answer.status_code for answer in results) == [200] + [409] * 19
        [done] = [answer.json() for answer in results if answer.status_code == 200]
        for answer in results:
            if answer.status_code == 409:
                assert answer.json()["details"]["attempt"]["attemptNumber"] == 1
        kpis = (await first.get("/api/dashboard/kpis")).json()
        assert kpis["totalScore"] == done["totalScore"] == before + 15 * len(answers)
    taken = """SELECT count(DISTINCT a.id), count(*) FROM quiz_attempt a
               JOIN quiz_answer w ON w.attempt = a.id WHERE a.quiz_id = $1"""
    assert [tuple(row) for row in await database.fetch(taken, RACED)] == [(1, len(answers))]
