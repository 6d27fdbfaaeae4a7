"""Argon2id, kept off the event loop and in few threads, so that sign-ins cannot starve the rest.

Parameters: OWASP Password Storage Cheat Sheet, second choice for Argon2id (19 MiB, 2 passes, one
lane). Two at a time need 38 MiB, which fits the smallest container the portal is run in.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher

WORKERS = 2

_executor: ThreadPoolExecutor | None = None


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher  # 15 ms of import that a start need not pay for

    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@cache
def _nobody() -> str:
    """A hash that no password has, so that an unknown name costs the same time as a known one."""
    return _hasher().hash("\0nobody")


def _verify(stored: str | None, password: str) -> bool:
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        _hasher().verify(stored or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def _threads() -> ThreadPoolExecutor:
    global _executor
    if _executor is None:
        _executor = ThreadPoolExecutor(WORKERS, thread_name_prefix="argon2")
    return _executor


async def verify(stored: str | None, password: str) -> bool:
    """Returns True when the password belongs to the hash; without a hash False, as slowly."""
    return await asyncio.get_running_loop().run_in_executor(_threads(), _verify, stored, password)


async def hash_password(password: str) -> str:
    """Returns the Argon2id hash in its standard text form."""
    return await asyncio.get_running_loop().run_in_executor(_threads(), _hasher().hash, password)


def close() -> None:
    """End the threads; a hash that has begun is finished."""
    global _executor
    if _executor is not None:
        _executor.shutdown(wait=True)
        _executor = None
