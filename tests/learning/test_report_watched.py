"""Reports of the player: seconds that were watched, believed as far as they are possible."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from portal.config.dsn import parse_dsn
from tests.clock import Freeze
from tests.learning.courses import course_of, teach, video
from tests.ops.command import until
from tests.support import Portal

NOON = datetime(2026, 2, 24, 12, tzinfo=UTC)
FIRST = 20  # new seconds that a first report may bring
AT_MOST = 120

Wait = Callable[[float], None]


@pytest.fixture
def wait(freeze: Freeze) -> Wait:
    """Stops the clock, and moves it on by some seconds."""
    moment = NOON

    def move(seconds: float) -> None:
        nonlocal moment
        moment += timedelta(seconds=seconds)
        freeze(moment)

    freeze(moment)
    return move


@pytest.fixture
async def viewer(portal: Portal, wait: Wait) -> httpx.AsyncClient:
    """Alex, in a course with a short and a long video and one of unknown length."""
    teach(
        portal,
        course_of(
            video("short", duration=50), video("long", duration=1000), video("open", duration=None)
        ),
    )
    return await portal.signed_in("alex")


async def report(
    browser: httpx.AsyncClient,
    video_id: str,
    start: int,
    end: int,
    *,
    position: int | None = None,
    duration: int = 1000,
) -> dict[str, Any]:
    body = {
        "videoId": video_id,
        "from": start,
        "to": end,
        "position": end if position is None else position,
        "duration": duration,
    }
    answer = await browser.post("/api/progress/watch", json=body)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def shown(browser: httpx.AsyncClient, video_id: str) -> dict[str, Any]:
    entry: dict[str, Any] = (await browser.get("/api/progress")).json()["videos"][video_id]
    return entry


async def test_reports_add_up(viewer: httpx.AsyncClient, wait: Wait) -> None:
    assert await report(viewer, "long", 0, 15) == {"watchedPercent": 1, "done": False}
    for number in range(1, 10):
        wait(15)
        await report(viewer, "long", 15 * number, 15 * number + 15)
    assert await shown(viewer, "long") == {
        "done": False,
        "completedAt": None,
        "positionSeconds": 150,
        "watchedPercent": 15,
        "selfDeclared": False,
    }
    wait(600)
    # seen twice counts once; the player stands where it stands
    assert await report(viewer, "long", 0, 150, position=60) == {
        "watchedPercent": 15,
        "done": False,
    }
    assert (await shown(viewer, "long"))["positionSeconds"] == 60


@pytest.mark.parametrize(
    ("passed", "allowed"),
    [
        (0, 0),
        (0.4, 0),
        (0.5, 1),
        (15, 30),
        (60, AT_MOST),
        (80_000, AT_MOST),
        (-30, 0),
        (-80_000, 0),
    ],
)
async def test_nobody_watches_faster_than_twice_the_time(
    viewer: httpx.AsyncClient, wait: Wait, passed: float, allowed: int
) -> None:
    assert await report(viewer, "long", 0, 900) == {"watchedPercent": 2, "done": False}
    wait(passed)
    percent = (await report(viewer, "long", 0, 900))["watchedPercent"]
    assert percent == (FIRST + allowed) // 10


async def test_one_allowance_is_for_all_videos(viewer: httpx.AsyncClient, wait: Wait) -> None:
    await report(viewer, "long", 0, 15)
    assert (await report(viewer, "short", 0, 50))["watchedPercent"] == 100 * 5 // 50
    wait(60)
    assert (await report(viewer, "long", 0, 100))["watchedPercent"] == 10
    assert (await report(viewer, "short", 0, 50))["watchedPercent"] == 100 * 40 // 50


async def test_a_clock_that_was_a_day_ahead_does_no_harm(
    viewer: httpx.AsyncClient, wait: Wait
) -> None:
    wait(80_000)
    assert (await report(viewer, "long", 0, 900))["watchedPercent"] == 2
    wait(-80_000)
    assert (await report(viewer, "long", 0, 900))["watchedPercent"] == 2
    wait(30)
    assert (await report(viewer, "long", 0, 900))["watchedPercent"] == 8
    wait(60)
    assert (await report(viewer, "long", 0, 900))["watchedPercent"] == 20


async def test_what_was_too_much_is_believed_later(viewer: httpx.AsyncClient, wait: Wait) -> None:
    """The first seconds of a report count, and the same report brings the next ones."""
    for expected in (2, 4, 6, 8):
        assert (await report(viewer, "long", 0, 300))["watchedPercent"] == expected
        wait(10)


async def test_two_windows_do_not_count_twice(
    portal: Portal, viewer: httpx.AsyncClient, wait: Wait
) -> None:
    reports = (report(viewer, "long", 100 * n, 100 * n + 100) for n in range(8))
    await asyncio.gather(*reports)
    seconds = await portal.database.value(
        "SELECT sum(upper(r) - lower(r)) FROM video_progress, unnest(watched) AS r"
    )
    assert seconds == FIRST


async def test_ninety_percent_completes_and_is_never_taken_back(
    viewer: httpx.AsyncClient, wait: Wait
) -> None:
    await report(viewer, "short", 0, 20)
    wait(20)
    assert await report(viewer, "short", 20, 44) == {"watchedPercent": 88, "done": False}
    wait(20)
    assert await report(viewer, "short", 44, 45) == {"watchedPercent": 90, "done": True}
    done = await shown(viewer, "short")
    assert done["completedAt"] == "2026-02-24T12:00:40Z"
    assert done["selfDeclared"] is False
    wait(20)
    assert await report(viewer, "short", 3, 4) == {"watchedPercent": 90, "done": True}
    assert (await shown(viewer, "short"))["completedAt"] == "2026-02-24T12:00:40Z"


async def test_dragging_to_the_end_completes_nothing(viewer: httpx.AsyncClient, wait: Wait) -> None:
    assert await report(viewer, "long", 0, 1, position=999) == {"watchedPercent": 0, "done": False}
    wait(3600)
    assert (await report(viewer, "long", 995, 1000))["done"] is False
    wait(3600)
    assert await report(viewer, "long", 0, 1000) == {"watchedPercent": 12, "done": False}
    assert (await shown(viewer, "long"))["done"] is False


async def test_the_answer_tells_when_the_rest_can_count(
    viewer: httpx.AsyncClient, wait: Wait
) -> None:
    body = {"videoId": "long", "from": 0, "position": 0, "duration": 1000}
    for end, expected in ((20, None), (25, "3"), (500, "60"), (20, None)):
        answer = await viewer.post("/api/progress/watch", json={**body, "to": end})
        assert answer.headers.get("Retry-After") == expected, end
        assert answer.json() == {"watchedPercent": 2, "done": False}
    wait(3)
    answer = await viewer.post("/api/progress/watch", json={**body, "to": 25})
    assert "Retry-After" not in answer.headers


async def test_what_lies_behind_the_end_does_not_count(
    viewer: httpx.AsyncClient, wait: Wait
) -> None:
    """Neither seconds nor a position; the content's length wins over one that is far from it."""
    assert await report(viewer, "short", 60, 90, position=90, duration=90) == {
        "watchedPercent": 0,
        "done": False,
    }
    assert (await shown(viewer, "short"))["positionSeconds"] == 50
    wait(60)
    assert (await report(viewer, "short", 40, 86_400, duration=10))["watchedPercent"] == 20


