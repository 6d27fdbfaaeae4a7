"""What is too much is refused before it is parsed, and nothing that is read is kept."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from portal.errors import Invalid
from portal.quiz.api import SubmitRequest
from portal.web import bounds, fields
from portal.web.json_body import problem_in, read_json
from portal.web.request import PortalRequest

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
HEAD = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n'


def parts(count: int) -> bytes:
    return (HEAD + b"v\r\n") * count + b"--x--\r\n"


def never(*_: Any, **__: Any) -> Any:
    raise AssertionError("it was parsed")


@pytest.mark.parametrize(
    ("kind", "body", "error"),
    [
        (FORM, b"a&" * 30_000, Invalid),
        (FORM, b"a=b&" * fields.MAX_FIELDS, Invalid),
        (FORM, b"a=" + b"%" * 30_000, RequestEntityTooLarge),
        (FORM, b"a=" + b"x" * fields.MAX_FORM, RequestEntityTooLarge),
        (MULTIPART, parts(fields.MAX_FIELDS + 1), Invalid),
        (MULTIPART, HEAD + b"x" * fields.MAX_FORM, RequestEntityTooLarge),
    ],
)
def test_a_form_that_is_too_much_is_not_parsed(
    monkeypatch: pytest.MonkeyPatch, kind: str, body: bytes, error: type[Exception]
) -> None:
    monkeypatch.setattr(fields, "parse_qsl", never)
    monkeypatch.setattr(fields, "PushMultipartParser", never)
    with pytest.raises(error):
        fields.read_fields(body, kind, {"boundary": "x"})


def test_as_many_fields_as_are_allowed() -> None:
    most = b"&".join([b"a=v"] * fields.MAX_FIELDS)
    assert fields.read_fields(most, FORM, {}) == [("a", "v")] * fields.MAX_FIELDS
    sent = fields.read_fields(parts(fields.MAX_FIELDS), MULTIPART, {"boundary": "x"})
    assert sent == [("a", "v")] * fields.MAX_FIELDS


def test_both_kinds_of_form_say_the_same() -> None:
    urlencoded = b"a=%C3%A9+1&b=&a=%F0%9F%98%80"
    multipart = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (("a", "é 1"), ("b", ""), ("a", "😀"))
    )
    assert (
        fields.read_fields(urlencoded, FORM, {})
        == fields.read_fields(f"{multipart}--x--".encode(), MULTIPART, {"boundary": "x"})
        == [("a", "é 1"), ("b", ""), ("a", "😀")]
    )


@pytest.mark.parametrize("name", [b"n" * 101, b"%6e" * 101])
def test_the_name_of_a_field_is_short(name: bytes) -> None:
    with pytest.raises(Invalid, match="name of a field"):
        fields.read_fields(name + b"=v", FORM, {})


@pytest.mark.parametrize(
    ("address", "cookie", "said"),
    [
        ({}, "sid=" + "a" * 43, None),
        ({"path": "/" + "a" * 2_048}, "", "too long"),
        ({"query_string": b"a" * 5_000}, "", "too long"),
        ({"query_string": b"a&" * 100}, "", "too many parameters"),
        ({}, "a=b;" * 200, "too many cookies"),
        ({}, "a" * 17_000, "too many cookies"),
    ],
)
def test_the_address_and_the_cookies(
    address: dict[str, Any], cookie: str, said: str | None
) -> None:
    scope = {"path": "/", "query_string": b"", **address}
    sentence = bounds.excess(scope, {"cookie": cookie})
    assert (sentence is None) if said is None else said in (sentence or "")


def test_no_form_cookie_or_password_is_kept_after_its_request() -> None:
    """A thousand forms of the largest kind would be all the memory there is."""
    secret = b"password=" + b"s3cret" * 4
    cookie = "sid=" + "t0ken" * 4
    before = sys.getrefcount(secret), sys.getrefcount(cookie)
    fields.read_fields(secret, FORM, {})
    scope: Any = {"type": "http", "headers": [(b"cookie", cookie.encode())]}
    assert PortalRequest(scope).cookies == {"sid": "t0ken" * 4}
    assert (sys.getrefcount(secret), sys.getrefcount(cookie)) == before


@pytest.mark.parametrize(
    ("body", "field", "sentence"),
    [
        (b'{"videoId":"v","attemptNumber":"1"}', "attemptNumber", "A whole number is expected."),
        (b'{"videoId":"v","attemptNumber":1.0}', "attemptNumber", "A whole number is expected."),
        (b'{"videoId":"v","attemptNumber":true}', "attemptNumber", "A whole number is expected."),
        (b'{"videoId":5,"attemptNumber":1}', "videoId", "Text is expected."),
        (b'{"attemptNumber":1}', "videoId", "`videoId` is missing."),
        (
            b'{"videoId":"v","attemptNumber":1,"answers":[{}]}',
            "answers[0].questionId",
            "`questionId` is missing.",
        ),
        (b'{"videoId":"v","attemptNumber":1,"answers":{}}', "answers", "A list is expected."),
        (b"[]", "body", "An object is expected."),
    ],
)
def test_a_finding_is_a_sentence_of_ours(body: bytes, field: str, sentence: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_json(body, SubmitRequest)
    assert caught.value.details == {field: sentence}


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("Expected `int` <= 2147483647 - at `$.n`", ("n", "At most 2,147,483,647 is expected.")),
        ("Expected `int` >= 1", ("", "At least 1 is expected.")),
        (
            "Expected `str` of length <= 2 - at `$.s`",
            ("s", "At most 2 characters are expected."),
        ),
        ("Expected `array` of length <= 3 - at `$.l`", ("l", "At most 3 entries are expected.")),
        ("Integer value out of range - at `$.n`", ("n", "This number is too large.")),
        ("Invalid enum value 'hunter2' - at `$.k`", ("k", "This value cannot be used.")),
        ("Expected `str` matching regex '^x$'", ("", "This value cannot be used.")),
        ("'data'", ("", "This value cannot be used.")),
    ],
)
def test_what_a_library_says_is_said_in_our_words(message: str, found: tuple[str, str]) -> None:
    assert problem_in(message) == found
