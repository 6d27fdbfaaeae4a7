"""What a look at the installation finds. The standard library only: `portal doctor` must be able to
say that a module is missing."""

from __future__ import annotations

from typing import NamedTuple

OK = "ok"
NOTE = "note"
MEND = "MEND"


class Finding(NamedTuple):
    """One line. `text` of a MEND says what is wrong and what mends it; no secret, never."""

    status: str
    subject: str
    text: str

    def __str__(self) -> str:
        return f"{self.status:<4}  {self.subject}: {self.text}"


def ok(subject: str, text: str) -> Finding:
    """Returns what is as it should be."""
    return Finding(OK, subject, text)


def note(subject: str, text: str) -> Finding:
    """Returns what is worth knowing and needs nobody."""
    return Finding(NOTE, subject, text)


def mend(subject: str, text: str) -> Finding:
    """Returns what keeps the portal from working as it should."""
    return Finding(MEND, subject, text)
