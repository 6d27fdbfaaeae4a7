"""Claims of having watched, sent to a serving portal as fast as it takes them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tests.ops.command import Running, running
from tests.support import COURSE, QUIZ, Database

AT_ONCE = 35
LENGTH = COURSE.videos[QUIZ].duration or 0
COVERED = "SELECT coalesce(sum(upper(r) - lower(r)), 0) FROM video_progress, unnest(watched) AS r"


@asynccontextmanager
async def signed_in(serving: Running) -> AsyncIterator[httpx.AsyncClient]:
    async with serving.browser() as browser:
        login = {"username": "alex", "password": "claude123"}
        assert (await browser.post("/api/auth/login", json=login)).status_code == 200
        yield browser


def claim(video_id: str, start: int, end: int, duration: int) -> dict[str, Any]:
    return {
        "videoId": video_id,
        "from": start,
        "to": end,
        "position": end,
        "duration": duration,
    }


async def test_thirty_five_at_once_complete_nothing(database: Database) -> None:
    """Of one video from two devices, and of several videos; the same person all the time."""
    await database.fetch("DELETE FROM video_progress")
    with running("serve", url=database.url, DB_POOL_SIZE="20") as serving:
        await serving.answers("/health/ready")
        async with signed_in(serving) as first, signed_in(serving) as second:
            began = time.monotonic()
            others = [video.id for video in COURSE.ordered[:AT_ONCE]]
            claims = [claim(QUIZ, 0, LENGTH, LENGTH)] * AT_ONCE
            claims += [claim(other, 0, 500, 500) for other in others]
            answers = await asyncio.gather(
                *(
                    (first, second)[number % 2].post("/api/progress/watch", json=body)
                    for number, body in enumerate(claims)
                )
            )
            passed = time.monotonic() - began
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert sum(answer.status_code == 200 for answer in answers) > AT_ONCE
    assert not any(answer.json().get("done") for answer in answers)
    assert 20 <= await database.value(COVERED) <= 20 + 2 * passed + 1
