"""Where a request came from, believed only as far as it can be checked."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

from portal.config.addresses import Address, Network, ip_address, is_loopback, without_port
from portal.config.settings import PublicUrl

Side: TypeAlias = Literal["https", "http", "unknown"]

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_ONE_SUBSCRIBER = 64  # bits of an IPv6 address; the rest is the subscriber's own to choose


def _is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    return any(address.version == net.version and address in net for net in trusted)


def peer_of(scope: Any) -> Address | None:
    """Returns the address at the other end of the socket; None for a unix socket."""
    client = scope.get("client")
    return ip_address(without_port(client[0])) if client else None


def list_header(scope: Any, name: str) -> str:
    """Returns a header that is a list as one text: its lines mean the same as one with commas."""
    wanted = name.encode()
    return ",".join(value.decode("latin-1") for key, value in scope["headers"] if key == wanted)


def client_address(scope: Any, trusted: Sequence[Network]) -> Address | None:
    """Returns the peer, or, when the peer is a trusted proxy, the last `X-Forwarded-For` entry that
    is not: everything before that entry may have been written by anybody."""
    peer = peer_of(scope)
    if peer is None or not _is_trusted(peer, trusted):
        return peer
    for entry in reversed(list_header(scope, "x-forwarded-for").split(",")):
        address = ip_address(without_port(entry.strip()))
        if address is None:
            break
        if not _is_trusted(address, trusted):
            return address
    return peer


def counted_as(address: Address | None) -> ipaddress.IPv4Address | Network | None:
    """Returns what a limit counts as one address: an IPv4 address, or the /64 of an IPv6 address.

    An IPv6 address that was made of an IPv4 address (NAT64, 6to4) counts as that one.
    """
    if not isinstance(address, ipaddress.IPv6Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.sixtofour or ipaddress.IPv6Network((int(address), _ONE_SUBSCRIBER), strict=False)


def is_public(address: Address | None) -> bool:
    """Returns True for an address of the public internet."""
    return address is not None and address.is_global


def is_loopback_host(host: str) -> bool:
    """Returns True when a Host header names this machine."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:  # "[" begins an address that does not end
        return False
    return is_loopback(name)


def browser_side(
    scope: Any, headers: Mapping[str, str], trusted: Sequence[Network], public_url: PublicUrl | None
) -> Side:
    """Returns what the browser's side of the connection is: "https"; "http", where that is
    intended; or "unknown", where nothing that can be believed says https, and nobody has asked for
    plain http. Cookies are Secure unless it is "http", and HSTS is sent when it is "https".
    """
    if public_url is not None:
        return "https" if public_url.scheme == "https" else "http"
    encrypted = scope.get("scheme") == "https"
    peer = peer_of(scope)
    if peer is not None and _is_trusted(peer, trusted) and headers.get("x-forwarded-proto"):
        encrypted = _last_proto(headers) == "https"
    if encrypted:
        return "https"
    return "http" if is_loopback_host(headers.get("host", "")) else "unknown"


def seems_encrypted(scope: Any, headers: Mapping[str, str]) -> bool:
    """Returns True when anything at all hints at https, whoever wrote it. Good for advice only.

    Browsers send Sec-Fetch-Site to addresses that they trust with a Secure cookie, and to no other.
    """
    return (
        scope.get("scheme") == "https"
        or "sec-fetch-site" in headers
        or _last_proto(headers) == "https"
        or "proto=https" in headers.get("forwarded", "").lower()
        or headers.get("origin", "").startswith("https:")
    )


def _last_proto(headers: Mapping[str, str]) -> str:
    return headers.get("x-forwarded-proto", "").rpartition(",")[2].strip().lower()
