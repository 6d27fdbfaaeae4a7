"""The description of the API, for whoever is signed in."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get


@get("/api/openapi.json", summary="This description, as OpenAPI 3.1")
async def document(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Built at the first request, then kept: it depends on nothing but the code."""
    state = request.app.state
    if "openapi_document" not in state:
        state["openapi_document"] = msgspec.json.encode(state["describe"]())
    return Response(state["openapi_document"], media_type="application/json")
