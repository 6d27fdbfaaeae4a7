"""A course of its own for the player: a file, its two relatives in a frame, and what they report.

The providers cannot be reached from a test. Pages that speak their messages stand in for them, on
their own addresses.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from playwright.async_api import Frame, Page, Route

from portal.authoring.captions import read_captions
from portal.db.embedded import Embedded
from portal.learning.course import (
    COMPILED_NAME,
    FORMAT,
    MEDIA_FOLDER,
    Compiled,
    Step,
    Topic,
    content_hash,
)
from tests.e2e.browser import Learner, Site
from tests.learning.courses import singles, video
from tests.ops.command import running, until
from tests.support import DEMO_TEMPLATE, Database, execute

MEDIA = Path(__file__).parent / "media"
STAND_INS = Path(__file__).parent / "stand_ins"
CUES, _ = read_captions(MEDIA, "lesson.vtt", "film.toml")

FILM = replace(
    video("film", singles(4), duration=40),
    provider="file",
    ref="lesson.webm",
    channel="Our company",
    captions="lesson.vtt",
    transcript=CUES,
)
TUBE = video("tube", duration=1000)
CLIP = replace(video("clip", duration=200), provider="vimeo", ref="123456789/0a1b2c")
LOST = replace(video("lost", duration=None), provider="file", ref="lost.webm")
EMBEDS = {"youtube": TUBE, "vimeo": CLIP}

YOUTUBE = "https://www.youtube-nocookie.com/**"
VIMEO = "https://player.vimeo.com/**"


@pytest.fixture(scope="session", name="site")
async def film_site(templates: Embedded) -> AsyncIterator[Site]:
    """The portal with the course of the films."""
    made = Database.next(templates)
    admin = templates.url("postgres")
    await execute(admin, f"CREATE DATABASE {made.name} TEMPLATE {DEMO_TEMPLATE}")
    with tempfile.TemporaryDirectory() as folder:
        _write_course(Path(folder))
        with running("serve", url=made.url, SEED_DB="true", CONTENT_DIR=folder) as server:
            await server.answers("/health/ready")
            yield Site(f"http://127.0.0.1:{server.port}", made)
    await execute(admin, f"DROP DATABASE {made.name} WITH (FORCE)")


def _write_course(folder: Path) -> None:
    """The course and its media, for CONTENT_DIR."""
    first = Topic("first-topic", "The first topic", "Everything.", (_at(FILM, 1), _at(TUBE, 2)))
    second = Topic(
        "second-topic", "The second topic", "More.", (_at(CLIP, 3, step=2), _at(LOST, 4, step=2))
    )
    steps = tuple(
        Step(str(n), f"Step number {n}", "Short.", ("Know it",), ("Do it",), (topic,))
        for n, topic in enumerate((first, second), 1)
    )
    compiled = Compiled(FORMAT, content_hash(steps), steps)
    (folder / COMPILED_NAME).write_bytes(msgspec.json.encode(compiled))
    shutil.copytree(MEDIA, folder / MEDIA_FOLDER)


def _at(entry: Any, position: int, *, step: int = 1) -> Any:
    topic = {1: "first-topic", 2: "second-topic"}[step]
    return replace(entry, step_id=str(step), topic_id=topic, position=position)


async def stand_in(
    page: Page,
    *,
    error: int | str | None = None,
    mute: bool = False,
    late: asyncio.Event | None = None,
) -> None:
    """Answer at the providers' addresses with a player that speaks their messages; with `error` it
    refuses, `mute` says nothing at all, and `late` is waited for."""

    async def answer(route: Route) -> None:
        if late is not None:
            await late.wait()
        provider = "youtube" if "youtube" in route.request.url else "vimeo"
        settings = {"duration": EMBEDS[provider].duration, "error": error, "mute": mute}
        body = (STAND_INS / f"{provider}.html").read_text()
        body = body.replace("/* clock */", (STAND_INS / "clock.js").read_text())
        body = body.replace("{/* settings */}", msgspec.json.encode(settings).decode())
        await route.fulfill(content_type="text/html", body=body)

    await page.route(YOUTUBE, answer)
    await page.route(VIMEO, answer)


async def frame_of(page: Page) -> Frame:
    """Returns the stand-in, once it is there."""
    element = await page.wait_for_selector(".player iframe")
    frame = await element.content_frame() if element else None
    assert frame is not None
    await frame.wait_for_load_state()
    return frame


async def open_player(learner: Learner, provider: str, **how: Any) -> Frame:
    """Open the video's page, press Play, and return the stand-in, which plays."""
    await stand_in(learner.page, **how)
    await learner.page.goto(f"/video/{EMBEDS[provider].id}")
    await learner.page.locator(".player button").click()
    return await frame_of(learner.page)


async def holds(page: Page, expression: str) -> None:
    """Wait until an expression is true. Not inside the page, whose policy allows no such code."""

    async def look() -> bool:
        return bool(await page.evaluate(expression))

    await until(look, expression)


async def watched(learner: Learner, video_id: str) -> list[tuple[int, int]]:
    """Returns the spans of seconds, the ends excluded, that are known of a video."""
    text = await learner.count(
        f"""SELECT coalesce((SELECT watched::text FROM video_progress
            WHERE learner = $1 AND video_id = '{video_id}'), '{{}}')"""
    )
    spans = [part.strip("[) ").split(",") for part in text.strip("{}").split("),") if part]
    return [(int(start), int(end)) for start, end in spans]


async def seconds(learner: Learner, video_id: str) -> int:
    """Returns how many seconds of a video are known as watched."""
    return sum(end - start for start, end in await watched(learner, video_id))


async def set_allowance(learner: Learner, seconds: int) -> None:
    """Let the learner report so many new seconds at once, 120 at most."""
    await learner.count(
        f"""INSERT INTO watch_allowance (learner, full_at)
            VALUES ($1, now() + interval '{(120 - seconds) / 2} seconds')
            ON CONFLICT (learner) DO UPDATE SET full_at = EXCLUDED.full_at RETURNING 1"""
    )
