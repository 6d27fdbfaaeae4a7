"""What people do is counted once, when it is committed, however it was sent."""

from __future__ import annotations

import ast
import asyncio
from pathlib import Path
from typing import Self

import httpx

import portal
from portal.web.metrics import EVENTS, PHASES
from tests.ops.samples import Samples, scrape
from tests.support import COURSE, QUIZ, Portal, answer_for, take_quiz

SOURCES = sorted(Path(portal.__file__).parent.rglob("*.py"))
VIDEO = next(video for video in COURSE.ordered if video.duration and video.duration < 600)


class Since:
    """How much each count has grown since `now`: counts belong to the process."""

    def __init__(self, browser: httpx.AsyncClient, before: Samples) -> None:
        self.browser = browser
        self.before = before

    @classmethod
    async def now(cls, browser: httpx.AsyncClient) -> Self:
        return cls(browser, await scrape(browser))

    async def grown(self, event: str) -> dict[str, float]:
        """Returns outcome → growth, without zeros; the outcome of an event without any is ""."""
        after = await scrape(self.browser)
        outcomes = EVENTS[event][1]
        named = {outcome: {"outcome": outcome} if outcome else {} for outcome in outcomes}
        name = f"portal_{event}_total"
        growth = {o: after.of(name, **n) - self.before.of(name, **n) for o, n in named.items()}
        return {outcome: value for outcome, value in growth.items() if value}


def spoken(function: str) -> set[tuple[str, ...]]:
    """Returns the literal arguments of all calls of a function in the sources."""
    found = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == function:
                found.update(_literals(node))
    return found


def _literals(call: ast.Call) -> list[tuple[str, ...]]:
    """Returns the arguments; both, where one of two words is passed."""
    choices: list[tuple[str, ...]] = [()]
    for argument in call.args:
        parts = [argument.body, argument.orelse] if isinstance(argument, ast.IfExp) else [argument]
        words = [p.value for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str)]
        choices = [(*chosen, word) for chosen in choices for word in words]
    return choices


def test_every_event_that_is_counted_is_shown() -> None:
    counted = {(*call, "")[:2] for call in spoken("count") if call}
    known = {(event, outcome) for event, (_, outcomes) in EVENTS.items() for outcome in outcomes}
    assert counted == known


def test_every_phase_of_the_start_is_shown() -> None:
    entered = {call[0] for call in spoken("lifecycle.enter")}
    assert {"migrating", "seeding", "failed"} <= entered <= set(PHASES)


async def test_a_sign_in_is_counted_by_its_outcome(portal: Portal) -> None:
    visitor = portal.browser()
    since = await Since.now(visitor)
    await portal.signed_in("alex", "claude123")
    await portal.browser().post(
        "/login", data={"username": "sara", "password": "manage123", "next": "/"}
    )
    wrong = {"username": "mike", "password": "not-the-password"}
    for _ in range(12):  # ten are let through
        await portal.browser().post("/api/auth/login", json=wrong)
    await portal.browser().post("/login", data=wrong)
    await portal.browser().post("/api/auth/login", json={"username": "mike"})
    assert await since.grown("sign_ins") == {"accepted": 2, "refused": 10, "limited": 3}
    assert await since.grown("rate_limit_refusals") == {"": 3}


async def test_an_answer_is_counted_once_right_or_wrong(alex: httpx.AsyncClient) -> None:
    questions = (await alex.get(f"/api/quiz/{QUIZ}")).json()["questions"]
    right = {**answer_for(QUIZ, questions[0], right=True), "attemptNumber": 1}
    wrong = {**answer_for(QUIZ, questions[1], right=False), "attemptNumber": 1}
    since = await Since.now(alex)
    answers = await asyncio.gather(
        *(alex.post(f"/api/quiz/{QUIZ}/answers", json=right) for _ in range(10)),
        *(alex.post(f"/api/quiz/{QUIZ}/answers", json=wrong) for _ in range(10)),
    )
    assert {answer.status_code for answer in answers} == {200}
    other = {**wrong, **answer_for(QUIZ, questions[1], right=True)}
    assert (await alex.post(f"/api/quiz/{QUIZ}/answers", json=other)).status_code == 409
    assert await since.grown("answers") == {"right": 1, "wrong": 1}
    assert await since.grown("quizzes_finished") == {}


