"""Paths on this site: where a request comes from, and where it leads to."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from portal.web.site import Req


def local_path(target: str | None, default: str = "/dashboard") -> str:
    """Returns `target` if it is a path on this site, else `default`: no open redirect."""
    if (
        not target
        or not target.startswith("/")
        or target.startswith(("//", "/\\"))
        or any(character < " " or character == "\\" for character in target)
    ):
        return default
    return target


def own_referrer(headers: Mapping[str, str]) -> str | None:
    """Returns path and query of our own page that sent this request, None when it names none."""
    try:
        sender = urlsplit(headers.get("referer", ""))
    except ValueError:
        return None
    if not sender.netloc or sender.netloc.lower() != headers.get("host", "").lower():
        return None
    return sender.path + (f"?{sender.query}" if sender.query else "")


def address_of(request: Req, default: str = "/dashboard") -> str:
    """Returns the path and query to come back to: those that were asked for; behind a form, those
    of its page, or `default`."""
    if request.method != "GET":
        return local_path(own_referrer(request.headers), default)
    query = request.scope["query_string"].decode("latin-1")
    path: str = request.scope["path"]
    return f"{path}?{query}" if query else path
