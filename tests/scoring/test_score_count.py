"""How many people of a track have a score is what grouping the totals gives, after every change."""

from __future__ import annotations

import asyncio
import random

import httpx
import pytest

from portal.people import actions
from tests.learning.courses import course_of, given, singles, teach, video
from tests.people.people import held
from tests.support import PASSWORDS, Database, Portal

QUESTIONS = singles(4)
GROUPED = """
    SELECT track, score, count(*)::int AS people FROM user_score
    WHERE ranked AND track IS NOT NULL GROUP BY track, score
"""
KEPT = "SELECT track, score, people FROM score_count WHERE people <> 0"
HOLD = "SELECT people FROM score_count WHERE track = 'dev' AND score = 30 FOR UPDATE"
ALEX = "(SELECT id FROM app_user WHERE external_id = 'alex')"


async def counts(database: Database) -> set[tuple[str, int, int]]:
    """Returns (track, score, people) as the trigger keeps them, and they are as grouped."""
    kept = {tuple(row) for row in await database.fetch(KEPT)}
    assert kept == {tuple(row) for row in await database.fetch(GROUPED)}
    return kept


async def submit(browser: httpx.AsyncClient, right: int, quiz_id: str = "one") -> int:
    """Submit the next attempt with the first `right` answers right. Returns the total score."""
    number = (await browser.get(f"/api/quiz/{quiz_id}")).json()["attemptNumber"]
    answers = [given(asked, right=place < right) for place, asked in enumerate(QUESTIONS)]
    body = {"videoId": quiz_id, "attemptNumber": number, "answers": answers}
    answer = await browser.post("/api/quiz/submit", json=body)
    assert answer.status_code == 200, answer.text
    total: int = answer.json()["totalScore"]
    return total


@pytest.fixture
async def class_room(portal: Portal) -> Portal:
    """Two quizzes of four questions, and twenty more learners, who use the demo password."""
    teach(portal, course_of(video("one", QUESTIONS), video("two", QUESTIONS)))
    await portal.database.fetch(
        """
        INSERT INTO app_user (id, external_id, name, role, team, password_hash)
        SELECT gen_random_uuid(), 'learner-' || n, 'Learner ' || n, 'learner',
               (ARRAY['alpha', 'beta', 'gamma', 'delta'])[n % 4 + 1], password_hash
        FROM generate_series(0, 19) AS n, app_user u WHERE u.external_id = 'alex'
        """
    )
    return portal


async def everybody(portal: Portal) -> list[httpx.AsyncClient]:
    """Returns the browsers of the twenty."""
    password = PASSWORDS["alex"]
    return [await portal.signed_in(f"learner-{number}", password) for number in range(20)]


async def test_it_follows_one_learner_through_everything(class_room: Portal) -> None:
    database = class_room.database
    alex, mike = await class_room.signed_in("alex"), await class_room.signed_in("mike")
    assert await counts(database) == set()
    await submit(alex, 2)
    assert await counts(database) == {("dev", 30, 1)}
    await submit(mike, 2)
    assert await counts(database) == {("dev", 30, 2)}
    await submit(alex, 1)  # no better than before
    assert await counts(database) == {("dev", 30, 2)}
    await submit(alex, 4)
    assert await counts(database) == {("dev", 30, 1), ("dev", 50, 1)}
    await actions.move_to_team("alex", "beta")
    assert await counts(database) == {("dev", 30, 1), ("business", 50, 1)}
    await actions.move_to_team("alex", None)
    assert await counts(database) == {("dev", 30, 1)}
    await actions.move_to_team("alex", "gamma")
    assert await counts(database) == {("dev", 30, 1), ("dev", 50, 1)}
    await actions.set_role("alex", "manager")
    assert await counts(database) == {("dev", 30, 1)}
    await actions.set_role("alex", "learner")
    await actions.disable("mike")
    assert await counts(database) == {("dev", 50, 1)}
    await actions.enable("mike")
    assert await counts(database) == {("dev", 30, 1), ("dev", 50, 1)}
    await actions.set_track("gamma", "business")
    assert await counts(database) == {("dev", 30, 1), ("business", 50, 1)}
    await actions.erase("mike")
    assert await counts(database) == {("business", 50, 1)}
    await database.fetch(f"DELETE FROM user_score WHERE learner = {ALEX}")
    assert await counts(database) == set()
    await submit(await class_room.signed_in("alex"), 4, "two")
    assert await counts(database) == {("business", 110, 1)}


