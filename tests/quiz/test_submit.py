"""Completing an attempt: graded once, counted once, whatever arrives at the same time."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.learning.courses import course_of, given, one_of_each, question, singles, teach, video
from tests.support import Portal

QUESTIONS = one_of_each()
URL = "/api/quiz/submit"


@pytest.fixture
async def learner(portal: Portal) -> httpx.AsyncClient:
    """Alex, before two quizzes."""
    teach(
        portal,
        course_of(video("basics", QUESTIONS), video("more", singles(2)), video("plain")),
    )
    return await portal.signed_in("alex")


async def commit(browser: httpx.AsyncClient, *questions: int, right: bool = True) -> None:
    """Commit answers to questions, counted from 1."""
    for number in questions:
        body = {**given(QUESTIONS[number - 1], right=right), "attemptNumber": 1}
        assert (await browser.post("/api/quiz/basics/answers", json=body)).status_code == 200


def all_answers(*, right: bool = True) -> list[dict[str, Any]]:
    return [given(entry, right=right) for entry in QUESTIONS]


async def submit(
    browser: httpx.AsyncClient,
    answers: list[dict[str, Any]] | None = None,
    *,
    attempt: int = 1,
    quiz: str = "basics",
) -> httpx.Response:
    body: dict[str, Any] = {"videoId": quiz, "attemptNumber": attempt}
    return await browser.post(URL, json=body if answers is None else {**body, "answers": answers})


async def test_committed_answers_are_graded(learner: httpx.AsyncClient) -> None:
    await commit(learner, 1, 2, 4)
    await commit(learner, 3, right=False)
    answer = await submit(learner)
    assert answer.status_code == 200
    assert answer.json() == {
        "attempt": {
            "attemptNumber": 1,
            "totalQuestions": 4,
            "correctAnswers": 3,
            "firstTryCorrect": 3,
            "scoreEarned": 45,
            "isFirstAttempt": True,
        },
        "totalScore": 45,
    }


async def test_answers_may_come_with_it(learner: httpx.AsyncClient) -> None:
    """All of them, the missing ones only, or some that are committed already."""
    assert (await submit(learner, all_answers())).json()["attempt"]["scoreEarned"] == 60
    body = {**given(QUESTIONS[0]), "attemptNumber": 2}
    await learner.post("/api/quiz/basics/answers", json=body)
    answer = await submit(learner, all_answers()[1:], attempt=2)
    assert answer.json()["attempt"]["correctAnswers"] == 4
    assert answer.json()["attempt"]["isFirstAttempt"] is False
    body["attemptNumber"] = 3
    await learner.post("/api/quiz/basics/answers", json=body)
    answer = await submit(learner, all_answers(), attempt=3)
    assert answer.json()["attempt"]["attemptNumber"] == 3
    assert answer.json()["totalScore"] == 60


async def test_a_contradiction_is_refused_and_nothing_is_stored(
    portal: Portal, learner: httpx.AsyncClient
) -> None:
    await commit(learner, 1)
    answer = await submit(learner, [*all_answers()[1:], given(QUESTIONS[0], right=False)])
    assert answer.status_code == 409
    assert answer.json()["details"] == {
        "questionId": "question-1",
        "choiceId": "b",
        "correct": True,
    }
    twice = [*all_answers(), given(QUESTIONS[1], right=False)]
    assert (await submit(learner, twice)).status_code == 409
    quiz = (await learner.get("/api/quiz/basics")).json()
    assert list(quiz["answered"]) == ["question-1"]
    assert quiz["attempts"] == []
    assert await portal.database.value("SELECT count(*) FROM quiz_answer") == 1
    # the right one again is no contradiction
    assert (await submit(learner, [*all_answers(), given(QUESTIONS[1])])).status_code == 200


async def test_missing_answers_are_named(portal: Portal, learner: httpx.AsyncClient) -> None:
    for answers, missing in (
        (None, {"question-1", "question-2", "question-3", "question-4"}),
        ([], {"question-1", "question-2", "question-3", "question-4"}),
        (all_answers()[:1], {"question-2", "question-3", "question-4"}),
        ([*all_answers()[:3], {"questionId": "question-9", "choiceId": "a"}], {"question-4"}),
    ):
        answer = await submit(learner, answers)
        assert answer.status_code == 400
        assert set(answer.json()["details"]) == missing
        assert answer.json()["error"].startswith(f"{len(missing)} of 4 questions")
        assert "Explanation" not in answer.text
    assert await portal.database.value("SELECT count(*) FROM quiz_attempt") == 0


async def test_unusable_answers_are_refused_and_nothing_is_stored(
    portal: Portal, learner: httpx.AsyncClient
) -> None:
    for bad in (
        {"questionId": "question-9", "choiceId": "a"},
        {"questionId": "question-1", "choiceId": "z"},
        {"questionId": "question-1"},
        {"questionId": "question-1", "choiceId": "b", "choiceIds": ["b"]},
        {"questionId": "question-3", "choiceIds": []},
    ):
        rest = [entry for entry in all_answers() if entry["questionId"] != bad["questionId"]]
        answer = await submit(learner, [*rest, bad])
        assert answer.status_code == 400, bad
        assert list(answer.json()["details"]) == [bad["questionId"]]
    assert await portal.database.value("SELECT count(*) FROM quiz_attempt") == 0
    assert await portal.database.value("SELECT count(*) FROM quiz_answer") == 0


async def test_a_completed_attempt_is_refused_with_its_result(learner: httpx.AsyncClient) -> None:
    await submit(learner, all_answers())
    for answers in (None, all_answers(), all_answers(right=False)):
        answer = await submit(learner, answers)
        assert answer.status_code == 409
        assert answer.json()["details"] == {
            "attemptNumber": 2,
            "attempt": {
                "attemptNumber": 1,
                "totalQuestions": 4,
                "correctAnswers": 4,
                "firstTryCorrect": 4,
                "scoreEarned": 60,
            },
        }
    for number in (0, 3, 99):
        answer = await submit(learner, all_answers(), attempt=number)
        assert answer.status_code == 409
        assert answer.json()["details"] == {"attemptNumber": 2}


async def test_an_unknown_quiz_is_not_found(learner: httpx.AsyncClient) -> None:
    for quiz in ("plain", "no-such-video", ""):
        assert (await submit(learner, all_answers(), quiz=quiz)).status_code == 404


async def test_twenty_at_once_are_one_result(portal: Portal, learner: httpx.AsyncClient) -> None:
    await commit(learner, 1, 2, 3, 4)
    got = await asyncio.gather(*(submit(learner) for _ in range(20)))
    assert sorted(entry.status_code for entry in got) == [200] + [409] * 19
    (done,) = (entry.json() for entry in got if entry.status_code == 200)
    for entry in got:
        if entry.status_code == 409:
            assert entry.json()["details"]["attempt"]["scoreEarned"] == 60
    assert done["totalScore"] == 60
    rows = await portal.database.fetch("SELECT attempt_number, score FROM quiz_attempt")
    assert [tuple(row) for row in rows] == [(1, 60)]
    assert await portal.database.value("SELECT score FROM user_score") == 60


async def test_twenty_whole_quizzes_at_once_are_one_result(
    portal: Portal, learner: httpx.AsyncClient
) -> None:
    """From nothing: no attempt, no total, no version of the questions yet."""
    got = await asyncio.gather(
        *(submit(learner, all_answers(right=number % 2 == 0)) for number in range(20))
    )
    assert sorted(entry.status_code for entry in got) == [200] + [409] * 19
    for table in ("quiz_attempt", "quiz_version", "user_score"):
        assert await portal.database.value(f"SELECT count(*) FROM {table}") == 1
    assert await portal.database.value("SELECT count(*) FROM quiz_answer") == 4


async def test_two_quizzes_at_once_both_count(learner: httpx.AsyncClient) -> None:
    more = [given(question(number)) for number in (1, 2)]
    first, second = await asyncio.gather(
        submit(learner, all_answers()), submit(learner, more, quiz="more")
    )
    assert first.status_code == second.status_code == 200
    assert (await learner.get("/api/dashboard/kpis")).json()["totalScore"] == 90


async def test_many_people_at_once_do_not_wait_for_each_other(portal: Portal) -> None:
    teach(portal, course_of(video("basics", QUESTIONS)))
    names = ("alex", "mike", "priya", "jordan", "yuki", "nina")
    browsers = [await portal.signed_in(name) for name in names]
    got = await asyncio.gather(*(submit(browser, all_answers()) for browser in browsers))
    assert [entry.status_code for entry in got] == [200] * 6
    assert await portal.database.value("SELECT count(*) FROM quiz_version") == 1
    assert await portal.database.value("SELECT sum(score) FROM user_score") == 360


async def test_a_quiz_that_is_open_can_be_answered_beside_another(
    learner: httpx.AsyncClient,
) -> None:
    await commit(learner, 1, 2)
    more = [given(question(number)) for number in (1, 2)]
    assert (await submit(learner, more, quiz="more")).json()["totalScore"] == 30
    await commit(learner, 3, 4)
    assert (await submit(learner)).json()["totalScore"] == 90
