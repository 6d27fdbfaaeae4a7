"""Where a request comes from, as far as that can be believed."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from portal.web.address import (
    client_address,
    is_https,
    is_loopback_host,
    is_public,
    peer_of,
)

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def scope(peer: str | None, scheme: str = "http") -> dict[str, Any]:
    return {"client": (peer, 5000) if peer else None, "scheme": scheme}


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", None),
        ("unix:/run/portal.sock", None),
    ],
)
def test_the_peer(peer: str, expected: str | None) -> None:
    assert peer_of(scope(peer)) == (ip_address(expected) if expected else None)


def test_a_unix_socket_has_no_peer() -> None:
    assert peer_of(scope(None)) is None
    assert client_address(scope(None), {"x-forwarded-for": "8.8.8.8"}, TRUSTED) is None


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        # not a trusted proxy: its header is only its word
        ("192.0.2.1", "8.8.8.8", "192.0.2.1"),
        ("192.0.2.1", None, "192.0.2.1"),
        # trusted: the last entry that is not
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "8.8.8.8", "8.8.8.8"),
        ("10.0.0.1", "1.1.1.1, 8.8.8.8", "8.8.8.8"),
        ("10.0.0.1", "1.1.1.1,8.8.8.8 , 10.9.9.9,10.8.8.8", "8.8.8.8"),
        ("10.0.0.1", "10.7.7.7, 10.8.8.8", "10.0.0.1"),
        ("10.0.0.1", "8.8.8.8:4711", "8.8.8.8"),
        ("10.0.0.1", "[2001:db8::7]:443", "2001:db8::7"),
        ("10.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.1", "::ffff:8.8.8.8", "8.8.8.8"),
        ("fd00::1", "8.8.8.8", "8.8.8.8"),
        # what cannot be read ends the chain: nothing before it is believed
        ("10.0.0.1", "8.8.8.8, unknown", "10.0.0.1"),
        ("10.0.0.1", "8.8.8.8, _hidden, 10.9.9.9", "10.0.0.1"),
        ("10.0.0.1", ", ,", "10.0.0.1"),
    ],
)
def test_the_client(peer: str, forwarded: str | None, expected: str) -> None:
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    assert client_address(scope(peer), headers, TRUSTED) == ip_address(expected)


def test_without_trusted_proxies_nobody_is_believed() -> None:
    headers = {"x-forwarded-for": "8.8.8.8"}
    assert client_address(scope("127.0.0.1"), headers, ()) == ip_address("127.0.0.1")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1", True),
        ("10.1.1.1", False),
        ("172.16.0.1", False),
        ("192.168.0.1", False),
        ("127.0.0.1", False),
        ("169.254.1.1", False),
        ("100.64.0.1", False),
        ("::1", False),
        ("fd00::1", False),
        ("fe80::1", False),
    ],
)
def test_public_addresses(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public


def test_no_address_is_not_public() -> None:
    assert not is_public(None)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("localhost:3000", True),
        ("LOCALHOST", True),
        ("app.localhost:80", True),
        ("127.0.0.1", True),
        ("127.9.9.9:3000", True),
        ("[::1]:3000", True),
        ("learn.example.com", False),
        ("localhost.example.com", False),
        ("notlocalhost", False),
        ("10.0.0.1", False),
        ("0.0.0.0", False),
        ("127.0.0.1.example.com", False),
        ("", False),
        ("[", False),
        ("[::1", False),
        ("a@localhost:b", True),
    ],
)
def test_hosts_of_this_machine(host: str, loopback: bool) -> None:
    assert is_loopback_host(host) is loopback


@pytest.mark.parametrize(
    ("public", "peer", "scheme", "proto", "expected"),
    [
        ("https", "192.0.2.1", "http", None, True),
        ("http", "10.0.0.1", "https", "https", False),
        (None, "192.0.2.1", "http", None, False),
        (None, "192.0.2.1", "https", None, True),
        (None, "192.0.2.1", "http", "https", False),
        (None, "10.0.0.1", "http", "https", True),
        (None, "10.0.0.1", "http", "HTTPS", True),
        (None, "10.0.0.1", "https", "http", False),
        (None, "10.0.0.1", "http", "https, http", False),
        (None, "10.0.0.1", "http", "http, https", True),
        (None, "10.0.0.1", "https", None, True),
        (None, None, "http", "https", False),
    ],
)
def test_https(
    public: str | None, peer: str | None, scheme: str, proto: str | None, expected: bool
) -> None:
    headers = {} if proto is None else {"x-forwarded-proto": proto}
    assert is_https(scope(peer, scheme), headers, TRUSTED, public) is expected
