"""Portals with other settings, the routes that they have, and what they log."""

from __future__ import annotations

import io
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import msgspec
from litestar import Litestar

from portal.accounts import passwords
from portal.db import sql
from portal.web import log
from portal.web.assets import shipped
from portal.web.auth import who_may
from portal.web.lifecycle import Lifecycle
from portal.web.site import Site
from tests.support import QUIZ, Database, Portal, portal_on, settings_for

NOWHERE = "postgresql://portal:s3cret-word@127.0.0.1:1/portal"  # nothing listens on port 1
JSON = {"content-type": "application/json"}
OF_THE_TEST = ("httpx", "httpcore", "asyncio")  # loggers of the client and the loop
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Route(msgspec.Struct, frozen=True, order=True):
    """A route as the application declares it; `who` as in `opt`."""

    path: str
    method: str
    who: str


@asynccontextmanager
async def opened(
    database: Database | None,
    *,
    url: str = NOWHERE,
    lifecycle: Lifecycle | None = None,
    **changes: Any,
) -> AsyncIterator[Portal]:
    """A portal with changed settings, on the test's database or on an address. Not together with
    the `portal` fixture: a process has one engine."""
    settings = settings_for(database.url if database else url, **changes)
    app = portal_on(settings, lifecycle)
    portal = Portal(app, database)  # type: ignore[arg-type]
    try:
        yield portal
    finally:
        await portal.close()
        await sql.engine().close_connection_pool()
        passwords.close()


def litestar_of(portal: Portal) -> Litestar:
    app = portal.app.app
    assert isinstance(app, Litestar)
    return app


def site_of(portal: Portal) -> Site:
    site: Site = litestar_of(portal).state.site
    return site


def change_site(portal: Portal, **changes: Any) -> None:
    """Let the running portal serve with something else from here on."""
    litestar_of(portal).state.site = msgspec.structs.replace(site_of(portal), **changes)


def routes_of(portal: Portal) -> list[Route]:
    """Returns every route; OPTIONS, which Litestar adds to each, is left out."""
    return sorted(
        Route(route.path, method, who_may(handler))
        for route in litestar_of(portal).routes
        for handler in route.route_handlers  # type: ignore[union-attr]
        for method in handler.http_methods
        if method != "OPTIONS"
    )


def address(portal: Portal, path: str, *, step: str = "1", video: str = QUIZ) -> str:
    """Returns a real address of a route."""
    for placeholder, value in {
        "{release:str}": shipped().release,
        "/{name:path}": "/css/base.css",
        "{step_id:str}": step,
        "{video_id:str}": video,
        "{member_id:str}": "alex",
        "{path:str}": "anything",
    }.items():
        path = path.replace(placeholder, value)
    assert "{" not in path, f"tell address() what stands for the placeholder of {path}"
    return path


@contextmanager
def logged(level: int = logging.WARNING) -> Iterator[list[str]]:
    """The lines that an operator would read while the block runs, one entry per record."""
    lines: list[str] = []
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(log.TextFormatter())
    handler.setLevel(level)
    handler.emit = lambda record: lines.append(handler.format(record))  # type: ignore[method-assign]
    handler.addFilter(lambda record: not record.name.startswith(OF_THE_TEST))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(level)
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
