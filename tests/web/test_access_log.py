"""The access line: one per request when it is asked for, without what a query may hold."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import httpx
import pytest
from web.portals import logged

ACCESS = logging.getLogger("http/access")


@pytest.fixture
def access_log() -> Iterator[None]:
    before = ACCESS.disabled, ACCESS.level
    ACCESS.disabled = False
    ACCESS.setLevel(logging.INFO)
    yield
    ACCESS.disabled = before[0]
    ACCESS.setLevel(before[1])


async def test_a_request_is_one_line(access_log: None, alice: httpx.AsyncClient) -> None:
    with logged(logging.INFO) as lines:
        await alice.get("/path?secret=yes", headers={"x-request-id": "the-number"})
        await alice.head("/no/such/page%0Aforged")
        await alice.post("/logout", headers={"origin": "https://evil.example"})
    assert [line.partition(" {")[0] for line in lines] == [
        "[http/access] GET /path 200",
        "[http/access] HEAD /no/such/page forged 404",
        "[http/access] POST /logout 403",
    ]
    assert '"requestId":"the-number"' in lines[0]
    assert '"ms":' in lines[0]
    assert "secret" not in "".join(lines)
    assert alice.cookies["sid"] not in "".join(lines)


async def test_it_is_silent_otherwise(alice: httpx.AsyncClient) -> None:
    ACCESS.disabled = True
    with logged(logging.INFO) as lines:
        await alice.get("/path")
    assert lines == []
