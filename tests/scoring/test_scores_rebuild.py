"""`rebuild` mends what `check` finds, touches nothing else, and can run while people learn."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from portal.quiz.regrade import check_scores, rebuild
from tests.learning.courses import course_of, given, one_of_each, singles, teach, video
from tests.support import Database, Portal, take_quiz

QUIZZES = {"four": one_of_each(), "three": singles(3)}
NAMES = ("alex", "mike", "nina", "sara")
ROWS = {
    "user_score": "SELECT s.* FROM user_score s ORDER BY learner",
    "quiz_attempt": "SELECT a.* FROM quiz_attempt a ORDER BY id",
    "quiz_answer": "SELECT w.* FROM quiz_answer w ORDER BY id",
    "score_count": "SELECT track, score, people FROM score_count WHERE people <> 0 ORDER BY 1, 2",
}
BREAKS = {
    "score": "UPDATE user_score SET score = score + 1",
    "ranked": "UPDATE user_score SET ranked = NOT ranked",
    "track": "UPDATE user_score SET track = CASE track WHEN 'dev' THEN 'business' ELSE 'dev' END",
    "sums": "UPDATE user_score SET answered = 50, correct = 20, first_answered = 50,"
    " first_correct = 10, quizzes_completed = 9",
    "missing rows": "DELETE FROM user_score",
    "attempts": "UPDATE quiz_attempt SET correct_answers = 1, first_try_correct = 1, score = 15"
    " WHERE completed_at IS NOT NULL",
    "grades": "UPDATE quiz_answer SET correct = NOT correct",
    "first answers": "UPDATE quiz_answer SET first_ever = NOT first_ever",
    "counts": "UPDATE score_count SET people = people + 3",
    "missing counts": "DELETE FROM score_count",
    "wrong counts": "INSERT INTO score_count (track, score, people) VALUES ('dev', 999, 4)",
}


async def rows_of(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Returns all that is recorded of scores; when a total was written does not matter here."""
    found = {table: [dict(row) for row in await database.fetch(q)] for table, q in ROWS.items()}
    for row in found["user_score"]:
        del row["updated_at"]
    return found


async def differences() -> list[str]:
    return [str(difference) async for difference in check_scores()]


@pytest.fixture
async def taken(portal: Portal) -> Portal:
    """After two attempts each of four people, all different, and an open one."""
    teach(portal, course_of(*(video(name, asked) for name, asked in QUIZZES.items())))
    for number, name in enumerate(NAMES):
        browser = await portal.signed_in(name)
        for quiz_id, questions in QUIZZES.items():
            for attempt in (1, 2):
                answers = [
                    given(asked, right=(place + number + attempt) % 3 > 0)
                    for place, asked in enumerate(questions)
                ]
                body = {"videoId": quiz_id, "attemptNumber": attempt, "answers": answers}
                done = await browser.post("/api/quiz/submit", json=body)
                assert done.status_code == 200
        body = {**given(QUIZZES["four"][0]), "attemptNumber": 3}
        assert (await browser.post("/api/quiz/four/answers", json=body)).status_code == 200
    return portal


async def test_it_mends_what_is_wrong(taken: Portal) -> None:
    right = await rows_of(taken.database)
    for what, statement in BREAKS.items():
        await taken.database.fetch(statement)
        assert await rows_of(taken.database) != right, what
        assert await differences() != [], what
        assert await rebuild() == (0 if "counts" in what else len(NAMES)), what
        assert await differences() == [], what
        assert await rows_of(taken.database) == right, what


async def test_it_mends_everything_at_once(taken: Portal) -> None:
    right = await rows_of(taken.database)
    for statement in BREAKS.values():
        await taken.database.fetch(statement)
    assert await rebuild() == len(NAMES)
    assert await differences() == []
    assert await rows_of(taken.database) == right


async def test_it_touches_nobody_who_is_right(taken: Portal) -> None:
    written = "SELECT external_id, updated_at FROM user_score JOIN app_user u ON u.id = learner"
    before = {row[0]: row[1] for row in await taken.database.fetch(written)}
    assert await rebuild() == 0
    assert {row[0]: row[1] for row in await taken.database.fetch(written)} == before
    await taken.database.fetch(
        "UPDATE user_score s SET score = 1 FROM app_user u"
        " WHERE u.id = s.learner AND u.external_id = 'mike'"
    )
    assert await rebuild() == 1
    after = {row[0]: row[1] for row in await taken.database.fetch(written)}
    assert {name for name in before if after[name] != before[name]} == {"mike"}


async def test_what_learners_see_is_right_again(taken: Portal) -> None:
    browser = await taken.signed_in("alex")
    right = (await browser.get("/api/dashboard/kpis")).json()
    assert right["rank"] is not None
    for name in ("score", "ranked", "attempts", "counts"):
        await taken.database.fetch(BREAKS[name])
    assert (await browser.get("/api/dashboard/kpis")).json() != right
    await rebuild()
    assert (await browser.get("/api/dashboard/kpis")).json() == right


async def test_imported_attempts_keep_their_figures(taken: Portal) -> None:
    """They have no answers; the total follows them, and a wrong total does not change them."""
    await taken.database.fetch(
        """
        INSERT INTO quiz_attempt (id, learner, quiz_id, attempt_number, content_hash, completed_at,
            total_questions, correct_answers, first_try_correct, score)
        SELECT gen_random_uuid(), u.id, 'old', 1, v.content_hash, now(), 9, 8, 7, 115
        FROM app_user u, quiz_version v
        WHERE u.external_id IN ('alex', 'priya') AND v.quiz_id = 'three'
        """
    )
    total = "SELECT score FROM user_score s JOIN app_user u ON u.id = s.learner WHERE external_id ="
    before = await taken.database.value(f"{total} 'alex'")
    assert await rebuild() == 2
    assert await differences() == []
    assert await taken.database.value(f"{total} 'alex'") == before + 115
    assert await taken.database.value(f"{total} 'priya'") == 115
    old = "SELECT correct_answers, first_try_correct, score FROM quiz_attempt WHERE quiz_id = 'old'"
    assert [tuple(row) for row in await taken.database.fetch(old)] == [(8, 7, 115)] * 2


async def test_while_people_learn_nothing_is_lost(portal: Portal) -> None:
    """Totals are broken again and again, mended again and again, and quizzes go on meanwhile."""
    names = ("alex", "mike", "priya", "nina", "sara")
    browsers = [await portal.signed_in(name) for name in names]

    async def learn(number: int) -> None:
        for wrong in range(3):
            await take_quiz(browsers[number], wrong=(number + wrong) % 3)

    async def damage_and_mend() -> None:
        for _ in range(3):
            await portal.database.fetch("UPDATE user_score SET score = 7, ranked = false")
            await portal.database.fetch("UPDATE score_count SET people = people + 1")
            await rebuild()

    await asyncio.gather(*(learn(number) for number in range(len(names))), damage_and_mend())
    await rebuild()
    assert await differences() == []
    scores = "SELECT external_id, score FROM user_score JOIN app_user u ON u.id = learner"
    # Whoever has it all right at least once, gains by it except for what was wrong at first.
    assert {row[0]: row[1] for row in await portal.database.fetch(scores)} == {
        "alex": 90, "mike": 85, "priya": 80, "nina": 90, "sara": 85,
    }  # fmt: skip
