"""A primary, a streaming standby, and one address that can lead to either."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from portal.db.embedded import Embedded, embedded
from tests.support import execute

SOCKET = ".s.PGSQL.5432"


class Pair:
    """Both servers, and `address`: a server to all appearances, which is the one or the other."""

    def __init__(self, primary: Embedded, standby: Embedded, address: Embedded) -> None:
        self.primary = primary
        self.standby = standby
        self.address = address

    def lead_to(self, server: Embedded) -> None:
        """Have new connections to the address reach this server; open ones stay where they are."""
        made = self.address.socket_folder / "next"
        made.symlink_to(server.socket_folder / SOCKET)
        made.rename(self.address.socket_folder / SOCKET)


def _run(server: Embedded, tool: str, *arguments: str) -> None:
    """Run a tool of the server as the user that the server runs as."""
    user = server.socket_folder.owner() if os.geteuid() == 0 else None
    subprocess.run(
        [server.binaries / tool, *arguments],
        check=True,
        user=user,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@contextlib.contextmanager
def run_pair(database: str) -> Iterator[Pair]:
    """Run both, with an empty database of that name. The address leads to the primary."""
    with tempfile.TemporaryDirectory(prefix="portal-pair-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        with embedded(folder / "primary", durable=False) as primary:
            asyncio.run(execute(primary.url("postgres"), f"CREATE DATABASE {database}"))
            owner = primary.socket_folder.owner()
            for name in ("standby", "sockets", "address"):
                (folder / name).mkdir(mode=0o700 if name == "standby" else 0o755)
                if os.geteuid() == 0:
                    shutil.chown(folder / name, owner)
            data, sockets = folder / "standby", folder / "sockets"
            source = f"host={primary.socket_folder} user=postgres"
            _run(primary, "pg_basebackup", "-d", source, "-D", str(data), "-R", "-c", "fast")
            options = f"-h '' -k {sockets}"
            ctl = ("-w", "-D", str(data))
            _run(primary, "pg_ctl", *ctl, "-o", options, "-l", str(data / "log"), "start")
            try:
                pair = Pair(
                    primary,
                    Embedded(sockets, primary.binaries),
                    Embedded(folder / "address", primary.binaries),
                )
                pair.lead_to(primary)
                yield pair
            finally:
                _run(primary, "pg_ctl", *ctl, "-m", "immediate", "stop")