async def test_an_unknown_length_is_the_greatest_ever_reported(
    viewer: httpx.AsyncClient, wait: Wait
) -> None:
    # nobody shortens a video to half a minute's tenth
    assert (await report(viewer, "open", 0, 10, duration=1))["watchedPercent"] == 33
    wait(60)
    assert (await report(viewer, "open", 10, 20, duration=200))["watchedPercent"] == 10
    wait(60)
    assert (await report(viewer, "open", 20, 40, duration=50))["watchedPercent"] == 20
    wait(60)
    await report(viewer, "open", 40, 160, duration=200)
    wait(60)
    assert await report(viewer, "open", 160, 180, duration=0) == {
        "watchedPercent": 90,
        "done": True,
    }


async def test_proof_replaces_the_own_word(viewer: httpx.AsyncClient, wait: Wait) -> None:
    await viewer.post("/api/progress", json={"videoId": "short", "done": True})
    assert (await shown(viewer, "short"))["selfDeclared"] is True
    await report(viewer, "short", 0, 20)
    entry = await shown(viewer, "short")
    assert (entry["done"], entry["selfDeclared"]) == (True, True)
    wait(60)
    await report(viewer, "short", 0, 50)
    entry = await shown(viewer, "short")
    assert (entry["done"], entry["selfDeclared"]) == (True, False)
    assert entry["completedAt"] == "2026-02-24T12:00:00Z"
    # and marking by hand does not make it one's own word again
    await viewer.post("/api/progress", json={"videoId": "short", "done": True})
    assert (await shown(viewer, "short"))["selfDeclared"] is False


