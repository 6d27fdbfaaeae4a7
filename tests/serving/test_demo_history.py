"""The past of the demo people in the database: once, by the rules, over nothing of their own."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from portal.accounts.demo import STARTS_AFRESH
from portal.config.settings import Settings
from portal.learning.course import FORMAT, Compiled, Course
from portal.quiz.regrade import check_scores
from portal.serving.history.personas import PERSONAS
from portal.serving.seed import Made, seed
from tests.learning.courses import course_of, one_of_each, video
from tests.learning.locked_course import locked_course
from tests.ops.command import run_portal
from tests.support import QUIZ, Database, Portal, execute, take_quiz
from tests.web.markup import Page

LEFT_BEHIND = """
    SELECT (SELECT count(*) FROM quiz_attempt) AS attempts,
           (SELECT count(*) FROM quiz_answer) AS answers,
           (SELECT count(*) FROM video_progress) AS videos,
           (SELECT count(*) FROM login_session) AS sign_ins,
           (SELECT count(*) FROM activity_day) AS days,
           (SELECT count(*) FROM practice_tick) AS ticks,
           (SELECT count(*) FROM question_report) AS reports
"""
OF = """
    SELECT (SELECT count(*) FROM quiz_attempt WHERE learner = u.id) AS attempts,
           (SELECT count(*) FROM video_progress WHERE learner = u.id) AS videos,
           (SELECT count(*) FROM login_session WHERE member = u.id) AS sign_ins,
           (SELECT count(*) FROM activity_day WHERE learner = u.id) AS days,
           (SELECT count(*) FROM practice_tick WHERE learner = u.id) AS ticks
    FROM app_user u WHERE u.external_id = $1
"""
LIVED = [persona.id for persona in PERSONAS if not persona.is_blank]


@pytest.fixture
def lively(settings: Settings) -> Settings:
    """The settings of this test's database, with a past."""
    return msgspec.structs.replace(settings, seed_history=True)


async def counts(database: Database) -> dict[str, int]:
    return dict((await database.fetch(LEFT_BEHIND))[0])


async def of(database: Database, name: str) -> set[int]:
    """Returns the numbers of what somebody did, {0} for nothing."""
    return set(dict((await database.fetch(OF, name))[0]).values())


async def differences() -> list[Any]:
    return [difference async for difference in check_scores()]


@pytest.mark.empty_database
async def test_it_is_made_once_quickly_and_right(database: Database, lively: Settings) -> None:
    begun = time.perf_counter()
    assert await seed(lively) == Made(accounts=22, pasts=len(LIVED))
    assert time.perf_counter() - begun < 3
    assert await differences() == []
    made = await counts(database)
    assert min(made.values()) > 0
    assert await of(database, STARTS_AFRESH) == {0}
    assert not await database.value("SELECT count(*) FROM login_session WHERE ended_at IS NULL")

    assert not await seed(lively)
    assert await counts(database) == made


@pytest.mark.empty_database
async def test_two_containers_at_once_make_it_once(database: Database, lively: Settings) -> None:
    made = await asyncio.gather(seed(lively), seed(lively), seed(lively))
    assert sum(each.accounts for each in made) == 22
    assert sum(each.pasts for each in made) == len(LIVED)
    assert await differences() == []
    numbers = "SELECT max(attempt_number) FROM quiz_attempt"
    assert await database.value(numbers) < 5


async def test_accounts_and_stays_are_older_than_what_they_did(lived: Portal) -> None:
    early = """
        SELECT u.external_id FROM app_user u JOIN team_stay s ON s.member = u.id
        LEFT JOIN leads l ON l.member = u.id
        WHERE u.created_at > (SELECT min(created_at) FROM login_session WHERE member = u.id)
           OR s.since <> u.created_at OR l.since <> u.created_at
    """
    assert await lived.database.fetch(early) == []


