"""Who does not want to be named is counted everywhere, and named to nobody else."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.dashboard.test_kpis import TWO_QUIZZES, take
from tests.learning.courses import teach
from tests.support import Portal
from tests.web.markup import Page, send

READS = (
    "/api/dashboard/kpis",
    "/api/leaderboard?scope=track",
    "/api/leaderboard?scope=team",
    "/api/leaderboard?scope=all",
    "/api/leaderboard?scope=track&period=30d",
    "/api/leaderboard?scope=all&period=30d",
    "/dashboard",
    "/leaderboard",
    "/leaderboard?scope=team",
    "/leaderboard?scope=all&period=30d",
    "/leaderboard?scope=all&page=1",
)


@pytest.fixture
async def ranked(
    portal: Portal, alex: httpx.AsyncClient, mike: httpx.AsyncClient, nina: httpx.AsyncClient
) -> httpx.AsyncClient:
    """Alex is first of the track, and everybody else has a place as well."""
    teach(portal, TWO_QUIZZES)
    await take(alex, "one", [True, True])
    await take(mike, "one", [True, False])
    await take(nina, "one", [False, False])
    return alex


async def hide(browser: httpx.AsyncClient) -> Page:
    form = Page(await browser.get("/account")).form("/account/leaderboard")
    assert form.fields == {"listed": "true"}
    del form.fields["listed"]
    return Page(await send(browser, form))


def numbers(answer: httpx.Response) -> str:
    """Returns everything in an answer that is no id, name or team."""

    def strip(value: object) -> object:
        if isinstance(value, dict):
            return {k: strip(v) for k, v in value.items() if k not in ("id", "name", "team")}
        return [strip(entry) for entry in value] if isinstance(value, list) else value

    return json.dumps(strip(answer.json()))


async def test_nobody_else_reads_the_name_or_the_id(
    portal: Portal, ranked: httpx.AsyncClient, mike: httpx.AsyncClient, nina: httpx.AsyncClient
) -> None:
    everyone = [mike, nina, *[await portal.signed_in(name) for name in ("sara", "admin")]]
    before = [[await browser.get(url) for url in READS] for browser in everyone]
    assert "Alex" in before[0][0].text
    await hide(ranked)
    for browser, earlier in zip(everyone, before, strict=True):
        for url, known in zip(READS, earlier, strict=True):
            answer = await browser.get(url)
            assert "alex" not in answer.text.lower(), url
            if url.startswith("/api/"):
                assert numbers(answer) == numbers(known), url
    rows = (await mike.get("/api/leaderboard")).json()["rows"]
    assert [(row["id"], row["name"], row["team"]) for row in rows] == [
        (None, "A colleague", None),
        ("mike", "Mike Brown", "Alpha"),
    ]
    kpis = (await mike.get("/api/dashboard/kpis")).json()
    assert (
        [row["id"] for row in kpis["top10"]]
        == [None, "mike"]
        == [row["id"] for row in kpis["around"]]
    )
    assert "16 points to pass a colleague." in Page(await mike.get("/dashboard")).text
    shown = Page(await mike.get("/leaderboard"))
    assert "16 points to pass a colleague." in shown.text
    assert "1 A colleague 1 +30 30 2 Mike Brown you Alpha" in shown.text
    assert "“A colleague” is somebody who does not show their name here." in shown.text


async def test_oneself_is_named_with_a_note(ranked: httpx.AsyncClient) -> None:
    saved = await hide(ranked)
    assert "Saved. Others see you as “A colleague”." in saved.text
    found = (await ranked.get("/api/leaderboard")).json()
    assert found["me"]["id"] == found["rows"][0]["id"] == "alex"
    assert (await ranked.get("/api/dashboard/kpis")).json()["top10"][0]["id"] == "alex"
    shown = Page(await ranked.get("/leaderboard"))
    assert "1 Alex Johnson you Alpha" in shown.text
    assert "Others see “A colleague” instead of your name." in shown.text


async def test_and_back(ranked: httpx.AsyncClient, mike: httpx.AsyncClient) -> None:
    page = await hide(ranked)
    form = page.form("/account/leaderboard")
    assert form.fields == {}
    answer = await send(ranked, form, listed="true")
    assert "Your name is shown on the leaderboard." in Page(answer).text
    assert (await mike.get("/api/leaderboard")).json()["rows"][0]["id"] == "alex"
    assert "instead of your name" not in Page(await ranked.get("/leaderboard")).text
