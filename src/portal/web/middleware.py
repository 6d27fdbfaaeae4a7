"""The outermost ASGI layer: what is true for every request, whatever its route."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import msgspec
from litestar.enums import ScopeType
from litestar.types import (
    ASGIApp,
    HTTPReceiveMessage,
    Message,
    Receive,
    Scope,
    Send,
    WebSocketReceiveMessage,
)

from portal.config.settings import Settings
from portal.db.deadline import request_deadline
from portal.errors import Invalid
from portal.web import log
from portal.web.bounds import excess
from portal.web.client_address import browser_side
from portal.web.csrf import is_foreign_write
from portal.web.lifecycle import Lifecycle
from portal.web.trace_context import trace_id_of

if TYPE_CHECKING:
    from portal.web.tracing import Tracing

access_log = logging.getLogger("http/access")

# method, route template, status, seconds
Observe: TypeAlias = Callable[[str, str, int, float], None]

PROBES = frozenset({"/api/health", "/health/live", "/health/ready", "/health/startup", "/metrics"})
EMBEDS = "https://www.youtube-nocookie.com https://player.vimeo.com"
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "media-src 'self'",
        "manifest-src 'self'",
        f"frame-src {EMBEDS}",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
SECURITY_HEADERS = tuple(
    (name.encode(), value.encode())
    for name, value in {
        "content-security-policy": CONTENT_SECURITY_POLICY,
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "strict-origin-when-cross-origin",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "x-robots-tag": "noindex, nofollow",
    }.items()
)
_HSTS = (b"strict-transport-security", b"max-age=31536000")
_NO_STORE = (b"cache-control", b"private, no-store")
BODILESS = frozenset({204, 304})
_OF_BODY = frozenset({b"content-length", b"transfer-encoding"})
STARTING = "The portal is starting. Try again in a few seconds."
STOPPING = "The portal is stopping. Try again in a few seconds."
FOREIGN = "This request came from another site and was refused."
BROKEN = "Internal server error"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class _Sender:
    """Sends an answer with the headers that belong on every one, and knows what was sent.

    An answer without a body ends at its headers: a film is not read to its end for a HEAD."""

    def __init__(self, send: Send, request_id: str, *, https: bool, head: bool) -> None:
        self.send = send
        self.request_id = request_id
        self.https = https
        self.bodiless = head
        self.status = 0
        self.size = 0
        self.complete = False

    async def __call__(self, message: Message) -> None:
        if self.complete:
            return
        if message["type"] == "http.response.start":
            self.status = message["status"]
            sent = list(message.get("headers", ()))
            if self.status in BODILESS:
                self.bodiless = True
                sent = [header for header in sent if header[0].lower() not in _OF_BODY]
            names = {name.lower() for name, _ in sent}
            sent.extend(header for header in SECURITY_HEADERS if header[0] not in names)
            if b"cache-control" not in names:
                sent.append(_NO_STORE)
            if self.https:
                sent.append(_HSTS)
            sent.append((b"x-request-id", self.request_id.encode()))
            message = {**message, "headers": sent}
        elif message["type"] == "http.response.body":
            if self.bodiless:
                message = {**message, "body": b"", "more_body": False}
            self.size += len(message["body"])
            self.complete = not message.get("more_body", False)
        await self.send(message)


class Envelope:
    """Wraps the Litestar application.

    Gives each request an id, refuses writes from other sites, answers 503 until the release is done
    (except for the probes), answers HEAD wherever GET is answered, adds the security headers, keeps
    every answer out of shared caches unless its handler says otherwise, and writes the access line.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        lifecycle: Lifecycle,
        observe: Observe,
        tracing: Tracing | None = None,
    ) -> None:
        self.app = app
        self.settings = settings
        self.lifecycle = lifecycle
        self.observe = observe
        self.tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        headers = _headers_of(scope)
        request_id = headers.get("x-request-id", "")
        if not _REQUEST_ID.fullmatch(request_id):
            request_id = secrets.token_hex(6)
        log.request_id.set(request_id)
        log.trace_id.set(trace_id_of(headers.get("traceparent", "")))
        method, path = scope["method"], scope["path"]
        # The server goes by its own scope when it sends: a HEAD must stay one there.
        scope = {**scope, "method": "GET" if method == "HEAD" else method}
        log.scope.set(scope)
        side = browser_side(scope, headers, self.settings.trusted_proxies, self.settings.public_url)
        sender = _Sender(send, request_id, https=side == "https", head=method == "HEAD")
        # of a HEAD nobody reads the body
        scope["state"] = {**scope.get("state", {}), "head": method == "HEAD"}
        refusal = self._refusal(scope, method, headers)
        with contextlib.ExitStack() as stack:
            note = None
            if self.tracing is not None and path not in PROBES:
                note = stack.enter_context(self.tracing.request(method, headers))
            try:
                if refusal is None:
                    await self._application(scope, receive, sender)
                else:
                    await _send_plainly(sender, *refusal, as_json=path.startswith("/api/"))
            finally:
                route, seconds = log.route_of(scope), time.perf_counter() - started
                self.observe(method, route, sender.status, seconds)
                if note is not None:
                    note(route, sender.status)
                if not access_log.disabled:
                    context = {
                        "status": sender.status,
                        "ms": round(seconds * 1000, 1),
                        "bytes": sender.size,
                    }
                    access_log.info("%s %s", method, route, extra={"context": context})

    async def _application(self, scope: Scope, receive: Receive, sender: _Sender) -> None:
        """Let the application answer; what it leaves without an answer gets one here."""
        as_json = scope["path"].startswith("/api/")

        async def receive_all() -> HTTPReceiveMessage | WebSocketReceiveMessage:
            message = await receive()
            if message["type"] == "http.disconnect" and not sender.status:
                raise Invalid("The request ended early.")  # theirs; Litestar would make it a 500
            return message

        try:
            with request_deadline():
                await self.app(scope, receive_all, sender)
        except asyncio.CancelledError:
            logging.getLogger("serve/stop").error("a request was cut off")
            if not sender.status:
                await _send_plainly(sender, 503, STOPPING, as_json=as_json)
            raise
        except Exception as error:  # noqa: BLE001 - the last place that can say it
            # not even the answer for a bug could be made
            place = logging.getLogger("http/answer")
            place.error("%s", type(error).__name__, exc_info=error)
            if not sender.status:
                await _send_plainly(sender, 500, BROKEN, as_json=as_json)

    def _refusal(
        self, scope: Scope, method: str, headers: dict[str, str]
    ) -> tuple[int, str] | None:
        if scope["path"] not in PROBES:
            if not self.lifecycle.ready:
                return 503, STARTING
            if sentence := excess(scope, headers):
                return 400, sentence
        if is_foreign_write(method, headers, self.settings.public_url):
            return 403, FOREIGN
        return None


def _headers_of(scope: Scope) -> dict[str, str]:
    """Returns the headers by name. Several lines of one name are a list, and mean the same as one
    line with commas; where a list has no meaning, it is none of the values that are let through."""
    headers: dict[str, str] = {}
    for key, value in scope["headers"]:
        name, text = key.decode("latin-1"), value.decode("latin-1")
        headers[name] = f"{headers[name]},{text}" if name in headers else text
    return headers


async def _send_plainly(send: Send, status: int, sentence: str, *, as_json: bool) -> None:
    """Answer without the application, which may not be able to."""
    if as_json:
        content = {"error": sentence}
        if status == 500:
            content["requestId"] = log.request_id.get()
        body, kind = msgspec.json.encode(content), b"application/json"
    else:
        body, kind = sentence.encode(), b"text/plain; charset=utf-8"
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    if status == 503:
        headers.append((b"retry-after", b"5"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
