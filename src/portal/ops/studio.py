"""`portal studio`: Piccolo Admin over all tables, for one person at this machine.

It listens on 127.0.0.1 only, which every program and every web page here can reach as well. So the
address itself is the key: its first part is a secret that changes with each start. Unlike a cookie
it is never sent along by a browser on its own, to no other port and from no other page.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import secrets
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from portal.config.settings import Settings
from portal.db import schema, sql
from portal.db.connect import connection_to
from portal.db.engine import Engine
from portal.errors import CommandFailed, PortalError
from portal.tables import TABLES

if TYPE_CHECKING:
    from portal.config.dsn import Dsn

HOST = "127.0.0.1"
PORT = 5555
MISSING = (
    "Piccolo Admin is not installed: pip install 'piccolo-admin>=1.14,<2',"
    " or uv pip install the same."
)
# Piccolo Admin's own sign-in, which has no people here, and uploads.
_CLOSED = ("/public/login", "/public/logout", "/api/change-password", "/api/media", "/api/docs")
_READING = ("GET", "HEAD")
_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (
        b"content-security-policy",
        b"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
        b" frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    ),
)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def studio(settings: Settings, say: Callable[[str], None]) -> int:
    """Serve until a signal; returns 0.

    Raises `CommandFailed` when Piccolo Admin is missing, there is no direct DSN, the database
    cannot be reached or is behind, or the port is taken.
    """
    dsn = settings.require_direct()
    try:
        from portal.ops.studio_tables import admin
    except ImportError:
        raise CommandFailed(MISSING) from None
    import uvicorn

    asyncio.run(_look(dsn))
    listener = _listen()
    sql.bind(Engine(dsn, pool_size=3), TABLES)
    key = secrets.token_urlsafe(32)
    say(f"Studio: http://{HOST}:{PORT}/{key}/")
    say("Only this address opens it. Scores, attempts and the audit are for reading. Ctrl-C ends.")
    logging.disable()  # Piccolo Admin logs the database's messages, which quote what was typed
    config = uvicorn.Config(
        Gate(admin(TABLES), key=key, port=PORT),
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
    uvicorn.Server(config).run(sockets=[listener])
    return 0


async def _look(dsn: Dsn) -> None:
    async with connection_to(dsn) as connection:
        (await schema.migration_status(connection.fetch)).require_head()


def _listen() -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, PORT))
        listener.listen()
    except OSError:
        listener.close()
        raise CommandFailed(
            f"Port {PORT} on {HOST}: another process listens there, perhaps another studio. End it."
        ) from None
    return listener


class Gate:
    """Lets requests in that know the key, were made for this host, and were not made by the page of
    another site. Each one is a transaction: a change and its audit event, or neither."""

    def __init__(self, admin: App, *, key: str, port: int) -> None:
        self._admin = admin
        self._key = key
        self._hosts = {f"{HOST}:{port}", f"localhost:{port}"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _answer(send, *refusal)
            return
        root = f"/{self._key}"
        if scope["path"] == root:
            await _answer(send, 307, "", (b"location", f"{root}/".encode()))
            return
        held = await self._ask({**scope, "root_path": root}, receive)
        for message in held:
            await send(message)

    def _refusal(self, scope: Scope, headers: dict[bytes, str]) -> tuple[int, str] | None:
        host = headers.get(b"host", "")
        if host not in self._hosts:  # a name of somebody else's that leads here: DNS rebinding
            return 421, "Studio answers at 127.0.0.1 and localhost only."
        _, given, *rest = scope["path"].split("/", 2)
        if not hmac.compare_digest(given.encode(), self._key.encode()):
            return 401, "Open the address that portal studio printed when it started."
        path = f"/{rest[0]}" if rest else "/"
        if path.startswith(_CLOSED):
            return 404, "Not part of studio."
        if scope["method"] not in _READING:
            origin = headers.get(b"origin", f"http://{host}")
            site = headers.get(b"sec-fetch-site", "same-origin")
            if origin != f"http://{host}" or site not in ("same-origin", "none"):
                return 403, "Another page sent this."
        return None

    async def _ask(self, scope: Scope, receive: Receive) -> list[Message]:
        """Returns what Piccolo Admin answers, once it is committed."""
        held: list[Message] = []

        async def hold(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
            held.append(message)

        try:
            if scope["method"] in _READING:
                await self._admin(scope, receive, hold)
                return held
            async with sql.transaction() as transaction:
                await self._admin(scope, receive, hold)
                if held[0]["status"] >= 400:
                    await transaction.rollback()
            return held
        except PortalError as error:
            return _messages(503, error.sentence)
        except Exception as error:  # Piccolo Admin passes on what the database refused
            return _messages(500, f"That did not work ({type(error).__name__}).")


def _messages(status: int, sentence: str, *headers: tuple[bytes, bytes]) -> list[Message]:
    body = json.dumps({"detail": sentence}).encode()
    kind = (b"content-type", b"application/json")
    return [
        {"type": "http.response.start", "status": status, "headers": [kind, *headers, *_HEADERS]},
        {"type": "http.response.body", "body": body},
    ]


async def _answer(send: Send, status: int, sentence: str, *headers: tuple[bytes, bytes]) -> None:
    for message in _messages(status, sentence, *headers):
        await send(message)
