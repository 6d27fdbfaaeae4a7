"""One person, one attempt, two devices: nothing is lost, and both show the same in the end."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from portal.quiz.regrade import check_scores
from tests.learning.courses import course_of, given, one_of_each, question, teach, video
from tests.support import Portal
from tests.web.markup import Page, send

# Ten questions: one of each kind, then single ones.
QUESTIONS = (*one_of_each(), *(question(number) for number in range(5, 11)))
RECORDED = "SELECT question_id, choices, correct, first_ever FROM quiz_answer ORDER BY id"


async def state(browser: httpx.AsyncClient) -> dict[str, Any]:
    answer = await browser.get("/api/quiz/basics")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


async def commit(
    browser: httpx.AsyncClient, number: int, *, right: bool = True, attempt: int = 1
) -> httpx.Response:
    """Commit an answer to a question, counted from 1."""
    body = {**given(QUESTIONS[number - 1], right=right), "attemptNumber": attempt}
    return await browser.post("/api/quiz/basics/answers", json=body)


async def submit(browser: httpx.AsyncClient, **more: Any) -> httpx.Response:
    return await browser.post(
        "/api/quiz/submit", json={"videoId": "basics", "attemptNumber": 1, **more}
    )


def recorded(number: int, *, right: bool) -> dict[str, Any]:
    """Returns what a refused contradiction says is recorded."""
    answer = given(QUESTIONS[number - 1], right=right)
    if QUESTIONS[number - 1].kind == "multiple":
        answer["choiceIds"] = sorted(answer["choiceIds"])
    return {**answer, "correct": right}


@pytest.fixture
async def laptop(portal: Portal) -> httpx.AsyncClient:
    teach(portal, course_of(video("basics", QUESTIONS)))
    return await portal.signed_in("alex")


@pytest.fixture
async def phone(portal: Portal, laptop: httpx.AsyncClient) -> httpx.AsyncClient:
    """A session of its own, of the same person."""
    return await portal.signed_in("alex")


async def test_answers_in_turns_are_one_attempt(
    portal: Portal, laptop: httpx.AsyncClient, phone: httpx.AsyncClient
) -> None:
    for number in range(1, 11):
        browser = (laptop, phone)[number % 2]
        answer = await commit(browser, number, right=number % 3 > 0)
        assert answer.status_code == 200
        assert answer.json()["answered"] == number
        mine, other = await state(laptop), await state(phone)
        assert mine == other
        assert list(mine["answered"]) == [f"question-{n}" for n in range(1, number + 1)]
    done = (await submit(phone)).json()
    assert done["attempt"]["correctAnswers"] == 7
    assert await portal.database.value("SELECT count(*) FROM quiz_attempt") == 1
    assert [difference async for difference in check_scores()] == []


async def test_the_same_answer_twice_is_no_contradiction(
    laptop: httpx.AsyncClient, phone: httpx.AsyncClient
) -> None:
    for number in range(1, 5):
        first, second = await commit(laptop, number), await commit(phone, number)
        assert first.status_code == second.status_code == 200
        assert first.json() == second.json()


async def test_a_contradiction_learns_what_is_recorded(
    portal: Portal, laptop: httpx.AsyncClient, phone: httpx.AsyncClient
) -> None:
    for number in range(1, 5):
        right = number != 2
        assert (await commit(laptop, number, right=right)).status_code == 200
        answer = await commit(phone, number, right=not right)
        assert answer.status_code == 409
        assert answer.json()["details"] == recorded(number, right=right)
    rows = await portal.database.fetch(RECORDED)
    assert [row["correct"] for row in rows] == [True, False, True, True]
    assert await state(laptop) == await state(phone)


async def test_everything_at_once_keeps_the_first_of_each(
    portal: Portal, laptop: httpx.AsyncClient, phone: httpx.AsyncClient
) -> None:
    """Both answer all ten at the same moment: the laptop rightly, the phone wrongly."""
    numbers = range(1, 11)
    answers = await asyncio.gather(
        *(commit(laptop, number) for number in numbers),
        *(commit(phone, number, right=False) for number in reversed(numbers)),
    )
    by_laptop, by_phone = answers[:10], answers[:9:-1]
    rows = {row["question_id"]: row for row in await portal.database.fetch(RECORDED)}
    assert len(rows) == 10
    for number, mine, other in zip(numbers, by_laptop, by_phone, strict=True):
        kept = rows[f"question-{number}"]
        assert kept["first_ever"] is True
        winner, loser = (mine, other) if kept["correct"] else (other, mine)
        assert (winner.status_code, loser.status_code) == (200, 409)
        assert winner.json()["correct"] is kept["correct"]
        assert loser.json()["details"] == recorded(number, right=kept["correct"])
    counted = sorted(entry.json()["answered"] for entry in answers if entry.status_code == 200)
    assert counted == list(numbers)
    assert await state(laptop) == await state(phone)
    right = sum(row["correct"] for row in rows.values())
    done = (await submit(laptop)).json()
    assert (done["attempt"]["correctAnswers"], done["totalScore"]) == (right, 15 * right)
    assert [difference async for difference in check_scores()] == []


async def test_one_submits_and_the_other_gets_the_result(
    laptop: httpx.AsyncClient, phone: httpx.AsyncClient
) -> None:
    for number in range(1, 11):
        await commit((laptop, phone)[number % 2], number, right=number != 5)
    results = await asyncio.gather(submit(laptop), submit(phone))
    done, late = sorted(results, key=lambda answer: answer.status_code)
    assert (done.status_code, late.status_code) == (200, 409)
    result = done.json()["attempt"]
    assert (result.pop("isFirstAttempt"), result["scoreEarned"]) == (True, 135)
    assert late.json()["details"] == {"attemptNumber": 2, "attempt": result}
    # an answer that comes too late is told the same, and begins no new attempt
    answer = await commit(phone, 5)
    assert answer.status_code == 409
    assert answer.json()["details"] == {"attemptNumber": 2, "attempt": result}
    mine, other = await state(laptop), await state(phone)
    assert mine == other
    assert (mine["attemptNumber"], mine["answered"]) == (2, {})
    assert [entry["scoreEarned"] for entry in mine["attempts"]] == [135]


async def test_a_submit_races_with_the_last_answer(
    portal: Portal, laptop: httpx.AsyncClient, phone: httpx.AsyncClient
) -> None:
    """The laptop submits with the last answer in its hand while the phone gives another one."""
    for number in range(1, 10):
        await commit(laptop, number)
    sent, answer = await asyncio.gather(
        submit(laptop, answers=[given(QUESTIONS[9])]), commit(phone, 10, right=False)
    )
    assert sorted((sent.status_code, answer.status_code)) == [200, 409]
    if sent.status_code == 409:
        assert sent.json()["details"] == recorded(10, right=False)
        sent = await submit(laptop)
        assert sent.json()["attempt"]["correctAnswers"] == 9
    else:
        assert answer.json()["details"]["attempt"]["correctAnswers"] == 10
    assert await portal.database.value("SELECT count(*) FROM quiz_attempt") == 1
    assert [difference async for difference in check_scores()] == []


async def test_the_pages_of_both_devices(
    laptop: httpx.AsyncClient, phone: httpx.AsyncClient
) -> None:
    """Without a script: the phone has a question open that the laptop has answered since."""
    stale = Page(await phone.get("/video/basics?q=1"))
    await commit(laptop, 1)
    late = Page(
        await send(phone, stale.form("/video/basics/answer"), choice="a", question="question-1")
    )
    assert QUESTIONS[0].explanation in late.text, "it shows the answer that is recorded"
    assert (await state(phone))["answered"]["question-1"]["choiceId"] == "b"
    for number in range(2, 11):
        await commit(laptop, number)
    full = Page(await phone.get("/video/basics?q=10"))
    assert (await submit(laptop)).status_code == 200
    answer = await send(phone, full.form("/video/basics/submit"))
    assert answer.status_code == 200
    assert str(answer.url).endswith("?result=1#quiz")
    assert "10 of 10 right, 150 points" in Page(answer).text
    assert len((await state(phone))["attempts"]) == 1
