"""Writes that a browser sends on behalf of another site are refused."""

from __future__ import annotations

import httpx
import pytest

from portal.config.settings import PublicUrl
from tests.support import Database, Portal
from tests.web.portals import opened

HOST = "http://localhost:3000"
PUBLIC = PublicUrl("https", "learn.example.com")

# headers → allowed, on http://localhost:3000 without PUBLIC_URL
PLAIN: list[tuple[dict[str, str], bool]] = [
    ({}, True),
    ({"sec-fetch-site": "same-origin"}, True),
    ({"sec-fetch-site": "none"}, True),
    ({"sec-fetch-site": "same-site"}, False),
    ({"sec-fetch-site": "cross-site"}, False),
    ({"sec-fetch-site": "something-new"}, False),
    ({"sec-fetch-site": ""}, False),
    # Sec-Fetch-Site decides when it is there
    ({"sec-fetch-site": "same-origin", "origin": "https://evil.example"}, True),
    ({"sec-fetch-site": "cross-site", "origin": HOST}, False),
    ({"origin": HOST}, True),
    ({"origin": "HTTP://LOCALHOST:3000"}, True),
    ({"origin": "http://localhost:3001"}, False),
    ({"origin": "http://localhost"}, False),
    ({"origin": "http://localhost:3000.evil.example"}, False),
    ({"origin": "http://evil.example/localhost:3000"}, False),
    ({"origin": "https://evil.example"}, False),
    ({"origin": "null"}, False),
    ({"origin": ""}, False),
    ({"origin": "http://[broken"}, False),
    # the referrer proves nothing either way
    ({"referer": "https://evil.example/"}, True),
]
# headers → allowed, with PUBLIC_URL=https://learn.example.com behind a proxy that keeps the Host
PUBLISHED: list[tuple[dict[str, str], bool]] = [
    ({"origin": "https://learn.example.com"}, True),
    ({"origin": "https://LEARN.example.com"}, True),
    ({"origin": "http://learn.example.com"}, False),
    ({"origin": "https://learn.example.com.evil.example"}, False),
    ({"origin": "https://evil-learn.example.com"}, False),
    ({"origin": "https://example.com"}, False),
    ({"origin": "http://portal.internal:3000"}, True),
    ({"origin": "null"}, False),
]


async def test_writes_are_judged_by_fetch_site_then_by_origin(visitor: httpx.AsyncClient) -> None:
    for headers, allowed in PLAIN:
        answer = await visitor.post("/api/auth/logout", headers=headers)
        assert answer.status_code == (200 if allowed else 403), headers


async def test_the_public_address_is_an_own_address_too(database: Database) -> None:
    async with opened(database, public_url=PUBLIC) as portal:
        browser = portal.browser(base_url="http://portal.internal:3000")
        for headers, allowed in PUBLISHED:
            answer = await browser.post("/api/auth/logout", headers=headers)
            assert answer.status_code == (200 if allowed else 403), headers


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "FROBNICATE"])
async def test_every_method_that_may_change_something_is_judged(
    visitor: httpx.AsyncClient, method: str
) -> None:
    answer = await visitor.request(method, "/api/path", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403


async def test_reading_from_another_site_is_allowed(alex: httpx.AsyncClient) -> None:
    headers = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    for path in ("/dashboard", "/api/path"):
        assert (await alex.get(path, headers=headers)).status_code == 200
        assert (await alex.head(path, headers=headers)).status_code == 200


async def test_a_refused_write_changes_nothing_and_says_why(alex: httpx.AsyncClient) -> None:
    foreign = {"sec-fetch-site": "cross-site"}
    video = "introduction-to-ai-fluency"
    answer = await alex.post(
        "/api/progress", json={"videoId": video, "done": True}, headers=foreign
    )
    assert answer.json() == {"error": "This request came from another site and was refused."}
    answer = await alex.post(f"/video/{video}/done", data={"done": "true"}, headers=foreign)
    assert answer.status_code == 403
    assert "another site" in answer.text
    assert (await alex.post("/logout", headers=foreign)).status_code == 403
    assert (await alex.get("/api/progress")).json() == {"videos": {}}


async def test_another_site_cannot_sign_a_browser_in(portal: Portal) -> None:
    browser = portal.browser()
    answer = await browser.post(
        "/api/auth/login",
        json={"username": "alex", "password": "claude123"},
        headers={"origin": "https://evil.example"},
    )
    assert answer.status_code == 403
    assert "sid" not in browser.cookies


@pytest.mark.parametrize(
    "lines",
    [
        [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-origin")],
        [("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
        [("origin", "https://evil.example"), ("origin", HOST)],
        [("origin", HOST), ("origin", "https://evil.example")],
    ],
)
async def test_a_second_line_does_not_speak_for_the_first(
    visitor: httpx.AsyncClient, lines: list[tuple[str, str]]
) -> None:
    assert (await visitor.post("/api/auth/logout", headers=lines)).status_code == 403
