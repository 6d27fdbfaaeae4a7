"""What an operator reads of slow queries and of requests that ended badly."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import httpx
import pytest
from litestar.types import Receive, Scope, Send

from portal.db import connections, sql
from portal.web.lifecycle import Lifecycle
from portal.web.middleware import Envelope
from tests.support import Database, Portal
from tests.web.portals import logged, opened


def context_of(line: str) -> dict[str, Any]:
    context: dict[str, Any] = json.loads("{" + line.partition(" {")[2])
    return context


async def test_a_slow_query_is_a_warning_with_its_route_and_without_arguments(
    portal: Portal, alex: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner = await portal.database.value("SELECT id FROM app_user WHERE external_id = 'alex'")
    monkeypatch.setattr(connections, "SLOW_SECONDS", 0.0)
    with logged(logging.WARNING) as lines:
        await alex.get("/api/progress?secret=s3cret", headers={"x-request-id": "the-number"})
    assert len(lines) == 2  # the session's statement and the page's
    for line in lines:
        assert line.startswith("[db/engine] slow query {")
        context = context_of(line)
        assert context["route"] == "/api/progress"
        assert context["requestId"] == "the-number"
        assert isinstance(context["ms"], int)
        assert 20 < len(context["statement"]) <= 200
        assert "  " not in context["statement"]
    for personal in (str(learner), "alex", "s3cret", alex.cookies["sid"]):
        assert personal not in "".join(lines)


async def test_a_slow_query_is_silent_in_production(
    alex: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "SLOW_SECONDS", 0.0)
    with logged(logging.ERROR) as lines:
        await alex.get("/api/progress")
    assert lines == []


async def test_waiting_for_a_connection_is_no_slow_query(database: Database) -> None:
    async with opened(database, db_pool_size=1) as portal:
        browser = await portal.signed_in("alex")
        connection = await sql.engine().pool.acquire()
        with logged(logging.WARNING) as lines:
            asked = asyncio.create_task(browser.get("/api/progress"))
            done, _ = await asyncio.wait({asked}, timeout=connections.SLOW_SECONDS + 0.05)
            assert not done
            await sql.engine().pool.release(connection)
            assert (await asked).status_code == 200
    assert lines == []


class Broken:
    """An application in place of ours that leaves a request without an answer."""

    def __init__(self, error: BaseException, *, answered: bool) -> None:
        self.error = error
        self.answered = answered

    async def __call__(self, _: Scope, __: Receive, send: Send) -> None:
        if self.answered:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        raise self.error


async def ask(
    app: Envelope, path: str, sent: list[Any], *, method: str = "GET", kind: str = ""
) -> None:
    """Append to `sent` what the application sends to a visitor who has left, or is about to."""

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = {"host": "localhost", "content-length": "500", "content-type": kind} if kind else {}
    scope: Any = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "scheme": "http",
        "server": ("localhost", 3000),
        "client": ("127.0.0.1", 1),
        "extensions": {},
        "state": {},
    }
    await app(scope, receive, send)


@pytest.fixture
def observed() -> list[tuple[str, str, int]]:
    return []


def enveloped(portal: Portal, inner: Broken, observed: list[tuple[str, str, int]]) -> Envelope:
    def observe(method: str, route: str, status: int, _: float) -> None:
        observed.append((method, route, status))

    lifecycle = Lifecycle(ready=True, at_head=True)
    return Envelope(inner, portal.app.settings, lifecycle, observe)


async def test_what_even_the_answer_for_a_bug_breaks_on_is_logged_and_answered(
    portal: Portal, observed: list[tuple[str, str, int]]
) -> None:
    sent: list[Any] = []
    app = enveloped(portal, Broken(ValueError("hunter2"), answered=False), observed)
    with logged() as lines:
        await ask(app, "/api/path", sent)
        await ask(app, "/path", sent)
    start, body, page, _ = sent
    number = dict(start["headers"])[b"x-request-id"].decode()
    assert (start["status"], json.loads(body["body"])) == (
        500,
        {"error": "Internal server error", "requestId": number},
    )
    assert page["status"] == 500
    assert observed == [("GET", "none", 500)] * 2
    assert [line.partition(" {")[0] for line in lines] == ["[http/answer] ValueError"] * 2
    assert context_of(lines[0])["requestId"] == number
    assert "hunter2" not in "".join(lines) + body["body"].decode()


async def test_a_request_that_is_cut_off_is_told_to_come_back(
    portal: Portal, observed: list[tuple[str, str, int]]
) -> None:
    sent: list[Any] = []
    app = enveloped(portal, Broken(asyncio.CancelledError(), answered=False), observed)
    with logged() as lines:
        with pytest.raises(asyncio.CancelledError):
            await ask(app, "/api/path", sent)
        app = enveloped(portal, Broken(asyncio.CancelledError(), answered=True), observed)
        with pytest.raises(asyncio.CancelledError):
            await ask(app, "/api/path", sent)
    assert sent[0]["status"] == 503
    assert (b"retry-after", b"5") in sent[0]["headers"]
    assert observed == [("GET", "none", 503), ("GET", "none", 200)]
    assert [line.partition(" {")[0] for line in lines] == ["[serve/stop] a request was cut off"] * 2


async def test_a_visitor_who_leaves_is_no_bug_of_ours(portal: Portal) -> None:
    """The body ends before it is complete: nobody is there to read the answer."""
    for path, kind in (
        ("/api/auth/login", "application/json"),
        ("/login", "application/x-www-form-urlencoded"),
    ):
        sent: list[Any] = []
        with logged() as lines:
            await ask(portal.app, path, sent, method="POST", kind=kind)
        assert sent[0]["status"] == 400, path
        assert lines == []
