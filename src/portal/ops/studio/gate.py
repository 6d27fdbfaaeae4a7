"""Which requests reach Piccolo Admin. Needs Starlette, which comes along with it."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount

from portal.db import sql
from portal.errors import PortalError

# Piccolo Admin's own sign-in, which has no people here, and uploads.
_CLOSED = ("public/login", "public/logout", "api/change-password", "api/media", "api/docs")
_READING = ("GET", "HEAD")
_HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "content-security-policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
        " frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
}


def guarded(admin: Any, *, key: str, hosts: Collection[str]) -> Starlette:
    """Returns `admin` below the path `/key/`, as an ASGI application.

    It lets requests in that know the key, were made for one of these hosts (`name:port`), and were
    not made by the page of another site. A change is committed before it is answered, together with
    its audit event.
    """

    async def gate(request: Request, admit: Callable[[Request], Awaitable[Response]]) -> Response:
        response = _refusal(request, key, hosts) or await _answer_to(request, admit)
        response.headers.update(_HEADERS)
        return response

    return Starlette(
        routes=[Mount(f"/{key}", app=admin)],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=gate)],
    )


def _refusal(request: Request, key: str, hosts: Collection[str]) -> Response | None:
    host = request.headers.get("host", "")
    if host not in hosts:  # a name of somebody else's that leads here: DNS rebinding
        return _sentence(421, "Studio answers at 127.0.0.1 and localhost only.")
    given, _, path = request.scope["path"].removeprefix("/").partition("/")
    if not hmac.compare_digest(given.encode(), key.encode()):
        return _sentence(401, "Open the address that portal studio printed when it started.")
    if path.startswith(_CLOSED):
        return _sentence(404, "Not part of studio.")
    if request.method not in _READING:
        origin = request.headers.get("origin", f"http://{host}")
        site = request.headers.get("sec-fetch-site", "same-origin")
        if origin != f"http://{host}" or site not in ("same-origin", "none"):
            return _sentence(403, "Another page sent this.")
    return None


async def _answer_to(request: Request, admit: Callable[[Request], Awaitable[Response]]) -> Response:
    try:
        if request.method in _READING:
            return await admit(request)
        async with sql.transaction() as transaction:
            response = await admit(request)
            if response.status_code >= 400:
                await transaction.rollback()
        return response
    except PortalError as error:
        return _sentence(503, error.sentence)
    except Exception as error:  # noqa: BLE001 - Piccolo Admin passes on what was refused
        return _sentence(500, f"That did not work ({type(error).__name__}).")


def _sentence(status: int, sentence: str) -> Response:
    return JSONResponse({"detail": sentence}, status)
