"""Everybody takes quizzes at once, directly and through a pooler with two connections: each answer
is graded as if that person were alone, and the totals are what the answers say."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from portal.accounts.demo import ACCOUNTS, TEAMS
from portal.quiz.regrade import check_scores
from tests.pooler import Pooler
from tests.support import COURSE, Database, Portal, answer_for
from tests.web.portals import opened

QUIZZES = list(COURSE.quizzes)[:2]
STANDING = """
    SELECT u.external_id, s.track, s.ranked, s.score FROM user_score s
    JOIN app_user u ON u.id = s.learner
"""
TRACKS = {team.id: team.track for team in TEAMS}


class Learner:
    """One person, who gives the first `wrong` answers of every first attempt wrongly."""

    def __init__(self, browser: httpx.AsyncClient, number: int) -> None:
        self.browser = browser
        self.wrong = number % 4
        self.total = 0

    async def get(self, quiz_id: str) -> dict[str, Any]:
        answer = await self.browser.get(f"/api/quiz/{quiz_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def post(self, path: str, body: dict[str, Any], status: int) -> dict[str, Any]:
        answer = await self.browser.post(path, json=body)
        assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text}"
        found: dict[str, Any] = answer.json()
        return found

    async def answer_all(self, quiz_id: str, wrong: int) -> list[bool]:
        """Commit every answer and look at each reply. Returns which were right."""
        quiz = await self.get(quiz_id)
        path, attempt = f"/api/quiz/{quiz_id}/answers", {"attemptNumber": quiz["attemptNumber"]}
        rights = []
        for place, question in enumerate(quiz["questions"]):
            right = place >= wrong
            reply = await self.post(
                path, {**answer_for(quiz_id, question, right=right), **attempt}, 200
            )
            assert (reply["questionId"], reply["correct"]) == (question["id"], right)
            assert (reply["answered"], reply["total"]) == (place + 1, len(quiz["questions"]))
            other = answer_for(quiz_id, question, right=not right)
            refused = await self.post(path, {**other, **attempt}, 409)
            assert refused["details"]["correct"] is right
            rights.append(right)
        return rights

    async def take(self, quiz_id: str) -> None:
        """Take a quiz twice: with mistakes, and with all of them mended."""
        body = {"videoId": quiz_id}
        rights = await self.answer_all(quiz_id, self.wrong)
        done = await self.post("/api/quiz/submit", {**body, "attemptNumber": 1}, 200)
        self.total += 15 * sum(rights)
        assert done["attempt"]["scoreEarned"] == 15 * sum(rights)
        assert done["totalScore"] == self.total
        await self.answer_all(quiz_id, 0)
        done = await self.post("/api/quiz/submit", {**body, "attemptNumber": 2}, 200)
        self.total += 10 * self.wrong
        assert done["attempt"]["firstTryCorrect"] == sum(rights)
        assert done["totalScore"] == self.total
        refused = await self.post("/api/quiz/submit", {**body, "attemptNumber": 2}, 409)
        assert refused["details"]["attempt"]["correctAnswers"] == len(rights)


async def everybody_learns(portal: Portal) -> dict[str, Learner]:
    """Returns everybody by id after both quizzes, which all took at the same time."""
    people = {
        account.id: Learner(await portal.signed_in(account.id), number)
        for number, account in enumerate(ACCOUNTS)
    }

    async def learn(number: int, learner: Learner) -> None:
        for quiz_id in QUIZZES if number % 2 else reversed(QUIZZES):
            await learner.take(quiz_id)
            kpis = (await learner.browser.get("/api/dashboard/kpis")).json()
            assert kpis["totalScore"] == learner.total

    await asyncio.gather(*(learn(number, person) for number, person in enumerate(people.values())))
    return people


async def check_all(database: Database, people: dict[str, Learner]) -> None:
    assert [str(difference) async for difference in check_scores()] == []
    assert {tuple(row) for row in await database.fetch(STANDING)} == {
        (
            account.id,
            TRACKS.get(account.team or ""),
            account.role == "learner",
            people[account.id].total,
        )
        for account in ACCOUNTS
    }
    for track, name in (("dev", "alex"), ("business", "nina")):
        scores = [
            people[account.id].total
            for account in ACCOUNTS
            if account.role == "learner" and TRACKS[account.team or ""] == track
        ]
        kpis = (await people[name].browser.get("/api/dashboard/kpis")).json()
        assert kpis["total"] == len(scores) == 8
        assert [person["score"] for person in kpis["top10"]] == sorted(scores, reverse=True)
        assert kpis["rank"] == 1 + sum(score > people[name].total for score in scores)
    questions = sum(len(COURSE.quizzes[quiz_id].questions) for quiz_id in QUIZZES)
    written = "SELECT count(*) FROM quiz_answer"
    assert await database.value(written) == 2 * questions * len(ACCOUNTS)


async def test_directly(portal: Portal) -> None:
    people = await everybody_learns(portal)
    await check_all(portal.database, people)


async def test_through_a_pooler(database: Database, pooler: Pooler) -> None:
    async with opened(None, url=pooler.url(database.name)) as portal:
        people = await everybody_learns(portal)
        await check_all(database, people)
        assert pooler.pool(database.name)["sv_active"] == "0"
