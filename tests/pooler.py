"""A real PgBouncer in front of the run's PostgreSQL, in transaction mode as providers run it, or
in another one."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from portal.db.embedded import Embedded

PORT = 5433  # on 6432, its own, an address shows that it is one
START_SECONDS = 10.0

_CONFIG = """\
[databases]
* = host={server} port=5432 user=postgres

[pgbouncer]
unix_socket_dir = {folder}
unix_socket_mode = 0777
listen_addr =
listen_port = {port}
auth_type = any
pool_mode = {mode}
default_pool_size = {pool_size}
max_client_conn = 500
{user}
{more}
"""


class Pooler:
    """A running PgBouncer. It listens on a unix socket in a folder of its own, never on a port."""

    def __init__(self, server: Embedded, folder: Path, pool_size: int) -> None:
        self.server = server
        self.folder = folder
        self.pool_size = pool_size

    def url(self, database: str) -> str:
        """Returns the pooled DSN of a database, marked as Prisma's users mark theirs."""
        host = quote(str(self.folder), safe="")
        return f"postgresql://postgres@/{database}?host={host}&port={PORT}&pgbouncer=true"

    def unmarked(self, database: str) -> str:
        """Returns the same DSN as somebody writes it who knows of no pooler."""
        return self.url(database).removesuffix("&pgbouncer=true")

    def clients(self, database: str) -> int:
        """Returns how many clients of a database it has."""
        rows = csv.DictReader(io.StringIO(self._console("SHOW CLIENTS")))
        return sum(row["database"] == database for row in rows)

    def pool(self, database: str) -> dict[str, str]:
        """Returns the row of `SHOW POOLS` of a database: `cl_active`, `cl_waiting`, `sv_active`,
        `sv_idle` and so on; empty before the first connection to it."""
        answer = self._console("SHOW POOLS")
        rows = csv.DictReader(io.StringIO(answer))
        return next((row for row in rows if row["database"] == database), {})

    def reaches(self) -> bool:
        """Returns whether its console answers."""
        try:
            self._console("SHOW VERSION")
        except subprocess.CalledProcessError:
            return False
        return True

    def _console(self, command: str) -> str:
        # Its console takes simple queries only, which asyncpg does not return rows from.
        psql = str(self.server.binaries / "psql")
        address = f"host={self.folder} port={PORT} user=postgres dbname=pgbouncer"
        return subprocess.run(
            [psql, "-X", "--csv", "-d", address, "-c", command],
            capture_output=True,
            text=True,
            check=True,
        ).stdout


@contextlib.contextmanager
def run_pooler(
    binary: str, server: Embedded, *, pool_size: int, mode: str = "transaction", more: str = ""
) -> Iterator[Pooler]:
    """Run PgBouncer with `pool_size` server connections per database, and stop it at the end.
    `more` are lines of its configuration.

    It refuses to run as root; then it runs as the user of the server, who alone may enter the
    folder of the server's socket.
    """
    folder = Path(tempfile.mkdtemp(prefix="pooler-"))  # short: a socket's path has 107 bytes
    folder.chmod(0o755)
    user = ""
    if os.geteuid() == 0:
        owner = server.socket_folder.owner()
        shutil.chown(folder, owner)
        user = f"user = {owner}"
    config = folder / "pgbouncer.ini"
    config.write_text(
        _CONFIG.format(
            server=server.socket_folder,
            folder=folder,
            port=PORT,
            pool_size=pool_size,
            mode=mode,
            user=user,
            more=more,
        ),
        encoding="utf-8",
    )
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen([binary, str(config)], stdout=output, stderr=output)
    running = Pooler(server, folder, pool_size)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not running.reaches():
            ended = process.poll() is not None
            if ended or time.monotonic() > deadline:
                raise RuntimeError(f"PgBouncer does not start: {log.read_text(encoding='utf-8')}")
            time.sleep(0.02)
        yield running
    finally:
        process.kill()  # it holds nothing, and asked politely, newer ones wait for their clients
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)
