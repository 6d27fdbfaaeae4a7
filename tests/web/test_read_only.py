"""While the database takes no writes: reading goes on, and everybody is told what does not."""

from __future__ import annotations

import logging
import time

import httpx
import pytest

from portal.db import sql
from tests.db.test_read_only import cut, set_read_only
from tests.ops.command import until
from tests.ops.samples import scrape
from tests.support import PASSWORDS, QUIZ, Portal, execute, take_quiz
from tests.web.markup import Page
from tests.web.portals import logged
from tests.web.test_statement_counts import READS

SENTENCE = (
    "Right now the portal can be read, but nothing can be saved, and nobody can sign in."
    " Try again in a minute."
)
LONG_UNSEEN = "UPDATE login_session SET last_seen_at = now() - interval '1 hour'"
LAST_SEEN = "SELECT now() - last_seen_at < interval '5 minutes' FROM login_session"
SIGN_IN = {"username": "alex", "password": PASSWORDS["alex"]}
AT_MOST = 1.5  # seconds, of which half a one is for the note


async def becomes_read_only(portal: Portal) -> None:
    await set_read_only(portal.database, "on")
    await cut(portal.database)


async def test_reading_goes_on_also_for_who_was_not_seen_for_long(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    await take_quiz(alex)
    normal = {path: (await alex.get(path)).status_code for path in READS}
    await portal.database.value(f"{LONG_UNSEEN} RETURNING 1")
    await becomes_read_only(portal)
    assert {path: (await alex.get(path)).status_code for path in READS} == normal
    assert (await alex.get("/api/auth/me")).json()["user"]["id"] == "alex"


async def test_who_wants_to_write_or_to_sign_in_is_told_what_is_the_matter(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    await becomes_read_only(portal)
    for path, body in (
        ("/api/auth/login", SIGN_IN),
        ("/api/progress", {"videoId": QUIZ, "done": True}),
        ("/api/auth/logout", {}),
    ):
        answer = await alex.post(path, json=body)
        assert (answer.status_code, answer.json()) == (503, {"error": SENTENCE}), path
        assert int(answer.headers["retry-after"]) > 0
    page = Page(await portal.browser().post("/login", data=SIGN_IN))
    assert page.title.startswith("Nothing can be saved right now")
    assert SENTENCE in page.text


async def test_readiness_metrics_and_log_tell_of_it_and_of_its_end(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    normal = (await alex.get("/health/ready")).json()
    assert "checks" not in normal
    assert (await scrape(alex)).of("portal_db_read_only") == 0
    with logged() as lines:
        await becomes_read_only(portal)
        for _ in range(3):
            answer = await alex.get("/health/ready")
            assert answer.status_code == 200, "reads go on"
            assert answer.json()["status"] == "ready"
            assert answer.json()["checks"]["write"] == "read-only"
        await until(is_known, "it is known")
        assert (await scrape(alex)).of("portal_db_read_only") == 1
        assert (await scrape(alex)).of("portal_db_away") == 0
        await set_read_only(portal.database, "off")
        started = time.monotonic()
        await until(lambda: signs_in(portal), "writing goes on", seconds=2)
        assert time.monotonic() - started < 2
        await until(lambda: is_ready(alex), "readiness says so", seconds=2)
    assert (await scrape(alex)).of("portal_db_read_only") == 0
    assert [line.partition(" {")[0] for line in lines] == [
        "[db/engine] the database takes no writes: it is set to read-only",
        "[db/engine] the database takes writes again",
    ]


async def is_known() -> bool:
    return sql.engine().pool.writes.read_only


async def signs_in(portal: Portal) -> bool:
    return (await portal.browser().post("/api/auth/login", json=SIGN_IN)).status_code == 200


async def is_ready(browser: httpx.AsyncClient) -> bool:
    return "checks" not in (await browser.get("/health/ready")).json()


@pytest.mark.parametrize("path", ["/api/auth/me", "/dashboard"])
async def test_a_note_that_has_to_wait_is_left_out(
    portal: Portal, alex: httpx.AsyncClient, path: str
) -> None:
    await portal.database.value(f"{LONG_UNSEEN} RETURNING 1")
    connection = await sql.engine().get_new_connection()
    try:
        async with connection.transaction():
            await connection.execute("SELECT 1 FROM login_session FOR UPDATE")
            with logged(logging.ERROR) as lines:
                started = time.monotonic()
                assert (await alex.get(path)).status_code == 200
                assert time.monotonic() - started < AT_MOST
                started = time.monotonic()
                assert (await alex.get(path)).status_code == 200
                assert time.monotonic() - started < AT_MOST / 2, "not every request waits"
    finally:
        await connection.close()
    assert lines == []
    assert (await scrape(alex)).of("portal_db_notes_missed_total") >= 1
    sql.engine()._best_effort_from = float("-inf")
    await alex.get(path)
    assert await portal.database.value(LAST_SEEN), "later on, it is taken"


async def test_who_is_right_signs_in_although_the_try_cannot_be_given_back(
    portal: Portal,
) -> None:
    await execute(
        portal.database.url,
        "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100'; END $$",
        "CREATE TRIGGER broken BEFORE UPDATE ON rate_bucket FOR EACH ROW"
        " WHEN (NEW.tries < OLD.tries) EXECUTE FUNCTION broken()",
    )
    assert (await portal.browser().post("/api/auth/login", json=SIGN_IN)).status_code == 200
