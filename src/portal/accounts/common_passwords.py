"""Passwords that others try first. The list holds those of eight characters and more."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("common_passwords.txt")
_TAIL = "0123456789!?.,;:@#$%&*+-_="


@cache
def _common() -> frozenset[str]:
    return frozenset(_FILE.read_text(encoding="utf-8").split())


def is_common(password: str) -> bool:
    """Returns whether a password is on the list, in any case and also before the digits and signs
    that people put at its end; or has fewer than three different characters."""
    folded = password.casefold()
    return len(set(folded)) < 3 or not _common().isdisjoint((folded, folded.rstrip(_TAIL)))
