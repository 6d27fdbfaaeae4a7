"""The access line: one per request when it is asked for, without what a query may hold."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support import QUIZ
from tests.web.portals import logged

ACCESS = logging.getLogger("http/access")


@pytest.fixture
def access_log() -> Iterator[None]:
    before = ACCESS.disabled, ACCESS.level
    ACCESS.disabled = False
    ACCESS.setLevel(logging.INFO)
    yield
    ACCESS.disabled = before[0]
    ACCESS.setLevel(before[1])


def parts(line: str) -> tuple[str, dict[str, Any]]:
    """Returns what stands before the context, and the context."""
    text, _, context = line.partition(" {")
    return text, json.loads("{" + context)


async def test_a_request_is_one_line(access_log: None, alex: httpx.AsyncClient) -> None:
    with logged(logging.INFO) as lines:
        page = await alex.get("/path?secret=yes", headers={"x-request-id": "the-number"})
        await alex.head("/step/1")
        await alex.post("/logout", headers={"origin": "https://evil.example"})
    (get, first), (head, second), (post, third) = map(parts, lines)
    assert get == "[http/access] GET /path"
    assert first.pop("ms") > 0
    assert first == {
        "status": 200,
        "bytes": len(page.content),
        "route": "/path",
        "requestId": "the-number",
    }
    assert (head, second["status"], second["bytes"]) == (
        "[http/access] HEAD /step/{step_id}",
        200,
        0,
    )
    assert (post, third["status"]) == ("[http/access] POST none", 403)
    assert len({first["requestId"], second["requestId"], third["requestId"]}) == 3


async def test_it_tells_the_route_and_never_the_address(
    access_log: None, alex: httpx.AsyncClient
) -> None:
    with logged(logging.INFO) as lines:
        await alex.get(f"/video/{QUIZ}?q=1")
        await alex.get("/reset/alex@example.com%0A[db/engine] forged?token=s3cret")
        await alex.get("/dashboard", headers={"x-request-id": "alex@example.com [forged]"})
    assert [parts(line)[0] for line in lines] == [
        "[http/access] GET /video/{video_id}",
        "[http/access] GET none",
        "[http/access] GET /dashboard",
    ]
    for personal in (QUIZ, "alex", "s3cret", "forged", "q=1", alex.cookies["sid"]):
        assert personal not in "".join(lines)


async def test_the_number_of_a_request_comes_from_the_platform_when_it_is_one(
    alex: httpx.AsyncClient,
) -> None:
    for given, kept in (
        ("0af7651916cd43dd8448eb211c80319c", True),
        ("Root.1-67891233_abcdef", True),
        ("short", False),
        ("x" * 65, False),
        ("with space", False),
        ("a,b,c,d,e,f", False),
        ("<script>alert", False),
    ):
        answer = await alex.get("/api/health", headers={"x-request-id": given})
        assert (answer.headers["x-request-id"] == given) is kept, given
        assert re.fullmatch(r"[A-Za-z0-9._-]{8,64}", answer.headers["x-request-id"])


async def test_it_is_silent_otherwise(alex: httpx.AsyncClient) -> None:
    ACCESS.disabled = True
    with logged(logging.INFO) as lines:
        await alex.get("/path")
    assert lines == []
