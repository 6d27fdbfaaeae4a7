"""What the application serves with: made once, in `app.site_for`, and found from every request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection

from portal.config.settings import Settings
from portal.web.actor import Actor
from portal.web.client_address import Side, browser_side
from portal.web.lifecycle import Lifecycle

AnyConnection: TypeAlias = ASGIConnection[Any, Any, Any, Any]
Req: TypeAlias = Request[Any, Any, Any]


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """Settings, state and course, and the functions of packages that stand above `web`."""

    settings: Settings
    lifecycle: Lifecycle
    course: Any  # the type is above, too: `learning.site.course_of` returns the course with it
    render: Callable[..., str]  # template, its context → HTML
    metrics: Callable[[], bytes]
    load_actor: Callable[[bytes, str], Awaitable[Actor | None]]  # hash of the token, default zone
    score_of: Callable[[Actor], Awaitable[int]]
    label_of: Callable[[Any, str], str | None]  # course, path → what is shown there


def site(connection: AnyConnection) -> Site:
    """Returns what the application that got this request serves with."""
    found: Site = connection.app.state.site
    return found


def side_of(request: Req) -> Side:
    """Returns what the browser's side of the connection is; see `browser_side`."""
    settings = site(request).settings
    return browser_side(
        request.scope, request.headers, settings.trusted_proxies, settings.public_url
    )
