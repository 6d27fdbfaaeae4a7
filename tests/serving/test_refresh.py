"""The past of the demo people is moved to today, and nothing that was really done is lost."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from portal import clock as portal_clock
from portal.accounts.demo import STARTS_AFRESH
from portal.config.settings import Settings
from portal.learning.course import load_course
from portal.manager import queries
from portal.manager.filters import Filters
from portal.quiz.regrade import check_scores
from portal.serving.history.personas import PERSONAS
from portal.serving.seed import refresh
from tests.clock import Freeze
from tests.manager.teams import actor
from tests.ops.command import only_line, run_portal
from tests.support import QUIZ, Database, Portal, execute, settings_for, take_quiz

LIVED = {persona.id for persona in PERSONAS if not persona.is_blank}
THREE_WEEKS = timedelta(weeks=3)
EVERYTHING = """
    SELECT to_json(u) AS account,
        ARRAY(SELECT to_json(a) FROM quiz_attempt a WHERE learner = u.id ORDER BY a.id) AS attempts,
        ARRAY(SELECT to_json(w) FROM quiz_answer w JOIN quiz_attempt a ON a.id = w.attempt
              WHERE learner = u.id ORDER BY w.id) AS answers,
        ARRAY(SELECT to_json(p) FROM video_progress p WHERE learner = u.id ORDER BY id) AS videos,
        ARRAY(SELECT to_json(t) FROM practice_tick t WHERE learner = u.id ORDER BY id) AS ticks,
        ARRAY(SELECT to_json(r) FROM question_report r WHERE learner = u.id ORDER BY id) AS reports,
        ARRAY(SELECT to_json(d) FROM activity_day d WHERE learner = u.id ORDER BY id) AS days,
        ARRAY(SELECT to_json(l) FROM login_session l WHERE member = u.id ORDER BY created_at)
            AS sign_ins,
        ARRAY(SELECT to_json(y) FROM team_stay y WHERE member = u.id ORDER BY id) AS stays
    FROM app_user u WHERE u.external_id = ANY ($1::text[]) ORDER BY u.external_id
"""
REAL_SESSION = """
    SELECT l.created_at FROM login_session l JOIN app_user u ON u.id = l.member
    WHERE u.external_id = $1 AND substr(token_hash, 1, 8) <> 'history:'::bytea
