"""What a JSON route takes: a JSON body, and nothing else."""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException

from portal.errors import Invalid
from portal.web.origin import SAFE_METHODS


async def require_json(connection: ASGIConnection[Any, Any, Any, Any], handler: Any) -> None:
    """Guard: a body sent to the API must be there where one is wanted, and say that it is JSON."""
    if connection.scope["method"] in SAFE_METHODS:  # type: ignore[typeddict-item]
        return
    if not connection.scope["path"].startswith("/api/") or handler.opt.get("upload"):
        return
    length = connection.headers.get("content-length", "0")
    has_body = length != "0" or "transfer-encoding" in connection.headers
    if not has_body and "data" in handler.parsed_fn_signature.parameters:
        raise Invalid("Send a JSON body.")
    kind = connection.headers.get("content-type", "").partition(";")[0].strip().lower()
    if has_body and kind != "application/json":
        raise HTTPException(status_code=415)
