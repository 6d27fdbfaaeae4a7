"""Defaults of a server, database or role that change what SQL means do not change an answer."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import httpx
import pytest

from portal.db.engine import Engine
from tests.db.engines import OpenEngine
from tests.db.test_read_only import cut
from tests.pooler import Pooler
from tests.support import COURSE, PASSWORDS, QUIZ, Database, Portal, execute, take_quiz
from tests.web.portals import opened
from tests.web.test_statement_counts import READS

ODD = {
    "default_transaction_isolation": "serializable",
    "default_transaction_deferrable": "on",
    "TimeZone": "'Pacific/Chatham'",
    "DateStyle": "'SQL, DMY'",
    "IntervalStyle": "sql_standard",
    "bytea_output": "escape",
    "extra_float_digits": "-15",
    "standard_conforming_strings": "off",
    "backslash_quote": "off",
    "escape_string_warning": "on",
    "row_security": "off",
    "xmloption": "document",
    "xmlbinary": "hex",
    "lc_numeric": "'C'",
    "lc_messages": "'C'",
    "transform_null_equals": "on",
    "array_nulls": "off",
    "quote_all_identifiers": "on",
    "client_encoding": "LATIN1",
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashagg": "off",
    "enable_sort": "off",
    "from_collapse_limit": "1",
    "jit_above_cost": "0",
}
# What differs between two answers in any case.
_PASSING = re.compile(r'[0-9a-f]{12}|"timestamp":"[^"]*"|requestId')


async def make_odd(database: Database, *, settings: dict[str, str] = ODD) -> None:
    changes = [f"ALTER DATABASE {database.name} SET {k} = {v}" for k, v in settings.items()]
    await execute(database.server.url("postgres"), *changes)
    await cut(database)


async def read_everything(browser: httpx.AsyncClient) -> dict[str, tuple[int, str]]:
    answers = {}
    for path in READS:
        answer = await browser.get(path)
        answers[path] = answer.status_code, _PASSING.sub("", answer.text)
    return answers


async def test_every_answer_is_the_same(portal: Portal, alex: httpx.AsyncClient) -> None:
    for video in COURSE.ordered[:12]:
        await alex.post("/api/progress", json={"videoId": video.id, "done": True})
    report = {"from": 0, "to": 7, "position": 7, "duration": 60}
    await alex.post("/api/progress/watch", json={"videoId": COURSE.ordered[12].id, **report})
    await take_quiz(alex, QUIZ, wrong=1)
    normal = await read_everything(alex)
    await make_odd(portal.database)
    odd = await read_everything(alex)
    for path in READS:
        assert odd[path] == normal[path], path
    assert await portal.database.value("SHOW default_transaction_isolation") == "serializable"


@pytest.mark.parametrize("isolation", ["serializable", "'repeatable read'"])
async def test_what_is_written_at_once_is_not_refused(database: Database, isolation: str) -> None:
    """As many at once as READ COMMITTED lets through, whose upserts wait for each other."""
    await make_odd(database, settings={"default_transaction_isolation": isolation})
    async with opened(database) as portal:
        alex = await portal.signed_in("alex")
        windows = [portal.browser(cookies=alex.cookies) for _ in range(20)]
        body = {"videoId": QUIZ, "done": True}
        marked = await asyncio.gather(*(w.post("/api/progress", json=body) for w in windows))
        assert {answer.status_code for answer in marked} == {200}
        wrong = {"username": "alex", "password": "wrong"}
        refused = await asyncio.gather(
            *(w.post("/api/auth/login", json=wrong) for w in windows[:8])
        )
        assert {answer.status_code for answer in refused} == {401}
        right = {"username": "alex", "password": PASSWORDS["alex"]}
        assert (await windows[0].post("/api/auth/login", json=right)).status_code == 200


@pytest.fixture(params=["direct", "pooled"])
def engine(
    database: Database, request: pytest.FixtureRequest, open_engine: OpenEngine
) -> Iterator[Engine]:
    if request.param == "direct":
        yield open_engine(pool_size=8)
    else:
        pooler: Pooler = request.getfixturevalue("pooler")
        yield open_engine(url=pooler.url(database.name), pool_size=8)


async def test_a_transaction_says_what_it_is(database: Database, engine: Engine) -> None:
    await make_odd(database)
    before = engine.pool.statements
    async with engine.transaction():
        rows = await engine.fetch(
            "SELECT current_setting('transaction_isolation') AS isolation,"
            " current_setting('transaction_read_only') AS read_only"
        )
    assert dict(rows[0]) == {"isolation": "read committed", "read_only": "off"}
    assert engine.pool.statements == before + 3


async def test_a_single_statement_that_meets_another_one_is_done_once(
    database: Database, engine: Engine
) -> None:
    await execute(database.url, "CREATE TABLE tally (name text PRIMARY KEY, number int NOT NULL)")
    await make_odd(database)
    add = (
        "INSERT INTO tally AS t VALUES ('all', 1)"
        " ON CONFLICT (name) DO UPDATE SET number = t.number + 1"
    )
    await asyncio.gather(*(engine.fetch(add) for _ in range(60)))
    assert await database.value("SELECT number FROM tally") == 60
