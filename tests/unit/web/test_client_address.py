"""Where a request comes from, as far as that can be believed."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Any, Literal

import pytest

from portal.config.settings import PublicUrl
from portal.web.client_address import (
    browser_side,
    client_address,
    counted_as,
    is_loopback_host,
    is_public,
    peer_of,
    seems_encrypted,
)

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def scope(peer: str | None, scheme: str = "http", forwarded: Sequence[str] = ()) -> dict[str, Any]:
    """Returns what a server hands over; `forwarded` are the lines of X-Forwarded-For."""
    headers = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    client = (peer, 5000) if peer else None
    return {"client": client, "scheme": scheme, "headers": [(b"host", b"localhost"), *headers]}


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
    assert client_address(scope(None, forwarded=["8.8.8.8"]), TRUSTED) is None


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
        # lines of one header are one list, wherever the line breaks are
        ("10.0.0.1", "1.1.1.1 | 8.8.8.8", "8.8.8.8"),
        ("10.0.0.1", "8.8.8.8 | 10.9.9.9", "8.8.8.8"),
        ("10.0.0.1", "1.1.1.1, 2.2.2.2 | 8.8.8.8, 10.9.9.9 | 10.8.8.8", "8.8.8.8"),
        ("10.0.0.1", "8.8.8.8 | unknown", "10.0.0.1"),
        ("192.0.2.1", "1.1.1.1 | 8.8.8.8", "192.0.2.1"),
        # what cannot be read ends the chain: nothing before it is believed
        ("10.0.0.1", "8.8.8.8, unknown", "10.0.0.1"),
        ("10.0.0.1", "8.8.8.8, _hidden, 10.9.9.9", "10.0.0.1"),
        ("10.0.0.1", ", ,", "10.0.0.1"),
    ],
)
def test_the_client(peer: str, forwarded: str | None, expected: str) -> None:
    lines = [] if forwarded is None else forwarded.split(" | ")
    assert client_address(scope(peer, forwarded=lines), TRUSTED) == ip_address(expected)


def test_without_trusted_proxies_nobody_is_believed() -> None:
    asked = scope("127.0.0.1", forwarded=["8.8.8.8"])
    assert client_address(asked, ()) == ip_address("127.0.0.1")


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("8.8.8.8", "8.8.8.8"),
        ("10.1.1.1", "10.1.1.1"),
        # a subscriber chooses the last 64 bits
        ("2606:4700::1", "2606:4700::/64"),
        ("2606:4700:0:0:ffff:ffff:ffff:ffff", "2606:4700::/64"),
        ("2606:4700:0:1::1", "2606:4700:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        # made of an IPv4 address: NAT64, and 6to4, whose holder has 65,536 networks
        ("64:ff9b::808:808", "8.8.8.8"),
        ("2002:808:808::1", "8.8.8.8"),
        ("2002:808:808:ffff::1", "8.8.8.8"),
    ],
)
def test_what_counts_as_one_address(address: str, counted: str) -> None:
    assert str(counted_as(ip_address(address))) == counted


def test_without_an_address_all_count_as_one() -> None:
    assert counted_as(None) is None


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
    ("public", "host", "peer", "scheme", "proto", "expected"),
    [
        # the public address decides, whatever else is said
        ("https", "learn.example.com", "192.0.2.1", "http", None, "https"),
        ("https", "localhost:3000", "192.0.2.1", "http", None, "https"),
        ("http", "learn.example.com", "10.0.0.1", "https", "https", "http"),
        ("http", "192.168.1.5:3000", "192.0.2.1", "http", None, "http"),
        # then what is encrypted here, or by a proxy that is trusted
        (None, "learn.example.com", "192.0.2.1", "https", None, "https"),
        (None, "learn.example.com", "10.0.0.1", "http", "https", "https"),
        (None, "learn.example.com", "10.0.0.1", "http", "HTTPS", "https"),
        (None, "learn.example.com", "10.0.0.1", "http", "http, https", "https"),
        (None, "learn.example.com", "10.0.0.1", "https", None, "https"),
        # also of a proxy that puts its own name into the Host
        (None, "localhost:3000", "10.0.0.1", "http", "https", "https"),
        (None, "127.0.0.1:3000", "10.0.0.1", "http", "https", "https"),
        (None, "localhost:3000", "192.0.2.1", "https", None, "https"),
        # this machine is plain by nature
        (None, "localhost:3000", "127.0.0.1", "http", None, "http"),
        (None, "127.0.0.2:3000", "127.0.0.1", "http", None, "http"),
        (None, "[::1]:3000", "::1", "http", None, "http"),
        (None, "localhost:3000", "192.0.2.1", "http", "https", "http"),
        (None, "localhost:3000", "10.0.0.1", "http", "http", "http"),
        (None, "localhost:3000", "10.0.0.1", "https", "http", "http"),
        (None, "localhost:3000", None, "http", "https", "http"),
        # nobody who can be believed says anything
        (None, "192.168.1.5:3000", "192.168.1.9", "http", None, "unknown"),
        (None, "learn.example.com", "192.0.2.1", "http", "https", "unknown"),
        (None, "learn.example.com", "10.0.0.1", "http", "http", "unknown"),
        (None, "learn.example.com", "10.0.0.1", "http", "https, http", "unknown"),
        (None, "learn.example.com", "10.0.0.1", "https", "http", "unknown"),
        (None, "learn.example.com", None, "http", "https", "unknown"),
        (None, "", "192.0.2.1", "http", None, "unknown"),
    ],
)
def test_the_side_of_the_browser(
    public: Literal["http", "https"] | None,
    host: str,
    peer: str | None,
    scheme: str,
    proto: str | None,
    expected: str,
) -> None:
    headers = {"host": host} | ({} if proto is None else {"x-forwarded-proto": proto})
    public_url = PublicUrl(public, host) if public else None
    assert browser_side(scope(peer, scheme), headers, TRUSTED, public_url) == expected


@pytest.mark.parametrize(
    ("scheme", "headers", "expected"),
    [
        ("http", {}, False),
        ("https", {}, True),
        ("http", {"sec-fetch-site": "none"}, True),
        ("http", {"x-forwarded-proto": "https"}, True),
        ("http", {"x-forwarded-proto": "https, http"}, False),
        ("http", {"forwarded": "for=192.0.2.1;Proto=HTTPS"}, True),
        ("http", {"origin": "https://learn.example.com"}, True),
        ("http", {"origin": "http://192.168.1.5:3000"}, False),
    ],
)
def test_hints_at_https(scheme: str, headers: dict[str, str], expected: bool) -> None:
    assert seems_encrypted(scope("192.0.2.1", scheme), headers) is expected
