"""`portal scores check` and `rebuild`, as an operator runs them."""

from __future__ import annotations

import pytest

from tests.ops.command import only_line, run_portal
from tests.support import Database, Portal, take_quiz

ALEX = "(SELECT id FROM app_user WHERE external_id = 'alex')"
# After alex had 4 of 6 right, and then 5: a statement, and the line for what it broke.
BROKEN = (
    (
        f"UPDATE user_score SET score = 900 WHERE learner = {ALEX}",
        "user_score alex: score 900 should be 70",
    ),
    (
        "UPDATE quiz_attempt SET correct_answers = 6, first_try_correct = 6, score = 90"
        f" WHERE learner = {ALEX} AND attempt_number = 1",
        "quiz_attempt alex introduction-to-ai-fluency attempt 1: correct_answers 6 should be 4,"
        " first_try_correct 6 should be 4, score 90 should be 60",
    ),
    (
        "UPDATE score_count SET people = 2 WHERE score = 70",
        "score_count dev 70 points: people 2 should be 1",
    ),
)


@pytest.fixture
async def scored(portal: Portal) -> Database:
    """After quizzes of alex (twice), nina and a manager."""
    alex = await portal.signed_in("alex")
    for wrong in (2, 1):
        assert (await take_quiz(alex, wrong=wrong))["totalScore"] == 80 - 10 * wrong
    for name in ("nina", "sara"):
        await take_quiz(await portal.signed_in(name))
    return portal.database


async def test_what_is_wrong_is_listed_and_mended(scored: Database) -> None:
    done = run_portal(scored.url, "scores", "check")
    assert (done.returncode, only_line(done.stdout), done.stderr) == (0, "0 differences.", "")
    for statement, line in BROKEN:
        await scored.fetch(statement)
        done = run_portal(scored.url, "scores", "check")
        assert done.returncode == 1
        first, last = done.stdout.splitlines()
        assert first == line
        assert last.startswith("1 difference")
        done = run_portal(scored.url, "scores", "rebuild")
        assert (done.returncode, done.stderr) == (0, "")
        assert only_line(done.stdout).startswith("Mended the scores of ")
    done = run_portal(scored.url, "scores", "check")
    assert (done.returncode, only_line(done.stdout)) == (0, "0 differences.")
    score = f"SELECT score FROM user_score WHERE learner = {ALEX}"
    assert await scored.value(score) == 70


@pytest.mark.empty_database
async def test_before_anybody_came_there_is_nothing_to_find(database: Database) -> None:
    done = run_portal(database.url, "scores", "check")
    assert (done.returncode, only_line(done.stdout)) == (0, "0 differences.")
    done = run_portal(database.url, "scores", "rebuild")
    assert (done.returncode, only_line(done.stdout)) == (0, "Mended the scores of 0 people.")
