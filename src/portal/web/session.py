"""The session cookie: a random 256-bit token, of which the server keeps only the SHA-256."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping

from litestar.datastructures import Cookie

COOKIE = "sid"
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
