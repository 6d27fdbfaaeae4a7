"""What the tests of signing in share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from accounts.tries import Clock
from argon2 import PasswordHasher

from portal.accounts import passwords


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    stopped = Clock()
    monkeypatch.setattr("portal.clock.now", stopped)
    return stopped


@pytest.fixture
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hundreds of tries at names without a password need not cost a second each."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", lambda: cheap)
    passwords._nobody.cache_clear()
    yield
    passwords._nobody.cache_clear()