"""


@pytest.fixture
def lively(lived: Portal) -> Settings:
    """The settings of a database in which the demo people have their past."""
    return msgspec.structs.replace(settings_for(lived.database.url), seed_history=True)


@pytest.fixture
def now() -> datetime:
    """The present moment, before any other is set."""
    return portal_clock.now()


async def everything(database: Database, *names: str) -> list[dict[str, Any]]:
    return [dict(row) for row in await database.fetch(EVERYTHING, list(names))]


async def statuses() -> dict[str, str]:
    admin = await actor("admin")
    found = await queries.metrics(admin, load_course(), Filters(), "UTC")
    return {row.member.id: row.status for row in found.rows}


async def differences() -> list[Any]:
    return [difference async for difference in check_scores()]


DESIGNED = {persona.id: persona.state for persona in PERSONAS}


async def states_are_as_designed() -> bool:
    """Whether each team shows what its people were designed for."""
    seen: dict[str, str] = {}
    for persona in ("sara", "leo", "tom", "claire", "lior"):
        manager = await actor(persona)
        found = await queries.metrics(manager, load_course(), Filters(), "UTC")
        seen |= {row.member.id: row.status for row in found.rows}
    assert seen == DESIGNED
    return True


async def test_each_is_in_the_state_that_is_designed(lived: Portal) -> None:
    assert await states_are_as_designed()


async def test_it_moves_to_today_once(
    lived: Portal, lively: Settings, now: datetime, freeze: Freeze
) -> None:
    freeze(now + THREE_WEEKS)
    red = {"needs attention", "at risk", "doing well"}  # complete, at the best
    assert {state for name, state in (await statuses()).items() if name in LIVED} <= red

    first, second = await asyncio.gather(refresh(lively), refresh(lively))
    assert sorted((first.moved, second.moved)) == [0, len(LIVED)]
    assert first.learned == first.changed == second.learned == second.changed == []
    assert await states_are_as_designed()
    assert await differences() == []
    last = await lived.database.value("SELECT max(last_seen_at) FROM login_session")
    assert now + THREE_WEEKS - timedelta(days=4) < last < now + THREE_WEEKS
    first_ones = """
        SELECT count(*) FROM app_user u JOIN team_stay s ON s.member = u.id
        WHERE s.since <> u.created_at
           OR u.created_at > (SELECT min(created_at) FROM login_session WHERE member = u.id)
    """
    assert await lived.database.value(first_ones) == 0

    before = await everything(lived.database, *DESIGNED)
    again = await refresh(lively)
    assert (again.moved, again.current) == (0, len(PERSONAS))
    assert await everything(lived.database, *DESIGNED) == before


async def test_what_was_really_done_stays(
    lived: Portal, lively: Settings, now: datetime, freeze: Freeze
) -> None:
    freeze(now + timedelta(days=8))
    afresh = await lived.signed_in(STARTS_AFRESH)
    await take_quiz(afresh)
    mike = await lived.signed_in("mike")
    await mike.post("/api/progress", json={"videoId": QUIZ, "done": False})
    sara = await lived.signed_in("sara")
    signed_in = await lived.database.fetch(REAL_SESSION, "sara")
    await execute(
        lived.database.url,
        """INSERT INTO practice_tick (learner, item, ticked_at)
           SELECT id, 'a task', now() + interval '1 day' FROM app_user WHERE external_id = 'dan'""",
        """INSERT INTO question_report (learner, quiz_id, question_id, reason, created_at)
           SELECT id, 'q', 'q', 'Wrong.', now() + interval '1 day'
           FROM app_user WHERE external_id = 'tom'""",
        # ticked off, and taken back
        """INSERT INTO activity_day (learner, day)
           SELECT id, current_date + 12 FROM app_user WHERE external_id = 'mei'""",
        # an open attempt of the past, gone on with
        """UPDATE quiz_answer SET answered_at = now() + interval '1 day' WHERE id = (
               SELECT max(w.id) FROM quiz_answer w JOIN quiz_attempt a ON a.id = w.attempt
               JOIN app_user u ON u.id = a.learner WHERE u.external_id = 'amara')""",
        "UPDATE app_user SET team = 'beta' WHERE external_id = 'lucy'",
        "UPDATE app_user SET password_hash = 'another' WHERE external_id = 'ben'",
        "UPDATE app_user SET team = 'alpha' WHERE external_id = 'rami'",
        "UPDATE app_user SET team = 'gamma' WHERE external_id = 'rami'",
        "UPDATE app_user SET email = 'omar@example.com' WHERE external_id = 'omar'",
    )
    learned = ["alex", "amara", "dan", "mei", "mike", "tom"]
    changed = ["ben", "lucy", "omar", "rami"]
    before = await everything(lived.database, *learned, *changed)

    freeze(now + THREE_WEEKS)
    done = await refresh(lively)
    assert (done.learned, done.changed) == (learned, changed)
    assert done.moved == len(LIVED - {*learned, *changed})
    assert await everything(lived.database, *learned, *changed) == before
    assert await differences() == []
    told = str(done)
    assert "have learned since: alex, amara, dan, mei, mike, tom." in told
    assert "changed or is gone: ben, lucy, omar, rami." in told

    assert await lived.database.fetch(REAL_SESSION, "sara") == signed_in
    day = signed_in[0]["created_at"].date()
    days = (
        "SELECT day FROM activity_day d JOIN app_user u ON u.id = d.learner WHERE external_id = $1"
    )
    assert day in {row["day"] for row in await lived.database.fetch(days, "sara")}
    freeze(now + timedelta(days=8, minutes=1))
    assert (await sara.get("/dashboard")).status_code == 200, "still signed in"


async def test_the_command_says_what_it_did_or_why_not(lived: Portal) -> None:
    url = lived.database.url
    ended = "SELECT min(seeded_at) FROM seeded WHERE key LIKE 'history:%'"
    await execute(url, "UPDATE seeded SET seeded_at = seeded_at - interval '1 day'")
    before = await lived.database.value(ended)
    for reason in ({"SEED_HISTORY": "false"}, {"PUBLIC_URL": "https://learn.example.com"}):
        refused = run_portal(url, "seed", "--refresh", **{"SEED_HISTORY": "true"} | reason)
        assert refused.returncode == 1
        assert next(iter(reason)) in only_line(refused.stderr)
    assert await lived.database.value(ended) == before

    await execute(url, "UPDATE seeded SET seeded_at = now() WHERE key LIKE 'history:%'")
    none = run_portal(url, "seed", "--refresh", SEED_HISTORY="true")
    assert (none.returncode, none.stdout) == (
        0,
        f"Moved the past of 0 demo people to today.\nIt ended today before: {len(PERSONAS)}.\n",
    ), none.stderr
