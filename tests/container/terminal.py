"""A script at a terminal: what waits for a key or for Ctrl-C gets it."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import termios
import time
from pathlib import Path
from typing import Self

CTRL_C = b"\x03"
INTERRUPTED = {0, 130, -signal.SIGINT}


class Terminal:
    """A bash script with a terminal of its own. `output` is what it has shown."""

    def __init__(self, script: str, folder: Path, environment: dict[str, str]) -> None:
        self._mine, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (60, 200))
        self.output = ""
        self._process = subprocess.Popen(
            # The terminal becomes its controlling one, so that Ctrl-C reaches what it runs.
            ["setsid", "--ctty", "--wait", "bash", "-eo", "pipefail", "-c", script],
            cwd=folder,
            env=environment | {"TERM": "dumb", "PAGER": "cat"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._mine)

    def finish(self, *, until: str | None, typed: str | None, seconds: float) -> tuple[int, str]:
        """Returns the exit code, 0 for an expected interruption, and in words how it ended."""
        deadline = time.monotonic() + seconds
        sent = 0.0
        interrupted = False
        while self._read():
            now = time.monotonic()
            if now > deadline:
                return 124, f"did not end within {seconds:.0f} s"
            if until is not None and until in self.output and now > sent + 5:
                os.write(self._mine, CTRL_C)
                sent, interrupted = now, True
            if typed is not None and self.output and now > sent + 1:
                os.write(self._mine, typed.encode() + b"\n")
                sent = now
        code = self._process.wait()
        if until is not None and not interrupted:
            return code or 1, f"never showed {until!r}"
        return (0 if interrupted and code in INTERRUPTED else code), "ended"

    def _read(self) -> bool:
        """Returns False once the script has ended and everything was read."""
        ready, _, _ = select.select([self._mine], [], [], 0.2)
        if not ready:
            return self._process.poll() is None
        try:
            data = os.read(self._mine, 65536)
        except OSError:  # Linux says so when the other end is closed
            return False
        self.output += data.decode(errors="replace")
        return bool(data)
