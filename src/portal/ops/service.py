"""`portal db service`: the direct address for PostgreSQL's own programs, as files that they read.

The image that has pg_dump cannot read an address as providers write it, and the portal's image,
which can, has no pg_dump. So the one writes what the other reads: a connection service file and a
password file.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from portal.config.settings import Settings
from portal.errors import CommandFailed

if TYPE_CHECKING:
    from portal.config.dsn import Dsn

NAME = "portal"
SERVICE_FILE, PASSWORD_FILE = "pg_service.conf", "pgpass"
# libpq reads a line of the service file into 1024 bytes.
LONGEST = 1000


def service(settings: Settings, folder: Path, echo: Callable[[str], None]) -> int:
    """Write both files into `folder`, readable by this user alone; returns 0.

    Raises `CommandFailed` when there is no direct address, a value has no place in such a file, or
    the folder cannot be written to.
    """
    dsn = settings.require_direct()
    texts = {SERVICE_FILE: service_text(dsn), PASSWORD_FILE: password_text(dsn)}
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, text in texts.items():
            _replace_file(folder / name, text)
    except OSError as error:
        raise CommandFailed(f"{folder} cannot be written to: {error.strerror}.") from None
    echo(
        f"Written. PGSERVICEFILE={folder / SERVICE_FILE} PGPASSFILE={folder / PASSWORD_FILE}"
        f" lead pg_dump --dbname=service={NAME} to {dsn}."
    )
    return 0


def service_text(dsn: Dsn) -> str:
    """Returns the service file. A value begins behind the first equals sign and ends before white
    space at the end of the line; there is no way to quote."""
    values = {
        "host": ",".join(dsn.hosts),
        "port": ",".join(map(str, dsn.ports)),
        "user": dsn.user,
        "dbname": dsn.database,
        **dsn.libpq_parameters(),
    }
    lines = [f"[{NAME}]"]
    for name, value in values.items():
        if "\n" in value or "\r" in value or value != value.rstrip() or len(value) > LONGEST:
            raise CommandFailed(
                f"{dsn.variable} has a {name} that a connection service file cannot hold: it has a"
                f" line break, a space at its end, or more than {LONGEST} characters."
            )
        lines.append(f"{name}={value}")
    return "\n".join(lines) + "\n"


def password_text(dsn: Dsn) -> str:
    """Returns the password file: one line for whatever the service names, because a socket, a name
    and an address are each matched differently, by the build of libpq."""
    if not dsn.password:
        return ""
    if "\n" in dsn.password or "\r" in dsn.password:
        raise CommandFailed(
            f"{dsn.variable} has a password with a line break, which a password file cannot hold."
        )
    escaped = dsn.password.replace("\\", "\\\\").replace(":", "\\:")
    return f"*:*:*:*:{escaped}\n"


def _replace_file(path: Path, text: str) -> None:
    """Replace the file as a whole. A temporary one is its owner's alone from the beginning."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
