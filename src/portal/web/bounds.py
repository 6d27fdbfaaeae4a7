"""Limits on the address and the cookies of a request, checked before anything is parsed.

A parser takes time for every part, on the one thread that answers everybody. The body has its own
limits: `app.MAX_BODY` for its bytes, `web/forms.py` for the fields of a form.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MAX_PATH = 2_048  # bytes
MAX_QUERY = 4_096
MAX_PARAMETERS = 100
MAX_COOKIES = 16_384  # bytes of all together: those of a whole company's domain arrive here
MAX_COOKIE_COUNT = 200


def excess(scope: Any, headers: Mapping[str, str]) -> str | None:
    """Returns the sentence for a request with too long an address or too many cookies, or None."""
    query: bytes = scope["query_string"]
    if len(scope["path"]) > MAX_PATH or len(query) > MAX_QUERY:
        return "This address is too long."
    if query.count(b"&") >= MAX_PARAMETERS:
        return "This address has too many parameters."
    cookies = headers.get("cookie", "")
    if len(cookies) > MAX_COOKIES or cookies.count(";") >= MAX_COOKIE_COUNT:
        return "The browser sent too many cookies. Delete those of this site, and try again."
    return None
