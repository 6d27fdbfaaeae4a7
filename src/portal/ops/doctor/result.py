"""What a look at the installation finds. The standard library only: `portal doctor` must be able to
say that a module is missing."""

from __future__ import annotations

from typing import NamedTuple

OK = "ok"
WARN = "note"
FAIL = "MEND"


class CheckResult(NamedTuple):
    """One line. `text` of a MEND says what is wrong and what mends it; no secret, never."""

    status: str
    subject: str
    text: str

    def __str__(self) -> str:
        return f"{self.status:<4}  {self.subject}: {self.text}"


def ok(subject: str, text: str) -> CheckResult:
    """Returns what is as it should be."""
    return CheckResult(OK, subject, text)


def warn(subject: str, text: str) -> CheckResult:
    """Returns what is worth knowing and needs nobody."""
    return CheckResult(WARN, subject, text)


def fail(subject: str, text: str) -> CheckResult:
    """Returns what keeps the portal from working as it should."""
    return CheckResult(FAIL, subject, text)
