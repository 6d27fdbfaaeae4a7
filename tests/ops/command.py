"""Portal commands and servers as processes of their own, the way an operator runs them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias, TypeVar

import httpx

from portal.db.embedded import Embedded
from tests import warm
from tests.support import Database, execute, portal_environment

T = TypeVar("T")
Process: TypeAlias = warm.Child | subprocess.Popen[bytes]

PORTAL = (sys.executable, "-m", "portal")
# Making one that knows all authorities takes longer than a request, and nothing here is https.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
SECONDS = 60.0  # generous: a test that passes never waits for it
STOPPED = {0, 130, 143, -signal.SIGINT, -signal.SIGTERM}


def run_portal(
    url: str, *arguments: str, typed: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a portal command on a database to its end. `typed` is what it reads from stdin."""
    env = portal_environment(url, **environment)
    if not warm.can_start(env):
        return subprocess.run(
            [*PORTAL, *arguments],
            env=env,
            input=typed,
            capture_output=True,
            text=True,
            timeout=3 * SECONDS,
            check=False,
        )
    with (
        tempfile.TemporaryFile() as stdin,
        tempfile.TemporaryFile() as stdout,
        tempfile.TemporaryFile() as stderr,
    ):
        stdin.write(typed.encode())
        for stream in (stdin, stdout, stderr):
            stream.seek(0)
        streams = (stdin.fileno(), stdout.fileno(), stderr.fileno())
        process = warm.start(arguments, env=env, streams=streams)
        try:
            code = process.wait(3 * SECONDS)
        finally:
            process.kill()
        printed = []
        for stream in (stdout, stderr):
            stream.seek(0)
            printed.append(stream.read().decode())
        return subprocess.CompletedProcess(arguments, code, *printed)


def only_line(text: str) -> str:
    """Returns the single line of an output, and fails when there are more or none."""
    lines = text.splitlines()
    assert len(lines) == 1, text
    return lines[0]


async def until(condition: Callable[[], Awaitable[T]], what: str, seconds: float = SECONDS) -> T:
    """Returns what `condition` gives as soon as that is true; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        result = await condition()
        if result:
            return result
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        await asyncio.sleep(0.02)


def free_port() -> int:
    """Returns a port of 127.0.0.1 on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.asynccontextmanager
async def blank_database(server: Embedded) -> AsyncIterator[Database]:
    """A database without any table, dropped at the end."""
    made = Database.next(server)
    admin = server.url("postgres")
    await execute(admin, f"CREATE DATABASE {made.name}")
    yield made
    await execute(admin, f"DROP DATABASE {made.name} WITH (FORCE)")


class Running:
    """A portal process that listens on `port`."""

    def __init__(self, process: Process, port: int, output: Path) -> None:
        self.process = process
        self.port = port
        self._output = output

    def output(self) -> str:
        """Returns what it has written so far, stdout and stderr together."""
        return self._output.read_text(encoding="utf-8")

    def browser(self) -> httpx.AsyncClient:
        address = f"http://127.0.0.1:{self.port}"
        return httpx.AsyncClient(base_url=address, timeout=SECONDS, verify=NO_TLS)

    async def get(self, path: str) -> httpx.Response | None:
        """Returns the answer, or None while nothing listens."""
        async with self.browser() as browser:
            try:
                return await browser.get(path)
            except httpx.TransportError:
                return None

    async def answers(self, path: str, status: int = 200) -> httpx.Response:
        """Returns the answer of `path` once it has this status."""

        async def look() -> httpx.Response | None:
            assert self.process.poll() is None, f"it ended: {self.output()}"
            answer = await self.get(path)
            return answer if answer is not None and answer.status_code == status else None

        found = await until(look, f"{path} answers {status}: {self.output()}")
        assert found is not None
        return found

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    async def ended(self, seconds: float = SECONDS) -> int:
        """Returns the exit code once the process has ended, minus the signal that ended it."""

        async def look() -> bool:
            return self.process.poll() is not None

        await until(look, "the process ends", seconds)
        return self.process.wait()


@contextlib.contextmanager
def running(
    command: str,
    *arguments: str,
    url: str,
    program: Sequence[str] = PORTAL,
    **environment: str,
) -> Iterator[Running]:
    """Run `portal serve` or `portal dev` on a free port of 127.0.0.1, in a folder of its own, where
    no `.env` file lies. What is still there at the end is killed."""
    port = free_port()
    if command == "dev":
        arguments = ("--port", str(port), *arguments)
    folder = Path(tempfile.mkdtemp(prefix="portal-"))
    output = folder / "output"
    environment = {"HOST": "127.0.0.1", "PORT": str(port), "SHUTDOWN_SECONDS": "5", **environment}
    env = portal_environment(url, **environment)
    process: Process
    with output.open("wb") as stream, Path(os.devnull).open("rb") as nothing:
        if program is PORTAL and warm.can_start(env):
            streams = (nothing.fileno(), stream.fileno(), stream.fileno())
            process = warm.start([command, *arguments], env=env, streams=streams, cwd=folder)
        else:
            process = subprocess.Popen(
                [*program, command, *arguments],
                env=env,
                stdin=nothing,
                stdout=stream,
                stderr=stream,
                cwd=folder,
            )
    try:
        yield Running(process, port, output)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)
