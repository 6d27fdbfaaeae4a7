"""The cookies of signing in hold random 256-bit tokens, of which the server keeps only the SHA-256.

`sid` is the session. `known` has a token for each account that was entered in this browser: it
opens nothing, names nobody, and gives its browser tries of its own at that account.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response
from litestar.datastructures import Cookie

from portal.web.site import Req, side_of, site

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


def known_tokens_from(cookies: Mapping[str, str]) -> dict[bytes, str]:
    """Returns the tokens of the accounts that this browser has entered by their hashes, the latest
    first, without what we cannot have made."""
    tokens = cookies.get(KNOWN_COOKIE, "").split(".")[:MAX_KNOWN]
    return {hash_token(token): token for token in tokens if _TOKEN.fullmatch(token)}


def cookie(name: str, value: str, *, seconds: int, secure: bool) -> Cookie:
    """Returns a cookie of the whole site that no script can read."""
    return Cookie(
        key=name,
        value=value,
        max_age=seconds,
        httponly=True,
        samesite="lax",
        path="/",
        secure=secure,
    )


def set_session_cookie(request: Req, response: Response[Any], token: str) -> None:
    """Give the browser its session, for as long as that can last."""
    seconds = site(request).settings.session_hours * 3600
    response.set_cookie(cookie(COOKIE, token, seconds=seconds, secure=secure_cookies(request)))


def clear_session_cookie(request: Req, response: Response[Any]) -> None:
    """Take the session from the browser."""
    response.set_cookie(cookie(COOKIE, "", seconds=0, secure=secure_cookies(request)))


def set_known_cookie(request: Req, response: Response[Any], tokens: Sequence[str]) -> None:
    """Give the browser what it is known by at its next sign-in."""
    value = ".".join(tokens[:MAX_KNOWN])
    secure = secure_cookies(request)
    response.set_cookie(cookie(KNOWN_COOKIE, value, seconds=KNOWN_SECONDS, secure=secure))


def secure_cookies(request: Req) -> bool:
    """Returns whether the cookies of signing in are Secure: unless plain http is wanted there."""
    return side_of(request) != "http"
