"""The result of one check. Imports the standard library only: `portal doctor` must be able to tell
that a module is missing."""

from __future__ import annotations

from typing import NamedTuple

OK = "ok"
WARN = "note"
FAIL = "MEND"


class CheckResult(NamedTuple):
    """One line of the report. `text` of a failure says what is wrong and how to fix it. It never
    holds a secret."""

    status: str
    subject: str
    text: str

    def __str__(self) -> str:
        return f"{self.status:<4}  {self.subject}: {self.text}"


def ok(subject: str, text: str) -> CheckResult:
    """Returns the result of a check that passed."""
    return CheckResult(OK, subject, text)


def warn(subject: str, text: str) -> CheckResult:
    """Returns something worth knowing that needs no action."""
    return CheckResult(WARN, subject, text)


def fail(subject: str, text: str) -> CheckResult:
    """Returns a failure: something that must be fixed for the portal to work as it should."""
    return CheckResult(FAIL, subject, text)
