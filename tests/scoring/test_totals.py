"""The stored totals are what the attempts say, whoever and however often."""

from __future__ import annotations

import asyncio
import random

import httpx

from tests.support import COURSE, QUIZ, Portal, take_quiz

TOTALS = """
    SELECT u.external_id, s.track, s.ranked, s.score, s.quizzes_completed, s.answered, s.correct,
           s.first_answered, s.first_correct
    FROM user_score s JOIN app_user u ON u.id = s.learner ORDER BY 1
"""
QUIZZES = list(COURSE.quizzes)[:3]


async def test_a_total_is_made_with_the_first_completed_quiz(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    await take_quiz(alex, wrong=2)
    (row,) = await portal.database.fetch(TOTALS)
    assert tuple(row) == ("alex", "dev", True, 60, 1, 6, 4, 6, 4)
    await take_quiz(alex, wrong=1)
    (row,) = await portal.database.fetch(TOTALS)
    assert tuple(row) == ("alex", "dev", True, 70, 1, 6, 5, 6, 4)


async def test_an_open_attempt_gives_neither_points_nor_a_rank(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    quiz = (await alex.get(f"/api/quiz/{QUIZ}")).json()
    question = quiz["questions"][0]
    body = {"questionId": question["id"], "choiceId": question["choices"][0]["id"]}
    await alex.post(f"/api/quiz/{QUIZ}/answers", json={**body, "attemptNumber": 1})
    (row,) = await portal.database.fetch(TOTALS)
    assert tuple(row) == ("alex", "dev", False, 0, 0, 0, 0, 0, 0)


async def test_only_learners_are_ranked(portal: Portal) -> None:
    for name in ("nina", "tom", "admin"):
        await take_quiz(await portal.signed_in(name))
    rows = await portal.database.fetch(TOTALS)
    assert [(row["external_id"], row["track"], row["ranked"]) for row in rows] == [
        ("admin", None, False),
        ("nina", "business", True),
        ("tom", "business", False),
    ]


async def test_wrong_totals_heal_with_the_next_attempt(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    await take_quiz(alex, wrong=3)
    await portal.database.fetch("UPDATE user_score SET score = 9999, correct = 0, ranked = false")
    await take_quiz(alex, QUIZZES[1])
    (row,) = await portal.database.fetch(TOTALS)
    count = len(COURSE.quizzes[QUIZZES[1]].questions)
    assert (row["score"], row["correct"], row["ranked"]) == (45 + 15 * count, 3 + count, True)


async def test_at_once_and_at_random_the_totals_are_the_sums(portal: Portal) -> None:
    """Three people, each with quizzes in two windows at the same time."""
    dice = random.Random("totals")

    async def learn(name: str, quizzes: list[str]) -> None:
        browser = await portal.signed_in(name)
        for quiz in quizzes:
            await take_quiz(browser, quiz, wrong=dice.randrange(5))

    names = ("alex", "mike", "nina")
    await asyncio.gather(
        *(learn(name, [QUIZZES[0]] * 3) for name in names),
        *(learn(name, [QUIZZES[1], QUIZZES[2], QUIZZES[1]]) for name in names),
    )
    expected = await portal.database.fetch(
        """
        SELECT u.external_id, sum(b.score)::int AS score, sum(b.correct_answers)::int AS correct
        FROM app_user u JOIN LATERAL (
            SELECT DISTINCT ON (quiz_id) * FROM quiz_attempt a WHERE a.learner = u.id
            ORDER BY quiz_id, score DESC, correct_answers DESC, attempt_number
        ) b ON true GROUP BY 1 ORDER BY 1
        """
    )
    stored = await portal.database.fetch(TOTALS)
    assert [(row["external_id"], row["score"], row["correct"]) for row in stored] == [
        tuple(row) for row in expected
    ]
    assert await portal.database.value("SELECT count(*) FROM quiz_attempt") == 18
