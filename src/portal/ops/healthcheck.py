"""What the container's HEALTHCHECK calls: no curl in the image, no settings to parse."""

from __future__ import annotations

import http.client
import os

SECONDS = 3.0


def healthcheck() -> int:
    """Returns 0 when `/api/health` answers 200 within three seconds, else 1."""
    host = os.environ.get("HOST") or "127.0.0.1"
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    connection = http.client.HTTPConnection(
        host, int(os.environ.get("PORT") or 3000), timeout=SECONDS
    )
    try:
        connection.request("GET", "/api/health")
        return 0 if connection.getresponse().status == 200 else 1
    except (OSError, ValueError, http.client.HTTPException):
        return 1
    finally:
        connection.close()
