"""The cookies of signing in, of random 256-bit tokens; the server keeps only their SHA-256.

`sid` is the session. `known` has a token for each account that was entered in this browser: it
opens nothing, names nobody, and gives its browser tries of its own at that account.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence

from litestar.datastructures import Cookie

COOKIE = "sid"
KNOWN_COOKIE = "known"
KNOWN_SECONDS = 365 * 86_400
MAX_KNOWN = 8  # accounts of a browser; the cookie goes along with every request
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def new_token() -> str:
    """Returns 256 random bits in URL-safe characters."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> bytes:
    """Returns the 32 bytes under which a token is stored. It is random: no salt is needed."""
    return hashlib.sha256(token.encode()).digest()


def token_hash_from(cookies: Mapping[str, str]) -> bytes | None:
    """Returns the hash of the cookie's token, or None when we cannot have made it."""
    token = cookies.get(COOKIE, "")
    return hash_token(token) if _TOKEN.fullmatch(token) else None


def session_cookie(token: str, *, hours: int, secure: bool) -> Cookie:
    return Cookie(
        key=COOKIE,
        value=token,
        max_age=hours * 3600,
        httponly=True,
        samesite="lax",
        path="/",
        secure=secure,
    )


def expired_cookie(*, secure: bool) -> Cookie:
    return Cookie(
        key=COOKIE, value="", max_age=0, httponly=True, samesite="lax", path="/", secure=secure
    )


def known_tokens_from(cookies: Mapping[str, str]) -> list[str]:
    """Returns the tokens of the accounts that this browser has entered, the latest first, without
    what we cannot have made."""
    tokens = cookies.get(KNOWN_COOKIE, "").split(".")[:MAX_KNOWN]
    return list(dict.fromkeys(token for token in tokens if _TOKEN.fullmatch(token)))


def known_hashes_from(cookies: Mapping[str, str]) -> list[bytes]:
    """Returns the hashes of those tokens."""
    return [hash_token(token) for token in known_tokens_from(cookies)]


def known_cookie(tokens: Sequence[str], *, secure: bool) -> Cookie:
    return Cookie(
        key=KNOWN_COOKIE,
        value=".".join(tokens[:MAX_KNOWN]),
        max_age=KNOWN_SECONDS,
        httponly=True,
        samesite="lax",
        path="/",
        secure=secure,
    )
