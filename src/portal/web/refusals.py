"""What the listener refuses by itself, before there is a request that the application could see."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final, TypeAlias

import msgspec

from portal.web.middleware import PROBES, SECURITY_HEADERS

Headers: TypeAlias = Sequence[tuple[bytes, bytes]]

VERSIONS: Final = frozenset({"1.0", "1.1"})
BUSY: Final = "The portal is busy. Try again in a few seconds."
LATE: Final = "The request did not arrive in time."
UNREADABLE: Final = "The request could not be read."
_HOST = re.compile(rb"[A-Za-z0-9._~!$&'()*+,;=%:\[\]-]*")
# Headers, and names of headers in Connection, that speak of the upgrade alone.
_OF_UPGRADE = frozenset({b"upgrade", b"http2-settings"})


class Refusal(Exception):
    """Why a connection is answered by the listener and closed; `sentence` is for its user."""

    def __init__(
        self, status: int, sentence: str, *more: tuple[bytes, bytes], path: bytes = b""
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.more = more
        self.path = path


def is_probe(target: bytes) -> bool:
    """Returns True for the address of a probe, which is answered even when nobody else is."""
    return target.partition(b"?")[0].decode("latin-1") in PROBES


def check_head(version: str, target: bytes, headers: Headers) -> bytes:
    """Returns the target as path and query; raises `Refusal` for a request that the parser
    accepts but two servers may read differently."""
    if version not in VERSIONS:
        raise Refusal(400, "Send the request as HTTP/1.1.")
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) > 1 or (version == "1.1" and not hosts):
        raise Refusal(400, "Send exactly one Host header.")
    if hosts and not _HOST.fullmatch(hosts[0]):
        raise Refusal(400, "The Host header is not the name of a host.")
    codings = [value.lower() for name, value in headers if name == b"transfer-encoding"]
    if codings and (codings != [b"chunked"] or version == "1.0"):
        raise Refusal(400, "Send the body with a Content-Length, or as chunked alone.")
    if target.startswith(b"/") or b"://" not in target:
        return target
    # The address in its long form, as to a proxy.
    scheme, _, address = target.partition(b"://")
    if scheme.lower() not in (b"http", b"https"):
        raise Refusal(400, "Send the request to an address that begins with http or https.")
    authority, slash, rest = _split_authority(address)
    if hosts and authority.lower() != hosts[0].lower():
        raise Refusal(400, "The address and the Host header name different hosts.")
    return (slash + rest) if slash == b"/" else b"/" + slash + rest


def _split_authority(address: bytes) -> tuple[bytes, bytes, bytes]:
    """Returns the authority, the character that ends it, and what follows."""
    end = re.search(rb"[/?#]", address)
    if end is None:
        return address, b"", b""
    return address[: end.start()], end.group(), address[end.end() :]


def without_upgrade(method: bytes, target: bytes, version: str, headers: Headers) -> bytes:
    """Returns the head of a request again, without its offer to change the protocol."""
    lines = [b"%s %s HTTP/%s" % (method, target, version.encode())]
    for name, value in headers:
        if name == b"connection":
            tokens = (token.strip() for token in value.split(b","))
            kept = b", ".join(token for token in tokens if token.lower() not in _OF_UPGRADE)
            if kept:
                lines.append(name + b": " + kept)
        elif name not in _OF_UPGRADE:
            lines.append(name + b": " + value)
    return b"\r\n".join([*lines, b"", b""])


def response(refusal: Refusal, default_headers: Headers, *, head: bool) -> bytes:
    """Returns the whole response; without its body when the request was a HEAD."""
    if refusal.path.startswith(b"/api/"):
        body, kind = msgspec.json.encode({"error": refusal.sentence}), b"application/json"
    else:
        body, kind = refusal.sentence.encode(), b"text/plain; charset=utf-8"
    status = HTTPStatus(refusal.status)
    headers = [
        *default_headers,
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        (b"cache-control", b"private, no-store"),
        *SECURITY_HEADERS,
        *refusal.more,
    ]
    lines = [f"HTTP/1.1 {status.value} {status.phrase}".encode()]
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join([*lines, b"", b"" if head else body])
