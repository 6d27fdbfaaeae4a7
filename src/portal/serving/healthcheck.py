"""What the container's HEALTHCHECK calls: no curl in the image, no settings to parse.

What it prints is what `docker inspect` shows for an unhealthy container.
"""

from __future__ import annotations

import http.client
import os
import sys

from portal.serving import local

SECONDS = 3.0


def healthcheck() -> int:
    """Returns 0 when `/api/health` answers 200 within three seconds, else 1 with one line why."""
    host = os.environ.get("HOST") or "127.0.0.1"
    port = os.environ.get("PORT") or "3000"
    if not (port.isascii() and port.isdecimal() and len(port) < 10):
        return _unhealthy(f"PORT is {port}, which is not a number")
    if not host.isascii():
        return _unhealthy("HOST is not the name or the number of a host")
    try:
        status, _ = local.http_get(host, int(port), "/api/health", seconds=SECONDS)
    except (OSError, OverflowError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return _unhealthy(f"{host} port {port} (HOST, PORT) does not answer: {reason.lower()}")
    return 0 if status == 200 else _unhealthy(f"/api/health on port {port} answers {status}")


def _unhealthy(why: str) -> int:
    print(f"{why}.", file=sys.stderr)
    return 1
