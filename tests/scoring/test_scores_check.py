"""`check` finds nothing after real quizzes, and exactly the row that is wrong otherwise."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from msgspec.structs import replace

from portal.learning.course import Question, content_hash
from portal.quiz.regrade import check_scores, rebuild
from tests.learning.courses import course_of, given, one_of_each, question, singles, teach, video
from tests.support import Portal, take_quiz

FOUR, THREE = one_of_each(), singles(3)
OF = """(SELECT a.id FROM quiz_attempt a JOIN app_user u ON u.id = a.learner
         WHERE u.external_id = 'alex' AND a.quiz_id = 'four' AND a.attempt_number = {})"""
ALEX = "(SELECT id FROM app_user WHERE external_id = 'alex')"
SARA = "(SELECT id FROM app_user WHERE external_id = 'sara')"

# A statement that breaks one row, and what the operator reads.
BROKEN = {
    "score": (
        f"UPDATE user_score SET score = 99 WHERE learner = {ALEX}",
        "user_score alex: score 99 should be 100",
    ),
    "completed quizzes": (
        f"UPDATE user_score SET quizzes_completed = 1 WHERE learner = {ALEX}",
        "user_score alex: quizzes_completed 1 should be 2",
    ),
    "answers that count": (
        f"UPDATE user_score SET answered = 9, correct = 9 WHERE learner = {ALEX}",
        "user_score alex: answered 9 should be 7, correct 9 should be 7",
    ),
    "first answers": (
        f"UPDATE user_score SET first_answered = 9, first_correct = 9 WHERE learner = {ALEX}",
        "user_score alex: first_answered 9 should be 7, first_correct 9 should be 6",
    ),
    "out of the ranking": (
        f"UPDATE user_score SET ranked = false WHERE learner = {ALEX}",
        "user_score alex: ranked False should be True",
    ),
    "a manager in the ranking": (
        f"UPDATE user_score SET ranked = true WHERE learner = {SARA}",
        "user_score sara: ranked True should be False",
    ),
    "track": (
        f"UPDATE user_score SET track = 'business' WHERE learner = {ALEX}",
        "user_score alex: track business should be dev",
    ),
    "no row": (
        f"DELETE FROM user_score WHERE learner = {ALEX}",
        "user_score alex: score None should be 100, quizzes_completed None should be 2,"
        " answered None should be 7, correct None should be 7, first_answered None should be 7,"
        " first_correct None should be 6, track None should be dev, ranked None should be True",
    ),
    "an attempt": (
        "UPDATE quiz_attempt SET correct_answers = 3, first_try_correct = 2, score = 40"
        f" WHERE id = {OF.format(2)}",
        "quiz_attempt alex four attempt 2: correct_answers 3 should be 4,"
        " first_try_correct 2 should be 3, score 40 should be 55",
    ),
    "a grade": (
        f"UPDATE quiz_answer SET correct = false WHERE attempt = {OF.format(1)}"
        " AND question_id = 'question-4'",
        "quiz_answer alex four attempt 1 question question-4: correct False should be True",
    ),
    "the first answer": (
        f"UPDATE quiz_answer SET first_ever = false WHERE attempt = {OF.format(1)}"
        " AND question_id = 'question-1'",
        "quiz_answer alex four attempt 1 question question-1: first_ever False should be True",
    ),
    "not the first answer": (
        f"UPDATE quiz_answer SET first_ever = true WHERE attempt = {OF.format(2)}"
        " AND question_id = 'question-1'",
        "quiz_answer alex four attempt 2 question question-1: first_ever True should be False",
    ),
    "too many at a score": (
        "UPDATE score_count SET people = people + 1 WHERE track = 'dev' AND score = 30",
        "score_count dev 30 points: people 2 should be 1",
    ),
    "nobody at a score": (
        "DELETE FROM score_count WHERE track = 'dev' AND score = 100",
        "score_count dev 100 points: people 0 should be 1",
    ),
    "somebody at a score of nobody": (
        "INSERT INTO score_count (track, score, people) VALUES ('business', 7, 1)",
        "score_count business 7 points: people 1 should be 0",
    ),
}


async def found() -> list[str]:
    return [str(difference) async for difference in check_scores()]


async def complete(
    browser: httpx.AsyncClient,
    quiz_id: str,
    questions: tuple[Question, ...],
    *,
    wrong: tuple[int, ...] = (),
    attempt: int = 1,
) -> int:
    """Submit a quiz with all answers, those at the places `wrong` (from 1) wrong. Returns the total
    score afterwards."""
    answers = [given(asked, right=place not in wrong) for place, asked in enumerate(questions, 1)]
    body = {"videoId": quiz_id, "attemptNumber": attempt, "answers": answers}
    answer = await browser.post("/api/quiz/submit", json=body)
    assert answer.status_code == 200, answer.text
    score: int = answer.json()["totalScore"]
    return score


@pytest.fixture
async def taken(portal: Portal) -> Portal:
    """After quizzes of three learners and a manager; alex mended a mistake, priya is not done."""
    teach(portal, course_of(video("four", FOUR), video("three", THREE)))
    alex = await portal.signed_in("alex")
    await complete(alex, "four", FOUR, wrong=(1,))
    await complete(alex, "four", FOUR, attempt=2)
    assert await complete(alex, "three", THREE) == 100
    for name, wrong, score in (("mike", (2,), 30), ("nina", (1, 2), 15), ("sara", (), 45)):
        browser = await portal.signed_in(name)
        assert await complete(browser, "three", THREE, wrong=wrong) == score
    priya = await portal.signed_in("priya")
    for asked in FOUR[:2]:
        body = {**given(asked), "attemptNumber": 1}
        assert (await priya.post("/api/quiz/four/answers", json=body)).status_code == 200
    return portal


async def test_nothing_differs_after_real_quizzes(taken: Portal) -> None:
    assert await found() == []
    rows = await taken.database.fetch(
        "SELECT external_id, ranked, score FROM user_score JOIN app_user u ON u.id = learner"
    )
    assert {tuple(row) for row in rows} == {
        ("alex", True, 100),
        ("mike", True, 30),
        ("nina", True, 15),
        ("sara", False, 45),
        ("priya", False, 0),
    }


async def test_one_wrong_row_is_named_and_nothing_else(taken: Portal) -> None:
    for what, (statement, line) in BROKEN.items():
        await taken.database.fetch(statement)
        assert await found() == [line], what
        await rebuild()
        assert await found() == [], what


async def test_several_wrong_rows_are_all_named(taken: Portal) -> None:
    names = ("score", "an attempt", "a grade", "the first answer", "too many at a score")
    for name in names:
        await taken.database.fetch(BROKEN[name][0])
    assert sorted(await found()) == sorted(BROKEN[name][1] for name in names)


async def test_the_choices_are_the_truth(taken: Portal) -> None:
    """When another choice is recorded, everything that was made from it is wrong."""
    await taken.database.fetch(
        f"UPDATE quiz_answer SET choices = '{{a,b}}' WHERE attempt = {OF.format(1)}"
        " AND question_id = 'question-3'"
    )
    assert await found() == [
        "quiz_attempt alex four attempt 1: correct_answers 3 should be 2,"
        " first_try_correct 3 should be 2, score 45 should be 30",
        "quiz_answer alex four attempt 1 question question-3: correct True should be False",
        "quiz_attempt alex four attempt 2: first_try_correct 3 should be 2, score 55 should be 50",
        "user_score alex: score 100 should be 95, first_correct 6 should be 5",
    ]


async def test_a_person_who_changed_behind_the_back_is_named(taken: Portal) -> None:
    change = "UPDATE app_user SET {} WHERE external_id = 'mike'"
    for setting, line in (
        ("team = 'beta'", "track dev should be business"),
        ("team = NULL", "track dev should be None, ranked True should be False"),
        ("team = 'alpha', role = 'manager'", "ranked True should be False"),
        ("role = 'learner', disabled_at = now()", "ranked True should be False"),
        ("disabled_at = NULL, erased_at = now()", "ranked True should be False"),
    ):
        await taken.database.fetch(change.format(setting))
        assert await found() == [f"user_score mike: {line}"], setting


async def test_an_imported_attempt_is_taken_as_it_is(taken: Portal) -> None:
    """It has no answers that it could be graded by."""
    await taken.database.fetch(
        f"""
        INSERT INTO quiz_attempt (id, learner, quiz_id, attempt_number, content_hash, completed_at,
            total_questions, correct_answers, first_try_correct, score)
        SELECT gen_random_uuid(), {SARA}, 'four', 1, content_hash, now(), 4, 3, 1, 35
        FROM quiz_attempt WHERE id = {OF.format(1)}
        """
    )
    assert await found() == [
        "user_score sara: score 45 should be 80, quizzes_completed 1 should be 2,"
        " answered 3 should be 7, correct 3 should be 6, first_answered 3 should be 7,"
        " first_correct 3 should be 6"
    ]
    sara = await taken.signed_in("sara")
    # the first answers that are known are those of attempt 2
    assert await complete(sara, "four", FOUR, wrong=(3,), attempt=2) == 90
    assert await found() == []


async def test_open_attempts_keep_the_questions_they_began_with(
    portal: Portal, alex: httpx.AsyncClient, mike: httpx.AsyncClient
) -> None:
    """The course changes while alex is in a quiz: another key, a question less, a new one."""
    new = (replace(THREE[0], key=("c",)), THREE[1], question(4))
    teach(portal, course_of(video("three", THREE)))
    first = {**given(THREE[0]), "attemptNumber": 1}
    assert (await alex.post("/api/quiz/three/answers", json=first)).json()["correct"] is True
    teach(portal, course_of(video("three", new)))
    assert await found() == []
    assert await complete(alex, "three", THREE) == 45
    assert await complete(mike, "three", new) == 45
    # Of the second attempt's questions, alex had the first two right at first; 4 is a new one.
    assert await complete(alex, "three", new, wrong=(3,), attempt=2) == 45
    attempts = await portal.database.fetch(
        "SELECT external_id, attempt_number, score, content_hash FROM quiz_attempt"
        " JOIN app_user u ON u.id = learner ORDER BY 1, 2"
    )
    assert [tuple(row)[:3] for row in attempts] == [
        ("alex", 1, 45),
        ("alex", 2, 30),
        ("mike", 1, 45),
    ]
    assert [row["content_hash"] == content_hash(THREE) for row in attempts] == [True, False, False]
    assert await found() == []
    await portal.database.fetch("UPDATE quiz_answer SET correct = NOT correct")
    assert len(await found()) == 9, "each is graded by the key of its own version"


async def test_a_check_beside_quizzes_finds_nothing(portal: Portal) -> None:
    """It sees each person as they were at one moment."""
    names = ("alex", "mike", "priya", "jordan", "yuki", "nina", "omar", "tom")
    browsers = [await portal.signed_in(name) for name in names]
    looking = True

    async def look() -> list[str]:
        seen: list[str] = []
        while looking:
            seen += await found()
        return seen

    async def learn(number: int, browser: httpx.AsyncClient) -> None:
        for wrong in range(3):
            await take_quiz(browser, wrong=(number + wrong) % 4)

    async def all_learn() -> None:
        nonlocal looking
        try:
            await asyncio.gather(*(learn(number, one) for number, one in enumerate(browsers)))
        finally:
            looking = False

    seen, _ = await asyncio.gather(look(), all_learn())
    assert seen == []
    assert await found() == []
