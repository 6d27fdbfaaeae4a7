"""Hosts and networks: what an address is, and whether it is this machine or a private network."""

from __future__ import annotations

import ipaddress
from typing import TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


def ip_address(host: str) -> Address | None:
    """Returns the host as an address, an IPv4 one inside IPv6 as IPv4; None when it is a name."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def without_port(place: str) -> str:
    """Returns the host of `host`, `host:port`, `[v6]` or `[v6]:port`."""
    if place.startswith("["):
        return place[1:].partition("]")[0]
    return place.partition(":")[0] if place.count(":") == 1 else place


def is_socket(host: str) -> bool:
    """Returns whether the host is the folder of a Unix socket."""
    return host.startswith("/")


def is_loopback(place: str) -> bool:
    """Returns whether a host, with or without a port, is this machine itself."""
    host = without_port(place.lower())
    address = ip_address(host)
    if address is not None:
        return address.is_loopback
    name = host.rstrip(".")
    return name == "localhost" or name.endswith(".localhost")


def is_private(host: str) -> bool:
    """Returns whether the host is on this machine or in a private network, by its name alone."""
    if is_socket(host):
        return True
    address = ip_address(host)
    if address is not None:
        return not address.is_global
    name = host.lower().rstrip(".")
    return "." not in name or name.endswith((".localhost", ".internal", ".local"))
