"""What OPTIONS says about an address."""

from __future__ import annotations

from litestar.types import Message, Scope


async def name_every_method(message: Message, scope: Scope) -> None:
    """Complete the answer to OPTIONS before it is sent: Litestar names the methods of one handler,
    even where an address has several."""
    if message["type"] != "http.response.start" or scope.get("method") != "OPTIONS":
        return
    template = scope.get("path_template")
    allowed = {
        method
        for route in scope["litestar_app"].routes
        if route.path_format == template
        for method in getattr(route, "methods", ())
    }
    if allowed:
        rest = [header for header in message["headers"] if header[0].lower() != b"allow"]
        message["headers"] = [*rest, (b"allow", ", ".join(sorted(allowed)).encode())]
