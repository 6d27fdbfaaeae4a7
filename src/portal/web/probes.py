"""Answers for platforms: alive, ready, started. Liveness never touches the database."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from litestar import Response, get

from portal import clock
from portal.db import sql
from portal.db.engine import Engine
from portal.db.read_only import State
from portal.web.lifecycle import Lifecycle
from portal.web.site import Req, site

READY_SECONDS = 1.5
UNREACHABLE = "unreachable"


def timestamp() -> str:
    """Returns the present in the form `2026-02-24T12:00:00.000Z`."""
    now = clock.now()
    return now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z"


def _probe(status: str, code: int, **more: Any) -> Response[dict[str, Any]]:
    return Response(
        {"status": status, "timestamp": timestamp(), **more},
        status_code=code,
        headers={"cache-control": "no-store"},
    )


@get(
    ["/api/health", "/health/live"],
    opt={"who": "public", "probe": True},
    summary="Liveness: the process answers",
)
async def live() -> Response[dict[str, Any]]:
    return _probe("ok", 200)


async def _database() -> State | None:
    """Returns what the database says about itself, or None when it does not answer in time. An
    exhausted pool is no reason to be unready: all replicas would be so at once, and nobody would be
    left to serve those who are waiting."""
    try:
        async with asyncio.timeout(READY_SECONDS):
            return await sql.engine().examine(sql.table_names())
    except TimeoutError:
        return None


def _schema_status(state: State) -> str:
    """Returns whether requests find their tables; the log names the one that they do not find."""
    if state.missing is not None:
        return "table missing"
    return "no right to read" if state.closed is not None else "ok"


async def look(lifecycle: Lifecycle) -> State | None:
    """Ask the database, note in `lifecycle` whether requests can be served with it, and return what
    it says of itself; None when it does not answer."""
    state = await _database()
    if state is None:
        lifecycle.unfit = UNREACHABLE
    elif lifecycle.at_head and (schema := _schema_status(state)) != "ok":
        lifecycle.unfit = schema
    else:
        lifecycle.unfit = ""
    lifecycle.looked_at = time.monotonic()
    return state


def is_known_ready(lifecycle: Lifecycle, engine: Engine) -> bool:
    """Returns what `/health/ready` would say, as far as it is known without asking the database:
    from the last time that somebody looked, and from what has become of statements since."""
    if not lifecycle.ready or lifecycle.stopping or engine.pool.away:
        return False
    if lifecycle.unfit == UNREACHABLE:
        return engine.pool.succeeded_at > lifecycle.looked_at
    return not lifecycle.unfit


def look_again(lifecycle: Lifecycle, engine: Engine) -> None:
    """Once the database was found wanting, look at it in the background: where nobody else asks,
    its return would not be seen."""
    if lifecycle.ready and not lifecycle.stopping and not is_known_ready(lifecycle, engine):

        async def looked() -> None:
            await look(lifecycle)

        engine.pool.background.spawn(looked())


@get(
    "/health/ready",
    opt={"who": "public", "probe": True, "unready": True},
    summary="Readiness: requests can be served",
)
async def ready(request: Req) -> Response[dict[str, Any]]:
    """A database that takes no writes is reported, and is no reason to be unready: reads go on."""
    lifecycle = site(request).lifecycle
    checks = {"release": "ok" if lifecycle.ready else lifecycle.phase, "database": "ok"}
    if lifecycle.stopping:
        checks["release"] = "stopping"
    state = await look(lifecycle)
    if lifecycle.unfit:
        checks["database" if state is None else "schema"] = lifecycle.unfit
    if all(result == "ok" for result in checks.values()):
        if state is not None and (state.read_only or sql.engine().pool.writes.read_only):
            return _probe("ready", 200, checks={**checks, "write": "read-only"})
        return _probe("ready", 200)
    response = _probe("not ready", 503, checks=checks)
    response.headers["retry-after"] = "2"
    return response


@get(
    "/health/startup",
    opt={"who": "public", "probe": True, "unready": True},
    summary="Startup: the schema is at head",
)
async def startup(request: Req) -> Response[dict[str, Any]]:
    lifecycle = site(request).lifecycle
    if lifecycle.at_head:
        return _probe("started", 200)
    response = _probe("starting", 503, checks={"release": lifecycle.phase})
    response.headers["retry-after"] = "2"
    return response
