"""The key figures: whatever people did, they are what the answers say."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx

from portal.db import sql
from tests.clock import Freeze
from tests.dashboard.oracle import figures
from tests.learning.courses import course_of, given, singles, teach, video
from tests.support import COURSE, PASSWORDS, QUIZ, Portal, take_quiz

URL = "/api/dashboard/kpis"
PASSWORD = PASSWORDS["alex"]
KEYS = {
    "totalScore",
    "maxScore",
    "quizzesCompleted",
    "quizzesTotal",
    "accuracy",
    "firstTryAccuracy",
    "streak",
    "rank",
    "total",
    "percentile",
    "grade",
    "videosCompleted",
    "videosTotal",
    "top10",
    "around",
}
TUESDAY = datetime(2026, 2, 24, 12, tzinfo=UTC)
TWO_QUIZZES = course_of(video("one", singles(2)), video("two", singles(3)), video("three"))


async def kpis(browser: httpx.AsyncClient) -> dict[str, Any]:
    answer = await browser.get(URL)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


async def take(browser: httpx.AsyncClient, quiz_id: str, rights: list[bool]) -> None:
    number = (await browser.get(f"/api/quiz/{quiz_id}")).json()["attemptNumber"]
    questions = TWO_QUIZZES.quizzes[quiz_id].questions
    answers = [given(entry, right=right) for entry, right in zip(questions, rights, strict=True)]
    body = {"videoId": quiz_id, "attemptNumber": number, "answers": answers}
    assert (await browser.post("/api/quiz/submit", json=body)).status_code == 200


async def hire(portal: Portal, *names: str, team: str | None) -> None:
    """Add learners, who use the demo password."""
    await portal.database.fetch(
        "INSERT INTO app_user (id, external_id, name, role, team, password_hash)"
        " SELECT gen_random_uuid(), n, initcap(n), 'learner', $2, password_hash"
        " FROM unnest($1::text[]) AS n, app_user u WHERE u.external_id = 'alex'",
        list(names),
        team,
    )


async def test_before_the_first_quiz(alex: httpx.AsyncClient) -> None:
    found = await kpis(alex)
    assert found.keys() >= KEYS
    assert found["maxScore"] == 15 * sum(len(q.questions) for q in COURSE.quizzes.values())
    assert found["quizzesTotal"] == len(COURSE.quizzes)
    assert found["videosTotal"] == len(COURSE.ordered)
    for name in ("totalScore", "quizzesCompleted", "accuracy", "firstTryAccuracy"):
        assert found[name] == 0
    assert (found["rank"], found["percentile"], found["grade"]) == (None, None, None)
    assert (found["total"], found["top10"], found["around"]) == (0, [], [])


async def test_the_only_ranked_person(alex: httpx.AsyncClient) -> None:
    await take_quiz(alex, wrong=5)
    found = await kpis(alex)
    me = {"id": "alex", "name": "Alex Johnson", "score": 15, "position": 1}
    assert (found["rank"], found["total"], found["percentile"], found["grade"]) == (1, 1, 100, "A")
    assert found["top10"] == found["around"] == [me]
    assert (found["accuracy"], found["firstTryAccuracy"]) == (17, 17)


async def test_twenty_rounds_of_random_histories_equal_the_oracle(
    portal: Portal, freeze: Freeze
) -> None:
    """Fourteen people of one track, two of another, a manager: quizzes, videos, days."""
    freeze(TUESDAY)
    teach(portal, TWO_QUIZZES)
    await hire(portal, *(f"learner-{n}" for n in range(6)), team="gamma")
    names = ["alex", "mike", "priya", "jordan", "yuki", "rami", "sofia", "dan", "nina", "omar"]
    names += ["sara", *(f"learner-{n}" for n in range(6))]
    browsers = {name: await portal.signed_in(name, PASSWORDS.get(name, PASSWORD)) for name in names}
    await portal.database.fetch("DELETE FROM activity_day")
    dice = random.Random("histories")
    for number in range(20):
        for name in dice.sample(names, 3):
            quiz = dice.choice(["one", "two"])
            rights = [dice.random() < 0.6 for _ in TWO_QUIZZES.quizzes[quiz].questions]
            if dice.random() < 0.25:  # leave the attempt open
                body = {**given(TWO_QUIZZES.quizzes[quiz].questions[0], right=rights[0])}
                state = (await browsers[name].get(f"/api/quiz/{quiz}")).json()
                if not state["answered"]:
                    body["attemptNumber"] = state["attemptNumber"]
                    await browsers[name].post(f"/api/quiz/{quiz}/answers", json=body)
            elif not (await browsers[name].get(f"/api/quiz/{quiz}")).json()["answered"]:
                await take(browsers[name], quiz, rights)
            mark = {"videoId": dice.choice(["one", "two", "three"]), "done": dice.random() < 0.7}
            await browsers[name].post("/api/progress", json=mark)
        days = [TUESDAY.date() - timedelta(days=dice.randrange(12)) for _ in range(30)]
        await portal.database.fetch(
            "INSERT INTO activity_day (learner, day) SELECT u.id, d.day"
            " FROM unnest($1::text[], $2::date[]) AS d(name, day)"
            " JOIN app_user u ON u.external_id = d.name ON CONFLICT DO NOTHING",
            [dice.choice(names) for _ in days],
            days,
        )
        looked = names if number % 5 == 4 else dice.sample(names, 4)
        for name in looked:
            found = await kpis(browsers[name])
            expected = await figures(portal.database, name, TUESDAY.date())
            assert {key: found[key] for key in expected} == expected, (number, name)
            assert KEYS - expected.keys() == {"maxScore", "quizzesTotal", "videosTotal"}
    found = await kpis(browsers["alex"])
    assert found["total"] > 10, "too few people to see the ends of the ranking"
    scores = [person["score"] for person in found["top10"]]
    assert len(set(scores)) < len(scores), "no ties to see"


async def test_ties_share_a_rank_and_the_next_one_is_skipped(portal: Portal) -> None:
    teach(portal, TWO_QUIZZES)
    rights = {
        "alex": [True, True],
        "mike": [True, False],
        "priya": [False, True],
        "jordan": [False, False],
    }
    for name, answers in rights.items():
        await take(await portal.signed_in(name), "one", answers)
    for name, rank, percentile, grade in (
        ("alex", 1, 100, "A"),
        ("mike", 2, 33, "C"),
        ("priya", 2, 33, "C"),
        ("jordan", 4, 0, "D"),
    ):
        found = await kpis(await portal.signed_in(name))
        assert (found["rank"], found["percentile"], found["grade"]) == (rank, percentile, grade)
        assert [person["position"] for person in found["top10"]] == [1, 2, 2, 4]


async def test_when_all_tie_everybody_is_in_the_middle(portal: Portal) -> None:
    teach(portal, TWO_QUIZZES)
    for name in ("alex", "mike", "priya"):
        browser = await portal.signed_in(name)
        await take(browser, "one", [True, True])
    found = await kpis(browser)
    assert (found["rank"], found["percentile"], found["grade"]) == (1, 50, "C")


async def test_a_learner_without_a_team_has_points_and_no_rank(portal: Portal) -> None:
    await hire(portal, "zoe", team=None)
    zoe = await portal.signed_in("zoe", PASSWORD)
    await take_quiz(zoe)
    found = await kpis(zoe)
    assert (found["totalScore"], found["quizzesCompleted"]) == (90, 1)
    assert (found["rank"], found["percentile"], found["grade"]) == (None, None, None)
    assert (found["total"], found["top10"], found["around"]) == (0, [], [])
    assert "1st of" not in (await zoe.get("/dashboard")).text
    assert "1st of" not in (await zoe.get(f"/video/{QUIZ}?result=1")).text


async def test_today_is_where_the_learner_is(
    portal: Portal, alex: httpx.AsyncClient, freeze: Freeze
) -> None:
    """Friday 23:30 in New York is Saturday in UTC; Monday 00:30 in Tokyo is Sunday in UTC."""
    for zone, moment, today in (
        ("America/New_York", datetime(2026, 2, 28, 4, 30, tzinfo=UTC), date(2026, 2, 27)),
        ("Asia/Tokyo", datetime(2026, 3, 1, 15, 30, tzinfo=UTC), date(2026, 3, 2)),
    ):
        await portal.database.fetch(
            "UPDATE app_user SET time_zone = $1 WHERE external_id = 'alex'", zone
        )
        await portal.database.fetch("DELETE FROM activity_day")
        freeze(moment)
        browser = await portal.signed_in("alex")
        days = await portal.database.fetch("SELECT day FROM activity_day")
        assert [row["day"] for row in days] == [today]
        assert (await kpis(browser))["streak"] == 1


async def test_a_streak_outlives_the_weekend(portal: Portal, freeze: Freeze) -> None:
    freeze(datetime(2026, 2, 27, 12, tzinfo=UTC))
    browser = await portal.signed_in("alex")  # on Friday; the session lasts until Saturday
    key = await portal.database.value("SELECT id FROM app_user WHERE external_id = 'alex'")
    for day in (25, 26):
        await portal.database.fetch(
            "INSERT INTO activity_day (learner, day) VALUES ($1, $2)", key, date(2026, 2, day)
        )
    await portal.database.fetch("UPDATE login_session SET expires_at = '2030-01-01'")
    for day, streak in ((27, 3), (28, 3), (1, 3), (2, 3), (3, 0)):
        month = 2 if day > 20 else 3
        moment = datetime(2026, month, day, 9, tzinfo=UTC)
        freeze(moment)
        assert (await kpis(browser))["streak"] == streak, moment


async def test_they_cost_one_statement_beside_the_session(alex: httpx.AsyncClient) -> None:
    await take_quiz(alex)
    before = sql.engine().pool.statements
    await kpis(alex)
    assert sql.engine().pool.statements - before <= 2
