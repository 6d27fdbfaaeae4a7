"""`portal doctor`: checks everything and prints one line each on what is wrong and how to fix it.

Every check runs in a thread of its own, which is waited for `SECONDS` at most: neither a silent
database nor a name server that hangs delays the report.
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
# What the service imports; the last one imports all of its own modules.
MODULES = (
    *("msgspec", "asyncpg", "piccolo", "litestar", "uvicorn", "httptools"),
    *(() if sys.platform == "win32" else ("uvloop",)),
    *("minijinja", "argon2", "prometheus_client", "portal.app"),
)


def doctor(echo: Callable[[str], None]) -> int:
    """Print one line per result, then a summary; returns 1 when something must be fixed.

    Reads the settings itself, and uses the default of each one that is invalid.
    """
    failures = 0
    for result in _results():
        echo(str(result))
        failures += result.status == FAIL
    things = "1 thing" if failures == 1 else f"{failures} things"
    echo(f"{things} to mend." if failures else "Nothing to mend.")
    return 1 if failures else 0


def _results() -> Iterator[CheckResult]:
    program = list(_program())
    yield from program
    if any(result.status == FAIL for result in program):
        return  # the other checks import these modules
    from portal.config.settings import Settings
    from portal.ops.doctor import database, machine
    from portal.ops.doctor import settings as checks_settings

    settings, problems = Settings.read()
    yield from checks_settings.problems(problems)
    checks: tuple[tuple[str, Check], ...] = (
        ("settings", checks_settings.plausibility),
        ("port", machine.port),
        ("DATABASE_URL", database.database),
        ("DATABASE_URL_UNPOOLED", database.direct),
        ("course", machine.course),
        ("SMTP_URL", machine.mail),
        ("disk", machine.disk),
    )
    yield from run_checks(checks, settings)


def _program() -> Iterator[CheckResult]:
    version = sys.version.partition(" ")[0]
    if sys.version_info < PYTHON:
        yield fail("Python", f"{version} is too old: use {'.'.join(map(str, PYTHON))} or newer.")
        return
    missing = False
    for name in MODULES:
        try:
            importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 - a broken library may raise anything
            missing = True
            yield fail(
                "modules",
                f"{getattr(error, 'name', None) or name} cannot be imported"
                f" ({type(error).__name__}): rebuild the image, or install the package again.",
            )
    if not missing:
        yield ok("Python", f"{version}, and every module can be imported")


def run_checks(
    checks: Iterable[tuple[str, Check]], settings: Settings, seconds: float = SECONDS
) -> Iterator[CheckResult]:
    """Yields the results of all checks, in their order, after at most `seconds`. A check that takes
    longer or raises an exception is a failure."""
    running = []
    for subject, check in checks:
        results: list[CheckResult] = []
        # A daemon: the process may end while a check is still waiting.
        thread = threading.Thread(
            target=_collect, args=(subject, check, settings, results), daemon=True
        )
        thread.start()
        running.append((subject, thread, results))
    deadline = time.monotonic() + seconds
    for subject, thread, results in running:
        thread.join(max(0.0, deadline - time.monotonic()))
        yield from tuple(results)
        if thread.is_alive():
            yield fail(
                subject,
                f"no answer within {seconds:g} s: look at the network, the firewall and the name"
                " server between here and there.",
            )


def _collect(subject: str, check: Check, settings: Settings, results: list[CheckResult]) -> None:
    try:
        for result in check(settings):
            results.append(result)  # noqa: PERF402 - one by one, as the next one may hang
    except Exception as error:  # noqa: BLE001 - one check must not hide the others
        results.append(fail(subject, f"could not be looked at ({type(error).__name__})."))