async def test_twenty_submits_at_once_are_one_finished_quiz(alex: httpx.AsyncClient) -> None:
    questions = (await alex.get(f"/api/quiz/{QUIZ}")).json()["questions"]
    first = {**answer_for(QUIZ, questions[0], right=False), "attemptNumber": 1}
    rest = [answer_for(QUIZ, question, right=True) for question in questions[1:]]
    body = {"videoId": QUIZ, "attemptNumber": 1, "answers": rest}
    since = await Since.now(alex)
    assert (await alex.post(f"/api/quiz/{QUIZ}/answers", json=first)).status_code == 200
    answers = await asyncio.gather(*(alex.post("/api/quiz/submit", json=body) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 19]
    assert await since.grown("quizzes_finished") == {"": 1}
    assert await since.grown("answers") == {"right": len(questions) - 1, "wrong": 1}


async def test_what_was_not_committed_is_not_counted(alex: httpx.AsyncClient) -> None:
    questions = (await alex.get(f"/api/quiz/{QUIZ}")).json()["questions"]
    given = [answer_for(QUIZ, question, right=True) for question in questions]
    since = await Since.now(alex)
    body = {"videoId": QUIZ, "attemptNumber": 1, "answers": given[:-1]}
    assert (await alex.post("/api/quiz/submit", json=body)).status_code == 400
    body = {"videoId": QUIZ, "attemptNumber": 7, "answers": given}
    assert (await alex.post("/api/quiz/submit", json=body)).status_code == 409
    assert await since.grown("answers") == {}
    assert await since.grown("quizzes_finished") == {}


async def test_a_video_counts_when_it_becomes_done(
    alex: httpx.AsyncClient, mike: httpx.AsyncClient
) -> None:
    async def mark(done: bool) -> None:
        await alex.post("/api/progress", json={"videoId": VIDEO.id, "done": done})

    since = await Since.now(alex)
    await asyncio.gather(*(mark(True) for _ in range(5)))
    assert await since.grown("videos_completed") == {"declared": 1}
    await mark(False)
    await mark(False)
    assert await since.grown("videos_completed") == {"declared": 1}
    await alex.post(f"/video/{VIDEO.id}/done", data={"done": "true"})
    assert await since.grown("videos_completed") == {"declared": 2}


async def test_a_video_that_was_watched_to_the_end_counts_once(portal: Portal) -> None:
    browser = await portal.signed_in("priya")
    length = VIDEO.duration
    assert length is not None
    report = {"videoId": VIDEO.id, "position": 0, "duration": length}
    await browser.post("/api/progress/watch", json={**report, "from": 0, "to": 1})
    # all but the last second, as if the learner had been at it for a while
    await portal.database.fetch(
        "UPDATE video_progress SET watched = int4multirange(int4range(0, $1))", length // 10 * 9 - 1
    )
    since = await Since.now(browser)
    end = {**report, "from": length - 10, "to": length}
    for _ in range(3):
        answer = await browser.post("/api/progress/watch", json=end)
    assert answer.json()["done"] is True
    assert await since.grown("videos_completed") == {"watched": 1}
    await browser.post("/api/progress", json={"videoId": VIDEO.id, "done": True})
    assert await since.grown("videos_completed") == {"watched": 1}


async def test_a_whole_quiz_adds_up(portal: Portal) -> None:
    browser = await portal.signed_in("jordan")
    since = await Since.now(browser)
    result = await take_quiz(browser, QUIZ, wrong=1)
    total = result["attempt"]["totalQuestions"]
    assert await since.grown("answers") == {"right": total - 1, "wrong": 1}
    assert await since.grown("quizzes_finished") == {"": 1}
