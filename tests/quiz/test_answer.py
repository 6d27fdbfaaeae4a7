"""Committing an answer: it is stored, graded and explained at once, and never changes."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.learning.courses import course_of, given, one_of_each, teach, video
from tests.support import Portal

QUESTIONS = one_of_each()
SINGLE, TRUE_FALSE, MULTIPLE, ORDERING = QUESTIONS
URL = "/api/quiz/basics/answers"
COUNT = "SELECT count(*) FROM quiz_answer"


@pytest.fixture
async def learner(portal: Portal) -> httpx.AsyncClient:
    """Alex, before a quiz with a question of every kind."""
    teach(portal, course_of(video("basics", QUESTIONS), video("plain")))
    return await portal.signed_in("alex")


async def answer(browser: httpx.AsyncClient, *, attempt: int = 1, **body: Any) -> httpx.Response:
    return await browser.post(URL, json={**body, "attemptNumber": attempt})


@pytest.mark.parametrize("right", [True, False])
async def test_each_kind_is_graded_and_explained(learner: httpx.AsyncClient, right: bool) -> None:
    for number, question in enumerate(QUESTIONS, 1):
        many = question.kind in ("multiple", "ordering")
        got = await answer(learner, **given(question, right=right))
        assert got.status_code == 200
        assert got.json() == {
            "questionId": question.id,
            "correct": right,
            "explanation": question.explanation,
            "answered": number,
            "total": 4,
            **(
                {"correctChoiceIds": list(question.key)}
                if many
                else {"correctChoiceId": question.key[0]}
            ),
        }
        shown = (await learner.get("/api/quiz/basics")).json()["answered"][question.id]
        chosen = given(question, right=right)
        assert shown == {
            **{key: value for key, value in chosen.items() if key != "questionId"},
            **{
                key: value
                for key, value in got.json().items()
                if key not in ("questionId", "answered", "total")
            },
        }


async def test_the_same_again_is_answered_the_same(
    portal: Portal, learner: httpx.AsyncClient
) -> None:
    for question in QUESTIONS:
        first = await answer(learner, **given(question, right=False))
        again = await answer(learner, **given(question, right=False))
        assert (again.status_code, again.json()) == (200, first.json())
    # the order of several choices means something only in ordering
    body: dict[str, Any] = {"questionId": MULTIPLE.id, "choiceIds": ["a"]}
    assert (await answer(learner, **body)).status_code == 200
    assert await portal.database.value(COUNT) == 4


async def test_several_choices_have_no_order_but_in_ordering(learner: httpx.AsyncClient) -> None:
    first = await answer(learner, questionId=MULTIPLE.id, choiceIds=["c", "a"])
    assert first.json()["correct"] is True
    again = await answer(learner, questionId=MULTIPLE.id, choiceIds=["a", "c"])
    assert (again.status_code, again.json()) == (200, first.json())
    first = await answer(learner, questionId=ORDERING.id, choiceIds=["a", "b", "c"])
    assert first.json()["correct"] is False
    other = await answer(learner, questionId=ORDERING.id, choiceIds=["c", "a", "b"])
    assert other.status_code == 409


async def test_another_choice_is_refused_with_what_is_recorded(
    portal: Portal, learner: httpx.AsyncClient
) -> None:
    await answer(learner, questionId=SINGLE.id, choiceId="a")
    before = (await learner.get("/api/quiz/basics")).json()
    for choice in ("b", "c"):
        got = await answer(learner, questionId=SINGLE.id, choiceId=choice)
        assert got.status_code == 409
        assert got.json()["details"] == {
            "questionId": SINGLE.id,
            "choiceId": "a",
            "correct": False,
        }
    assert (await learner.get("/api/quiz/basics")).json() == before
    assert await portal.database.value(COUNT) == 1


async def test_some_of_several_right_choices_are_not_right(learner: httpx.AsyncClient) -> None:
    got = await answer(learner, questionId=MULTIPLE.id, choiceIds=["a", "b", "c"])
    assert got.json()["correct"] is False
    assert got.json()["correctChoiceIds"] == ["a", "c"]


async def test_what_cannot_be_an_answer_is_refused_and_nothing_is_stored(
    portal: Portal, learner: httpx.AsyncClient
) -> None:
    for status, body in (
        (404, {"questionId": "question-9", "choiceId": "a"}),
        (404, {"questionId": "", "choiceId": "a"}),
        (400, {"questionId": SINGLE.id, "choiceId": "z"}),
        (400, {"questionId": SINGLE.id, "choiceId": ""}),
        (400, {"questionId": SINGLE.id, "choiceIds": ["a", "b"]}),
        (400, {"questionId": SINGLE.id}),
        (400, {"questionId": SINGLE.id, "choiceId": "a", "choiceIds": ["a"]}),
        (400, {"questionId": TRUE_FALSE.id, "choiceIds": ["true", "false"]}),
        (400, {"questionId": TRUE_FALSE.id, "choiceId": "a"}),
        (400, {"questionId": MULTIPLE.id, "choiceIds": []}),
        (400, {"questionId": MULTIPLE.id, "choiceIds": ["a", "a"]}),
        (400, {"questionId": MULTIPLE.id, "choiceIds": ["a", "z"]}),
        (400, {"questionId": MULTIPLE.id, "choiceIds": ["a"] * 10_000}),
        (400, {"questionId": ORDERING.id, "choiceIds": ["c", "a"]}),
        (400, {"questionId": ORDERING.id, "choiceIds": ["c", "a", "b", "b"]}),
    ):
        got = await answer(learner, **body)
        assert got.status_code == status, body
        assert "Explanation" not in got.text
    for video_id in ("plain", "no-such-video"):
        body = {**given(SINGLE), "attemptNumber": 1}
        got = await learner.post(f"/api/quiz/{video_id}/answers", json=body)
        assert got.status_code == 404
    for table in ("quiz_attempt", "quiz_answer", "quiz_version", "user_score"):
        assert await portal.database.value(f"SELECT count(*) FROM {table}") == 0


async def test_a_wrong_attempt_number_is_refused_with_the_current(
    portal: Portal, learner: httpx.AsyncClient
) -> None:
    for number in (0, 2, -1, 10**12):
        got = await answer(learner, attempt=number, **given(SINGLE))
        assert got.status_code == 409
        assert got.json()["details"] == {"attemptNumber": 1}
        assert "Explanation" not in got.text
    assert await portal.database.value(COUNT) == 0
    answers = [given(question) for question in QUESTIONS]
    await learner.post(
        "/api/quiz/submit", json={"videoId": "basics", "attemptNumber": 1, "answers": answers}
    )
    got = await answer(learner, attempt=1, **given(SINGLE))
    assert got.status_code == 409
    assert got.json()["details"]["attemptNumber"] == 2
    assert got.json()["details"]["attempt"]["scoreEarned"] == 60


async def test_what_is_not_answered_yet_is_counted_in_words(learner: httpx.AsyncClient) -> None:
    for number, words in ((3, "1 of 4 questions is"), (2, "2 of 4 questions are")):
        answers = [given(question) for question in QUESTIONS[:number]]
        got = await learner.post(
            "/api/quiz/submit", json={"videoId": "basics", "attemptNumber": 1, "answers": answers}
        )
        assert got.status_code == 400
        assert got.json()["error"] == f"{words} not answered yet."


async def test_twenty_times_the_same_at_once_is_one_answer(
    portal: Portal, learner: httpx.AsyncClient
) -> None:
    got = await asyncio.gather(*(answer(learner, **given(SINGLE)) for _ in range(20)))
    assert {entry.status_code for entry in got} == {200}
    assert len({entry.text for entry in got}) == 1
    assert await portal.database.value(COUNT) == 1
    assert await portal.database.value("SELECT count(*) FROM quiz_attempt") == 1


async def test_of_twenty_different_at_once_the_first_counts(
    portal: Portal, learner: httpx.AsyncClient
) -> None:
    choices = [choice.id for choice in SINGLE.choices] * 4
    got = await asyncio.gather(
        *(answer(learner, questionId=SINGLE.id, choiceId=choice) for choice in choices)
    )
    recorded = await portal.database.fetch("SELECT choices FROM quiz_answer")
    assert len(recorded) == 1
    (first,) = recorded[0]["choices"]
    for choice, entry in zip(choices, got, strict=True):
        assert entry.status_code == (200 if choice == first else 409)
        if choice != first:
            assert entry.json()["details"]["choiceId"] == first


async def test_all_questions_at_once_are_one_attempt(
    portal: Portal, learner: httpx.AsyncClient
) -> None:
    got = await asyncio.gather(*(answer(learner, **given(question)) for question in QUESTIONS))
    assert sorted(entry.json()["answered"] for entry in got) == [1, 2, 3, 4]
    assert await portal.database.value("SELECT count(*) FROM quiz_attempt") == 1
    assert await portal.database.value(COUNT) == 4


async def test_an_answer_is_an_activity_and_no_points_yet(
    portal: Portal, learner: httpx.AsyncClient
) -> None:
    await portal.database.fetch("DELETE FROM activity_day")
    await answer(learner, **given(SINGLE))
    assert await portal.database.value("SELECT count(*) FROM activity_day") == 1
    kpis = (await learner.get("/api/dashboard/kpis")).json()
    assert (kpis["totalScore"], kpis["quizzesCompleted"], kpis["rank"]) == (0, 0, None)
