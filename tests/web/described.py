"""What the description of the API says, and whether an answer is one that it names."""

from __future__ import annotations

import re
from typing import Any

import httpx
from litestar import Litestar

from portal.app import DEPENDENCIES, HANDLERS
from portal.web.openapi import describe

_DOCUMENT = describe(
    Litestar(HANDLERS, dependencies=DEPENDENCIES, openapi_config=None, logging_config=None)
)
SCHEMAS: dict[str, Any] = _DOCUMENT["components"]["schemas"]
OPERATIONS: dict[tuple[str, str], Any] = {
    (method.upper(), path): operation
    for path, methods in _DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
# those without a placeholder first, as the router looks for them
_ADDRESSES = [
    (re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)) + "/?"), path)
    for path in sorted(_DOCUMENT["paths"], key=lambda path: "{" in path)
]


async def check(answer: httpx.Response) -> None:
    """Fail when the API answers with a status that is not described for the operation."""
    asked, method = answer.request.url.path, answer.request.method.replace("HEAD", "GET")
    path = next((path for address, path in _ADDRESSES if address.fullmatch(asked)), "")
    operation = OPERATIONS.get((method, path))
    if operation is not None:
        status = str(answer.status_code)
        assert status in operation["responses"], f"{method} {path} answers {status}"
