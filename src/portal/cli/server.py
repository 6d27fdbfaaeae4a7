"""`portal serve`: uvicorn from code, listening before anything else is ready."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Callable
from types import FrameType

# Piccolo depends on pydantic, nothing that serves requests uses it, and Litestar would import it
# when it can: 70 ms of every cold start. Migrations run in a process of their own, with it.
sys.modules.setdefault("pydantic", None)  # type: ignore[arg-type]
# The same for OpenTelemetry, where it is installed: what sends traces imports it itself.
sys.modules.setdefault("litestar.plugins.opentelemetry", None)  # type: ignore[arg-type]

import msgspec  # noqa: E402
import uvicorn  # noqa: E402

from portal import __version__  # noqa: E402
from portal.app import create_app  # noqa: E402
from portal.config.settings import Settings  # noqa: E402
from portal.errors import CommandFailed  # noqa: E402
from portal.serving import local  # noqa: E402
from portal.web import log  # noqa: E402
from portal.web.lifecycle import Lifecycle  # noqa: E402
from portal.web.listener import LIMITS, SWEEP_SECONDS, Limits, Listener  # noqa: E402

BACKLOG = 2048
TICKS_PER_SECOND = 10  # of uvicorn


class Server(uvicorn.Server):
    """Tells the probes as soon as a signal to stop has arrived, and lets the listener end what has
    waited for too long."""

    lifecycle: Lifecycle
    listener: Listener

    async def on_tick(self, counter: int) -> bool:
        if counter % int(TICKS_PER_SECOND * SWEEP_SECONDS) == 0:
            now = asyncio.get_running_loop().time()
            self.listener.sweep(self.server_state.connections, now)
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.lifecycle.stopping = True
        self.listener.lingers = sig != signal.SIGINT  # a person at a terminal waits for nothing
        super().handle_exit(sig, frame)


def listen(host: str, port: int, *, another: str = "set PORT") -> socket.socket:
    """Returns the listening socket; `CommandFailed` when the port is taken or not allowed, with
    `another` as what makes it another port."""
    try:
        listener = local.listening_socket(host, port, BACKLOG)
    except OSError as error:
        if isinstance(error, PermissionError):
            why = f"this user may not listen there. Use 1024 or more: {another}"
        elif error.errno in (98, 48):
            why = f"another process listens there. End it, or {another}"
        else:
            why = (error.strerror or "it cannot be used").lower()
        raise CommandFailed(f"Port {port} on {host}: {why}.") from None
    listener.set_inheritable(True)
    return listener


def serve(
    settings: Settings,
    *,
    on_ready: Callable[[], None] | None = None,
    limits: Limits = LIMITS,
    another_port: str = "set PORT",
) -> int:
    """Serve until a signal; returns the exit code, 1 when the release failed. `another_port` tells
    how the command takes another port."""
    log.configure(
        app_env=settings.app_env, log_format=settings.log_format, access_log=settings.access_log
    )
    failures: list[str] = []

    def stop(sentence: str) -> None:
        failures.append(sentence)
        server.should_exit = True

    sock = listen(settings.host, settings.port, another=another_port)
    farewell = min(limits.farewell_seconds, settings.shutdown_seconds / 2)
    limits = msgspec.structs.replace(limits, farewell_seconds=farewell)
    listener = Listener(limits, pool_size=settings.db_pool_size)
    lifecycle = Lifecycle(on_ready=on_ready, on_failure=stop)
    server = Server(
        uvicorn.Config(
            create_app(settings, lifecycle=lifecycle),
            loop="uvloop" if sys.platform != "win32" else "asyncio",
            http=listener,  # type: ignore[arg-type]  # it makes them, as the class would
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=24 * 60 * 60,  # the listener counts, without the time of a freeze
            timeout_graceful_shutdown=settings.shutdown_seconds,
        )
    )
    server.lifecycle = lifecycle
    server.listener = listener
    logging.getLogger("serve/start").info(
        "AI Training Portal %s listens on %s:%d", __version__, settings.host, settings.port
    )
    server.run(sockets=[sock])
    return 1 if failures else 0