async def test_numbers_that_no_player_sends_are_refused(
    portal: Portal, viewer: httpx.AsyncClient
) -> None:
    good = {"videoId": "long", "from": 0, "to": 10, "position": 10, "duration": 1000}
    for change, fields in (
        ({"from": -1}, ["from"]),
        ({"to": 86_401}, ["to"]),
        ({"position": -5}, ["position"]),
        ({"duration": 10**30}, ["duration"]),
        ({"from": -1, "duration": -1}, ["from", "duration"]),
        ({"from": 20, "to": 10}, ["to"]),
        ({"from": 1.5}, ["from"]),
        ({"to": "ten"}, ["to"]),
        ({"position": True}, ["position"]),
        ({"duration": None}, ["duration"]),
    ):
        answer = await viewer.post("/api/progress/watch", json={**good, **change})
        assert answer.status_code == 400, change
        assert list(answer.json()["details"]) == fields, change
    answer = await viewer.post("/api/progress/watch", json={**good, "videoId": "none"})
    assert answer.status_code == 404
    assert await portal.database.value("SELECT count(*) FROM video_progress") == 0
    assert (await viewer.post("/api/progress/watch", json={**good, "to": 0})).status_code == 200


async def test_watching_is_an_activity(portal: Portal, viewer: httpx.AsyncClient) -> None:
    await portal.database.fetch("DELETE FROM activity_day")
    await report(viewer, "long", 0, 5)
    day = await portal.database.value("SELECT day FROM activity_day")
    assert day == NOON.date()


async def test_nobody_sees_what_another_watches(
    viewer: httpx.AsyncClient, mike: httpx.AsyncClient
) -> None:
    await report(viewer, "long", 0, 30)
    assert (await mike.get("/api/progress")).json() == {"videos": {}}
    assert "Resume" not in (await mike.get("/video/long")).text
    # and the time since the last report is everybody's own
    assert (await report(mike, "long", 0, 900))["watchedPercent"] == FIRST // 10


async def test_a_video_shorter_than_the_course_says_can_be_completed(
    viewer: httpx.AsyncClient, wait: Wait
) -> None:
    for end in range(20, 861, 120):
        await report(viewer, "long", 0, end, duration=860)
        wait(60)
    assert await report(viewer, "long", 0, 860, duration=860) == {
        "watchedPercent": 100,
        "done": True,
    }
    assert (await shown(viewer, "long"))["watchedPercent"] == 100
    # whatever the player says later
    for duration in (0, 10, 1000, 5000):
        answer = await report(viewer, "long", 0, 1, position=0, duration=duration)
        assert answer["watchedPercent"] == 100


async def test_a_false_length_gains_a_fifth_at_most(viewer: httpx.AsyncClient, wait: Wait) -> None:
    wait(3600)
    assert (await report(viewer, "short", 0, 20, duration=30))["watchedPercent"] == 40
    assert (await report(viewer, "short", 0, 20, duration=39))["watchedPercent"] == 40
    assert (await report(viewer, "short", 0, 20, duration=40))["watchedPercent"] == 50


async def test_the_own_word_is_not_lost_to_a_report(
    portal: Portal, viewer: httpx.AsyncClient
) -> None:
    """Marked while a report is being counted: both stand afterwards."""
    url = portal.database.url
    connection = await asyncpg.connect(**parse_dsn(url, variable="DATABASE_URL").connect_kwargs())
    try:
        await report(viewer, "long", 0, 5)
        held = connection.transaction()
        await held.start()
        await connection.execute(
            """UPDATE video_progress SET done = true, self_declared = true, completed_at = now()
               WHERE video_id = 'long'"""
        )
        counted = asyncio.create_task(report(viewer, "long", 5, 10))
        await until(lambda: _waits(portal), "the report waits for the row")
        await held.commit()
        assert (await counted)["done"] is True
    finally:
        await connection.close()
    assert (await shown(viewer, "long"))["done"] is True


async def _waits(portal: Portal) -> bool:
    return bool(
        await portal.database.value(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = current_database()"
        )
    )


async def test_the_page_resumes_where_one_stopped(viewer: httpx.AsyncClient, wait: Wait) -> None:
    await report(viewer, "long", 0, 30, position=250)
    text = (await viewer.get("/video/long")).text
    assert "Resume at 4:10" in text
    assert 'data-start="250"' in text
    assert "2% watched" in text
    # at the end it starts anew, and an address may name the second
    wait(60)
    await report(viewer, "long", 30, 40, position=998)
    assert "Resume" not in (await viewer.get("/video/long")).text
    assert 'data-start="125"' in (await viewer.get("/video/long?t=125")).text
