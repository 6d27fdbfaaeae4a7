"""Answers for platforms: alive, ready, started. Liveness never touches the database."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from litestar import Request, Response, get

from portal.db import sql
from portal.web.lifecycle import Lifecycle

READY_SECONDS = 1.5


def timestamp() -> str:
    """Returns the present in the form `2026-02-24T12:00:00.000Z`."""
    now = datetime.now(UTC)
    return now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z"


def _probe(status: str, code: int, **more: Any) -> Response[dict[str, Any]]:
    return Response(
        {"status": status, "timestamp": timestamp(), **more},
        status_code=code,
        headers={"cache-control": "no-store"},
    )


@get(
    ["/api/health", "/health/live"],
    opt={"who": "public"},
    summary="Liveness: the process answers",
)
async def live() -> Response[dict[str, Any]]:
    return _probe("ok", 200)


async def _database_answers() -> bool:
    """Returns whether the database answers in time. A pool that is exhausted is not unready: all
    replicas would be at once, and nobody would be left to serve what is waiting."""
    try:
        async with asyncio.timeout(READY_SECONDS):
            return await sql.engine().answers()
    except TimeoutError:
        return False


@get("/health/ready", opt={"who": "public"}, summary="Readiness: requests can be served")
async def ready(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    lifecycle: Lifecycle = request.app.state.lifecycle
    checks = {"release": "ok" if lifecycle.ready else lifecycle.phase, "database": "ok"}
    if lifecycle.stopping:
        checks["release"] = "stopping"
    if not await _database_answers():
        checks["database"] = "unreachable"
    if all(result == "ok" for result in checks.values()):
        return _probe("ready", 200)
    response = _probe("not ready", 503, checks=checks)
    response.headers["retry-after"] = "2"
    return response


@get("/health/startup", opt={"who": "public"}, summary="Startup: the schema is at head")
async def startup(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    lifecycle: Lifecycle = request.app.state.lifecycle
    if lifecycle.at_head:
        return _probe("started", 200)
    response = _probe("starting", 503, checks={"release": lifecycle.phase})
    response.headers["retry-after"] = "2"
    return response