async def test_it_follows_every_way_to_write_a_row(class_room: Portal) -> None:
    """Whoever writes: one row or many, inserted, changed or deleted."""
    database = class_room.database
    await database.fetch(
        "INSERT INTO user_score (learner, track, ranked, score)"
        " SELECT u.id, t.track, true, 15 FROM app_user u JOIN team t ON t.id = u.team"
        " WHERE external_id LIKE 'learner-%'"
    )
    assert await counts(database) == {("dev", 15, 10), ("business", 15, 10)}
    await database.fetch("UPDATE user_score SET score = 30 WHERE track = 'dev'")
    assert await counts(database) == {("dev", 30, 10), ("business", 15, 10)}
    await database.fetch("UPDATE user_score SET track = 'dev', score = 15 * (score / 15)")
    assert await counts(database) == {("dev", 30, 10), ("dev", 15, 10)}
    await database.fetch("UPDATE user_score SET ranked = false WHERE score = 30")
    assert await counts(database) == {("dev", 15, 10)}
    await database.fetch("UPDATE user_score SET ranked = true, score = 45, track = 'business'")
    assert await counts(database) == {("business", 45, 20)}
    await database.fetch("UPDATE user_score SET answered = 5, updated_at = now()")
    assert await counts(database) == {("business", 45, 20)}
    await database.fetch("UPDATE user_score SET track = NULL")
    assert await counts(database) == set()
    await database.fetch("UPDATE user_score SET track = 'dev'")
    await database.fetch("DELETE FROM user_score")
    assert await counts(database) == set()


async def test_twenty_learners_submit_at_once(class_room: Portal) -> None:
    browsers = await everybody(class_room)
    await asyncio.gather(*(submit(browser, 3) for browser in browsers))
    assert await counts(class_room.database) == {("dev", 45, 10), ("business", 45, 10)}
    # Then all leave the same score at once, for one of four.
    await asyncio.gather(
        *(submit(browser, 1 + number // 4 % 4, "two") for number, browser in enumerate(browsers))
    )
    assert await counts(class_room.database) == {
        (track, 45 + 15 * right, 2 + 2 * (right == 1))
        for track in ("dev", "business")
        for right in (1, 2, 3, 4)
    }


async def test_submits_moves_and_roles_at_once(class_room: Portal) -> None:
    """Nobody waits for the other for ever, and nothing is counted twice."""
    browsers = await everybody(class_room)
    dice = random.Random("class room")

    async def learn(browser: httpx.AsyncClient) -> None:
        for right in dice.sample(range(5), 2):
            await submit(browser, right, dice.choice(["one", "two"]))

    async def manage(name: str) -> None:
        await actions.move_to_team(name, dice.choice(["alpha", "beta", None]))
        await actions.disable(name)
        await actions.enable(name)

    absent = [f"learner-{number}" for number in range(10, 20)]
    await asyncio.gather(*(submit(browser, 2) for browser in browsers[10:]))
    await asyncio.gather(
        *(learn(browser) for browser in browsers[:10]), *(manage(name) for name in absent)
    )
    await counts(class_room.database)
    people = "SELECT count(*) FROM user_score WHERE ranked"
    ranked = await class_room.database.value(people)
    teamless = await class_room.database.value(
        "SELECT count(*) FROM app_user WHERE external_id LIKE 'learner-%' AND team IS NULL"
    )
    assert ranked == 20 - teamless


async def test_two_people_swap_places(class_room: Portal) -> None:
    """Both change the same two counts, one up and one down: they take them in the same order."""
    for name in ("alex", "nina"):
        await submit(await class_room.signed_in(name), 2)
    async with held(class_room.database, HOLD) as count:
        first = asyncio.create_task(actions.move_to_team("alex", "beta"))
        await count.waiting(1)
        second = asyncio.create_task(actions.move_to_team("nina", "alpha"))
        await count.waiting(2)
        await count.release()
        await asyncio.gather(first, second)
    assert await counts(class_room.database) == {("dev", 30, 1), ("business", 30, 1)}


async def test_whole_teams_change_track_while_learners_submit(class_room: Portal) -> None:
    browsers = await everybody(class_room)
    for number, browser in enumerate(browsers):
        await submit(browser, number % 5)

    async def turn(team: str, first: str, then: str) -> None:
        for track in (first, then) * 3:
            await actions.set_track(team, track)

    results = await asyncio.gather(
        turn("alpha", "business", "dev"),
        turn("gamma", "business", "dev"),
        turn("beta", "dev", "business"),
        *(submit(browser, 4 - number % 5, "two") for number, browser in enumerate(browsers)),
        return_exceptions=True,
    )
    refused = [result for result in results if isinstance(result, BaseException)]
    assert refused == []
    assert sum(people for _, _, people in await counts(class_room.database)) == 20
