"""`portal studio`: Piccolo Admin over all tables, for one person at this machine.

It listens on 127.0.0.1 only, which every program and every web page here can reach as well. So the
address itself is the key: its first part is a secret that changes with each start. Unlike a cookie
it is never sent along by a browser on its own, to no other port and from no other page.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from portal.config.settings import Settings
from portal.db import schema, sql
from portal.db.connect import connection_to
from portal.db.engine import Engine
from portal.errors import CommandFailed
from portal.serving import local
from portal.tables import TABLES

if TYPE_CHECKING:
    from portal.config.dsn import Dsn

HOST = "127.0.0.1"
PORT = 5555
BACKLOG = 128
MISSING = (
    "Piccolo Admin is not installed: pip install 'piccolo-admin>=1.14,<2',"
    " or uv pip install the same."
)


def studio(settings: Settings, echo: Callable[[str], None]) -> int:
    """Serve until a signal; returns 0.

    Raises `CommandFailed` when Piccolo Admin is missing, there is no direct DSN, the database
    cannot be reached or is behind, or the port is taken.
    """
    dsn = settings.require_direct()
    try:
        from portal.ops.studio.admin import admin
        from portal.ops.studio.gate import guarded
    except ImportError:
        raise CommandFailed(MISSING) from None
    import uvicorn

    asyncio.run(_check_database(dsn))
    try:
        listener = local.listening_socket(HOST, PORT, BACKLOG)
    except OSError:
        raise CommandFailed(
            f"Port {PORT} on {HOST}: another process listens there, perhaps another studio. End it."
        ) from None
    sql.bind(Engine(dsn, pool_size=3), TABLES)
    key = secrets.token_urlsafe(32)
    app = guarded(admin(TABLES), key=key, hosts=(f"{HOST}:{PORT}", f"localhost:{PORT}"))
    echo(f"Studio: http://{HOST}:{PORT}/{key}/")
    echo("Only this address opens it. Scores, attempts and the audit are for reading. Ctrl-C ends.")
    logging.disable()  # Piccolo Admin logs the database's messages, which quote what was typed
    config = uvicorn.Config(
        app,
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
    uvicorn.Server(config).run(sockets=[listener])
    return 0


async def _check_database(dsn: Dsn) -> None:
    async with connection_to(dsn) as connection:
        (await schema.migration_status(connection.fetch)).require_head()
