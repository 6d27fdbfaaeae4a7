"""`portal doctor`: looks at everything and says, one line each, what is wrong and what mends it.

Every check runs in a thread of its own, which nobody waits for beyond `SECONDS`: neither a silent
database nor a resolver that hangs keeps the answer back.
"""

from __future__ import annotations

import importlib
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeAlias

from portal.ops.doctor.result import FAIL, CheckResult, fail, ok

if TYPE_CHECKING:
    from portal.config.settings import Settings

    Check: TypeAlias = Callable[[Settings], Iterable[CheckResult]]

SECONDS = 8.0
PYTHON = (3, 11)
# What the service imports; the last one brings in all of its own modules.
MODULES = (
    *("msgspec", "asyncpg", "piccolo", "litestar", "uvicorn", "httptools"),
    *(() if sys.platform == "win32" else ("uvloop",)),
    *("minijinja", "argon2", "prometheus_client", "portal.app"),
)


def doctor(say: Callable[[str], None]) -> int:
    """Print one line per finding, then a summary; returns 1 when something must be mended.

    Reads the settings itself, and goes on with the defaults of those that cannot be used.
    """
    mending = 0
    for finding in _findings():
        say(str(finding))
        mending += finding.status == FAIL
    things = "1 thing" if mending == 1 else f"{mending} things"
    say(f"{things} to mend." if mending else "Nothing to mend.")
    return 1 if mending else 0


def _findings() -> Iterator[CheckResult]:
    program = list(_program())
    yield from program
    if any(finding.status == FAIL for finding in program):
        return  # what follows imports the very modules
    from portal.ops.doctor import database, machine
    from portal.ops.doctor import settings as checks_settings

    settings, problems = checks_settings.read()
    yield from checks_settings.problems(problems)
    checks: tuple[tuple[str, Check], ...] = (
        ("settings", checks_settings.plausibility),
        ("port", machine.port),
        ("DATABASE_URL", database.database),
        ("DATABASE_URL_UNPOOLED", database.direct),
        ("course", machine.course),
        ("disk", machine.disk),
    )
    yield from run(checks, settings)


def _program() -> Iterator[CheckResult]:
    version = sys.version.partition(" ")[0]
    if sys.version_info < PYTHON:
        yield fail("Python", f"{version} is too old: use {'.'.join(map(str, PYTHON))} or newer.")
        return
    missing = False
    for name in MODULES:
        try:
            importlib.import_module(name)
        except Exception as error:  # a broken library may raise anything
            missing = True
            yield fail(
                "modules",
                f"{getattr(error, 'name', None) or name} cannot be imported"
                f" ({type(error).__name__}): rebuild the image, or install the package again.",
            )
    if not missing:
        yield ok("Python", f"{version}, and every module can be imported")


def run(
    checks: Iterable[tuple[str, Check]], settings: Settings, seconds: float = SECONDS
) -> Iterator[CheckResult]:
    """Returns the findings of all checks, in their order, after at most `seconds`. A check that
    takes longer, or breaks, is a finding itself."""
    running = [_Running(subject, check, settings) for subject, check in checks]
    deadline = time.monotonic() + seconds
    for one in running:
        one.thread.join(max(0.0, deadline - time.monotonic()))
        yield from tuple(one.found)
        if one.thread.is_alive():
            yield fail(
                one.subject,
                f"no answer within {seconds:g} s: look at the network, the firewall and the name"
                " server between here and there.",
            )


class _Running:
    """A check at work. Its thread is a daemon: the process may end while it still waits."""

    def __init__(self, subject: str, check: Check, settings: Settings) -> None:
        self.subject = subject
        self.found: list[CheckResult] = []
        self.thread = threading.Thread(target=self._work, args=(check, settings), daemon=True)
        self.thread.start()

    def _work(self, check: Check, settings: Settings) -> None:
        try:
            for finding in check(settings):
                self.found.append(finding)
        except Exception as error:  # the other checks still have something to say
            self.found.append(
                fail(self.subject, f"could not be looked at ({type(error).__name__}).")
            )
