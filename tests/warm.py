"""Portal commands that start at once: forked from a process that has imported everything.

Importing costs a second of every command, and the tests run hundreds. A forked command has its own
process, arguments, environment, folder and streams, and ends as any process does. Only the start of
the interpreter is missing, so tests of that start a program instead.

Run as a program, this is that process: it listens on the socket whose number it is given.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

SERVERS = frozenset({"serve", "dev"})
# What reads the environment as it is imported, and what only servers or the studio load.
LEFT_OUT = (
    "portal.__main__",
    "portal.asgi",
    "portal.db.conf",
    "portal.ops.studio",
    "portal.piccolo_app",
)
OF_SERVERS = "portal.cli.server"
READ_AT_THE_START = ("PYTHON", "LANG", "LC_", "MALLOC_", "OPENSSL_", "SSL_")  # by the interpreter
MESSAGE = 1 << 17


class Child:
    """A forked command, with what tests use of `subprocess.Popen`."""

    def __init__(self, status: int) -> None:
        self._status = os.fdopen(status, "rb", buffering=0)
        self.returncode: int | None = None
        self.pid = int(self._line())

    def _line(self) -> bytes:
        line = self._status.readline()
        assert line, "the process that forks commands has ended"
        return line

    def poll(self) -> int | None:
        """Returns the exit code, minus the signal that ended it, or None while it runs."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """Returns the exit code once it has ended; `TimeoutExpired` after `timeout` seconds."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("portal", timeout or 0)
        return code

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            with selectors.DefaultSelector() as selector:
                selector.register(self._status, selectors.EVENT_READ)
                if not selector.select(timeout):
                    return None
            self.returncode = int(self._line())
            self._status.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


def can_start(environment: Mapping[str, str]) -> bool:
    """Returns whether nothing in the environment had to be read before the fork."""
    return all(
        os.environ.get(name) == value
        for name, value in environment.items()
        if name.startswith(READ_AT_THE_START)
    )


def start(
    arguments: Sequence[str],
    *,
    env: Mapping[str, str],
    streams: tuple[int, int, int],
    cwd: Path | None = None,
) -> Child:
    """Returns `portal` running with these arguments. `streams` are its stdin, stdout and stderr."""
    forks = _forking("servers" if arguments[0] in SERVERS else "commands")
    message = json.dumps([list(arguments), dict(env), str(cwd or Path.cwd())]).encode()
    reading, writing = os.pipe()
    try:
        socket.send_fds(forks, [message], [*streams, writing])
    finally:
        os.close(writing)
    return Child(reading)


@functools.cache
def _forking(kind: str) -> socket.socket:
    """Returns the way to the process that forks: one for servers, which must not load what only
    migrations need, and one for everything else."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for half in (ours, theirs):
        half.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MESSAGE)
    process = subprocess.Popen(
        [sys.executable, "-P", __file__, str(theirs.fileno()), kind],
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        cwd="/",
    )
    theirs.close()

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def _import_everything(kind: str) -> None:
    import portal

    if kind == "servers":
        importlib.import_module(OF_SERVERS)
    for module in pkgutil.walk_packages(portal.__path__, "portal."):
        if not module.name.startswith((*LEFT_OUT, OF_SERVERS)):
            importlib.import_module(module.name)
    if kind != "servers":
        importlib.import_module("piccolo.apps.migrations.commands.forwards")
        importlib.import_module("piccolo.apps.migrations.commands.backwards")
    gc.collect()
    gc.freeze()  # the collector of a forked process leaves these pages alone


def _serve(messages: socket.socket) -> list[str]:
    """Fork for each message until nobody can send any more. Returns only in a forked process, with
    its arguments."""
    woken, waking = os.pipe()
    for end in (woken, waking):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(waking)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests, which end this
    statuses: dict[int, int] = {}
    selector = selectors.DefaultSelector()
    selector.register(messages, selectors.EVENT_READ)
    selector.register(woken, selectors.EVENT_READ)
    while True:
        ready = [key.fileobj for key, _ in selector.select()]
        if woken in ready:
            os.read(woken, 4096)
            _tell_who_ended(statuses)
        if messages not in ready:
            continue
        message, descriptors, _, _ = socket.recv_fds(messages, MESSAGE, 4)
        if not message:
            os._exit(0)
        *streams, status = descriptors
        pid = os.fork()
        if pid == 0:
            selector.close()
            messages.close()
            return _become(json.loads(message), streams)
        for stream in streams:
            os.close(stream)
        statuses[pid] = status
        os.write(status, b"%d\n" % pid)


def _tell_who_ended(statuses: dict[int, int]) -> None:
    while statuses:
        pid, code = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        status = statuses.pop(pid)
        with contextlib.suppress(BrokenPipeError):
            os.write(status, b"%d\n" % os.waitstatus_to_exitcode(code))
        os.close(status)


def _become(asked: tuple[list[str], dict[str, str], str], streams: Sequence[int]) -> list[str]:
    """Make this forked process what `subprocess` would have started; returns the arguments."""
    arguments, environment, folder = asked
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, 1024)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    return arguments


if __name__ == "__main__":
    _import_everything(sys.argv[2])
    sys.argv = ["portal", *_serve(socket.socket(fileno=int(sys.argv[1])))]
    runpy.run_module("portal", run_name="__main__")
