"""This machine's ports, and what answers there."""

from __future__ import annotations

import http.client
import socket


def listening_socket(host: str, port: int, backlog: int) -> socket.socket:
    """Returns a TCP socket that listens there. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(backlog)
    except OSError:
        listener.close()
        raise
    return listener


def http_get(host: str, port: int, path: str, *, seconds: float) -> tuple[int, bytes]:
    """Returns the status and the first 10,000 bytes of what answers at `path`.

    A server that listens on all addresses (`0.0.0.0`, `::`) is asked at the loopback one. Raises
    OSError, OverflowError (there is no such port) and `http.client.HTTPException`.
    """
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    connection = http.client.HTTPConnection(reachable, port, timeout=seconds)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read(10_000)
    finally:
        connection.close()
