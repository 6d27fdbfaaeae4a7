"""Requests that no browser sends, over a real socket: never an error of ours, nor anybody's."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tests.support import QUIZ, Database
from tests.web.raw import raw_portal
from tests.web.test_refused_requests import API

PAGES = ("/login", "/account", "/search", "/leaderboard", "/step/1", f"/video/{QUIZ}")
READS = ("/api/search", "/api/leaderboard", f"/api/quiz/{QUIZ}", "/api/auth/me", "/metrics")
PARAMETERS = ("q", "t", "result", "order", "next", "saved", "scope", "period", "page", "elsewhere")
NAMES = (
    "%00",
    "a%00b",
    "%ff",
    "%ed%a0%80",
    "%f0%9f%98%80",
    "%",
    "%zz",
    "%2e%2e",
    "..%2f..%2fetc%2fpasswd",
    "..%5c..",
    "\\",
    "a" * 3_000,
    "%41" * 600,
    "/" * 1_000,
    ";a=b",
    "{video_id}",
    "%0a%0d",
    "%e2%80%ae",
    "9" * 40,
    "-1",
    "\xff\xfe",
)
PLACES = (
    "/{}",
    "/step/{}",
    "/video/{}",
    "/video/{}/answer",
    "/media/{}",
    "/media/x/{}",
    "/static/x/{}",
    "/static/{}/css/base.css",
    "/api/quiz/{}",
    "/api/{}",
    "/health/{}",
)
URLENCODED = b"application/x-www-form-urlencoded"
PART = b'--x\r\nContent-Disposition: form-data; name="username"\r\n'
ODD_HEADERS = (
    b"Cookie: \xff\xfe=\x80; ;;; =; sid",
    b"Cookie: sid=" + b"a" * 20_000,
    b"Cookie: " + b"a=b;" * 1_000,
    b"Cookie: theme=%00; sid=%ff",
    b"User-Agent: \xff\xfe",
    b"Referer: http://[",
    b"X-Request-Id: \xff" + b"a" * 5_000,
    b"X-Portal-User: \xff",
    b"X-Forwarded-For: \xff, [, %",
    b"Range: bytes=" + b"9" * 9_000 + b"-",
    b"If-None-Match: \xff",
    b"Accept-Encoding: \xff",
    b"Accept: " + b"a/b;q=" * 1_000,
)


def odd_targets() -> Iterator[str]:
    for name in NAMES:
        yield from (place.format(name) for place in PLACES)
        query = "&".join(f"{parameter}={name}" for parameter in PARAMETERS)
        yield from (f"{address}?{query}" for address in PAGES)
        yield from (f"{address}?{name}={name}&q={name}&page=1&{name}" for address in READS)


def odd_forms() -> Iterator[tuple[bytes, bytes, tuple[bytes, ...]]]:
    """Yields content types, bodies, and headers in the place of the length."""
    pairs = b"username=alex&password=x&theme=dark"
    for kind in (
        URLENCODED + b"; charset=nonsense",
        URLENCODED + b"; charset=utf-16",
        URLENCODED + b'; charset="',
        b"\xff/\xfe",
        b";;;=",
        b"",
    ):
        yield kind, pairs, ()
    for body in (
        b"%",
        b"%zz=%&&;=",
        b"=" * 500,
        b"\x00=\x00",
        b"%00=%00",
        b"\xff\xfe=\xed\xa0\x80",
    ):
        yield URLENCODED, body, ()
    closed = b"\r\nalex\r\n--x--\r\n"
    for charset in (b"nonsense", b"utf-16", b"utf-7", b"idna", b"zip", b"undefined", b"\xff", b""):
        part = PART + b"Content-Type: text/plain; charset=" + charset + b"\r\n"
        yield b"multipart/form-data; boundary=x", part + b"+2AA-\xff\xfe" + closed, ()
    for kind in (
        b"multipart/form-data",
        b"multipart/form-data; boundary=",
        b"multipart/form-data; boundary=other",
        b"multipart/form-data; boundary=\xff",
        b"multipart/form-data; boundary=" + b"x" * 5_000,
        b'multipart/form-data; boundary="x',
        b"multipart/form-data; charset=nonsense; boundary=x",
        b"multipart/mixed; boundary=x",
    ):
        yield kind, PART + closed, ()
    for body in (
        b"",
        b"--x",
        b"--x--",
        PART,
        PART + b"\r\nalex",
        PART[:20],
        PART[:-2] + b"\xff\r\n" + closed,
        b"--x\r\nContent-Disposition: form-data\r\n" + closed,
        b"--x\r\nContent-Disposition: nonsense; filename*=utf-8''%ff\r\n" + closed,
        b"--x\r\n" + b"A: b\r\n" * 5_000 + closed,
        (PART + b"\r\n\r\n") * 5_000 + b"--x--",
    ):
        yield b"multipart/form-data; boundary=x", body, ()
    for length in (b"Content-Length: 5", b"Transfer-Encoding: chunked"):
        yield URLENCODED, b"1\r\na\r\n0\r\n\r\n", (length,)
    yield URLENCODED, pairs, (b"Content-Length: x",)
    yield URLENCODED, pairs, (b"Content-Length: -1",)


ODD_VALUES = (
    *(b"null", b"true", b"0", b"-1", b'"false"', b"1.5", b"3.0", b"1e2", b"1e999", b"-0"),
    *(b"[]", b"{}", b"[[[]]]", b"NaN", b"Infinity", b'""', b'"a\\u0000b"', b'"\\u0000"'),
    *(b'"\\ud800"', b'"\\udfff\\ud800"', b'"\xed\xa0\x80"', b'"\xff"', b'["a\\u0000"]'),
    *(b"2147483648", b"9223372036854775808", b"-9223372036854775809", b"9" * 40, b"9" * 5_000),
    *(b'"' + b"x" * 5_000 + b'"', b"[" * 5_000 + b"]" * 5_000),
    b'[{"questionId":"\\u0000","choiceId":"a"}]',
)


def odd_json() -> Iterator[tuple[str, bytes]]:
    """Yields addresses and bodies: a usable body with one field after the other spoilt."""
    for address, usable in API.items():
        for field in usable:
            body = msgspec.json.encode({**usable, field: "spoilt"})
            yield from ((address, body.replace(b'"spoilt"', value)) for value in ODD_VALUES)


async def test_no_address_is_an_error_of_ours(database: Database) -> None:
    async with raw_portal(database.url) as raw:
        answers: dict[object, int] = {t: await raw.get(t) for t in odd_targets()}
        answers |= {header: await raw.get("/login", header) for header in ODD_HEADERS}
        wrong = {sent: status for sent, status in answers.items() if not 200 <= status < 500}
    assert wrong == {}


async def test_no_form_is_an_error_of_ours(database: Database) -> None:
    async with raw_portal(database.url) as raw:
        wrong = [
            (address, kind, body[:60], status)
            for kind, body, headers in odd_forms()
            for address in ("/theme", "/account/profile", f"/video/{QUIZ}/answer", "/login")
            if not 300 <= (status := await raw.post(address, kind, body, *headers)) < 500
        ]
    assert wrong == []


async def test_no_json_is_an_error_of_ours(database: Database) -> None:
    async with raw_portal(database.url) as raw:
        wrong = [
            (address, body[:200], status)
            for address, body in odd_json()
            if not 200 <= (status := await raw.post(address, b"application/json", body)) < 500
        ]
    assert wrong == []