async def test_what_is_not_as_it_was_made_gets_none(
    database: Database, lively: Settings, portal: Portal
) -> None:
    """A demo that is older than its past, in which people have been busy."""
    mike = await portal.signed_in("mike")
    await take_quiz(mike)
    sofia = await portal.signed_in("sofia")
    await sofia.post("/api/progress", json={"videoId": QUIZ, "done": True})
    await execute(
        database.url,
        "UPDATE app_user SET disabled_at = now() WHERE external_id = 'jordan'",
        "DELETE FROM app_user WHERE external_id = 'omar'",
        "UPDATE app_user SET name = 'Nina P.' WHERE external_id = 'nina'",
        "UPDATE app_user SET team = 'beta' WHERE external_id = 'lucy'",
        "UPDATE app_user SET password_hash = 'another' WHERE external_id = 'ben'",
    )
    before = {name: await of(database, name) for name in ("mike", "sofia")}
    left_alone = {"mike", "sofia", "jordan", "omar", "nina", "lucy", "ben"}
    assert (await seed(lively)).pasts == len(set(LIVED) - left_alone)
    assert {name: await of(database, name) for name in before} == before
    for name in left_alone - {"mike", "sofia", "omar"}:
        assert await of(database, name) == {0}
    assert min(await of(database, "priya")) > 0
    assert await differences() == []

    await execute(database.url, "UPDATE app_user SET disabled_at = NULL")
    assert not await seed(lively), "what was decided stays so"


async def test_it_can_be_left_out_and_made_later(database: Database, settings: Settings) -> None:
    assert not await seed(settings)
    assert set((await counts(database)).values()) == {0}
    told = run_portal(database.url, "seed", SEED_HISTORY="true")
    assert told.stdout == f"Seeded 0 demo accounts and a past for {len(LIVED)} people.\n"
    again = run_portal(database.url, "seed", SEED_HISTORY="true")
    assert again.stdout == "Everything was seeded before.\n"
    check = run_portal(database.url, "scores", "check")
    assert check.returncode == 0, check.stdout


def written(course: Course, folder: Path) -> Path:
    compiled = Compiled(FORMAT, course.content_hash, course.steps)
    (folder / "course.json").write_bytes(msgspec.json.encode(compiled))
    return folder


@pytest.mark.parametrize(
    ("course", "quizzes"),
    [
        (locked_course(), True),
        (course_of(video("only")), False),
        (course_of(video("one", one_of_each(), duration=None)), True),
        (course_of(*(video(f"long-{n}", one_of_each(), duration=5000) for n in range(300))), True),
    ],
    ids=["locked", "one video, no quiz", "one video", "300 long videos"],
)
async def test_it_fits_any_course(
    database: Database, lively: Settings, tmp_path: Path, course: Course, quizzes: bool
) -> None:
    settings = msgspec.structs.replace(lively, content_dir=written(course, tmp_path))
    assert (await seed(settings)).pasts == len(LIVED)
    assert await differences() == []
    made = await counts(database)
    assert bool(made["attempts"]) is quizzes
    assert made["videos"]
    finished = await database.value("SELECT count(*) FROM video_progress WHERE done")
    assert finished


async def test_an_unusable_course_is_named(database: Database, tmp_path: Path) -> None:
    done = run_portal(database.url, "seed", SEED_HISTORY="true", CONTENT_DIR=str(tmp_path))
    assert done.returncode == 1
    assert "there is no course" in done.stderr
    assert "Traceback" not in done.stderr


async def test_screens_show_it(lived: Portal) -> None:
    priya = await lived.signed_in("priya")
    for path in ("/dashboard", "/path", "/leaderboard", "/account", "/step/1"):
        page = await priya.get(path)
        assert page.status_code == 200, path
    me = (await priya.get("/api/dashboard/kpis")).json()
    assert me["totalScore"] > 2000
    yuki = await lived.signed_in("yuki")
    assert (await yuki.get("/api/dashboard/kpis")).json()["videosCompleted"] == 62
    alex = await lived.signed_in(STARTS_AFRESH)
    assert (await alex.get("/api/dashboard/kpis")).json()["totalScore"] == 0
    top = Page(await alex.get("/leaderboard")).text
    assert "Yuki Tanaka" in top
