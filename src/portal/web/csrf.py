"""Whether a write comes from our own pages. Cookies are SameSite=Lax; this is the second lock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from portal.config.settings import PublicUrl

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


def is_foreign_write(method: str, headers: Mapping[str, str], public_url: PublicUrl | None) -> bool:
    """Returns True for a write that a browser sent on behalf of another site.

    `Sec-Fetch-Site` decides when it is there. Without it, `Origin` must be the portal's own address
    or the Host that was asked. Programs that send neither are not browsers and carry no cookie
    that they were not given.
    """
    if method in SAFE_METHODS:
        return False
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is None:
        return False
    if public_url is not None and origin.lower() == str(public_url):
        return False
    try:
        place = urlsplit(origin).netloc.lower()
    except ValueError:
        return True
    return not place or place != headers.get("host", "").lower()
