"""Argon2id, kept off the event loop and in one thread, so that sign-ins cannot starve the rest.

Parameters: OWASP Password Storage Cheat Sheet, second choice for Argon2id (19 MiB, 2 passes, one
lane). With two threads, a container with one CPU uses up its share of each tenth of a second early
and is paused until the next one, event loop included: others wait twice as long for their answers,
and no more people are signed in.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Literal, TypeAlias

from portal.accounts.rules import normal_password, password_forms

if TYPE_CHECKING:
    from argon2 import PasswordHasher

TURN_SECONDS = 1.0

# "outdated": right, and hashed in another form than today's.
Verdict: TypeAlias = Literal["wrong", "right", "outdated"]

_executor: ThreadPoolExecutor | None = None
_turn: asyncio.Lock | None = None


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher  # 15 ms of import that a start need not pay for

    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@cache
def _nobody() -> str:
    """A hash that no password has, so that an unknown name costs the same time as a known one."""
    return _hasher().hash("\0nobody")


def _verify(stored: str | None, typed: str) -> Verdict:
    from argon2.exceptions import InvalidHashError, VerificationError

    for form in password_forms(typed):  # as many for a name that nobody has
        try:
            # what is no text is no password either, and takes its time all the same
            _hasher().verify(stored or _nobody(), form.encode("utf-8", "surrogatepass"))
        except (VerificationError, InvalidHashError):
            continue
        if stored is not None:
            return "right" if form == normal_password(typed) else "outdated"
    return "wrong"


def _hash(password: str) -> str:
    return _hasher().hash(normal_password(password))


def _thread() -> ThreadPoolExecutor:
    global _executor
    if _executor is None:
        _executor = ThreadPoolExecutor(1, thread_name_prefix="argon2")
    return _executor


async def check_password(stored: str | None, typed: str) -> Verdict:
    """Returns whether the password fits the hash; without one "wrong", after the same time."""
    return await asyncio.get_running_loop().run_in_executor(_thread(), _verify, stored, typed)


async def hash_password(password: str) -> str:
    """Returns the Argon2id hash of the password's composed form, in its standard text form."""
    return await asyncio.get_running_loop().run_in_executor(_thread(), _hash, password)


@contextlib.asynccontextmanager
async def hashing_slot() -> AsyncIterator[None]:
    """One sign-in after the other: twenty at once would slow down everybody who is signed in.

    Whoever has waited for a second goes on all the same, lest a slow database lines people up.
    """
    global _turn
    if _turn is None:
        _turn = asyncio.Lock()
    hashing_slot = _turn
    try:
        await asyncio.wait_for(hashing_slot.acquire(), TURN_SECONDS)
    except TimeoutError:
        yield
        return
    try:
        yield
    finally:
        hashing_slot.release()


def close() -> None:
    """End the thread; a hash that has begun is finished."""
    global _executor, _turn
    _turn = None
    if _executor is not None:
        _executor.shutdown(wait=True)
        _executor = None
