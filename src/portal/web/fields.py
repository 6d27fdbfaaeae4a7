"""The fields in the body of a form, counted before they are parsed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl

from litestar.enums import RequestEncodingType
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from multipart import MultipartSegment, PushMultipartParser

from portal.errors import Invalid

MAX_FORM = 64_000  # bytes: two fields of the longest text in any script, and room beside them
MAX_ESCAPES = 20_000  # `%` in it, each of which takes a microsecond of everybody's
MAX_FIELDS = 200
MAX_NAME = 100  # characters

TOO_MANY = "This form has too many fields."
UNREADABLE = "This form could not be read."
_BOUNDARY = re.compile(r"[ -~]{1,70}")


def read_fields(body: bytes, kind: str, options: Mapping[str, str]) -> list[tuple[str, str]]:
    """Returns the names and values of a form in the order in which they were sent; none for a body
    of another kind. Bytes that are not text are replaced. Raises `Invalid`, and 413 for too many
    bytes."""
    fields = _fields_in(body, kind, options)
    if any(len(name) > MAX_NAME for name, _ in fields):
        raise Invalid("The name of a field in this form is too long.")
    return fields


def _fields_in(body: bytes, kind: str, options: Mapping[str, str]) -> list[tuple[str, str]]:
    if len(body) > MAX_FORM:
        raise RequestEntityTooLarge
    if kind == RequestEncodingType.URL_ENCODED:
        if body.count(b"&") >= MAX_FIELDS:
            raise Invalid(TOO_MANY)
        if body.count(b"%") > MAX_ESCAPES:
            raise RequestEntityTooLarge
        return parse_qsl(body.decode("latin-1"), keep_blank_values=True)
    if kind == RequestEncodingType.MULTI_PART:
        boundary = options.get("boundary", "")
        if not _BOUNDARY.fullmatch(boundary):
            raise Invalid(UNREADABLE)
        try:
            return list(_fields_of_parts(body, boundary))
        except ValueError:  # of the parser, and of what it decodes
            raise Invalid(UNREADABLE) from None
    return []


def _fields_of_parts(body: bytes, boundary: str) -> Iterator[tuple[str, str]]:
    """Yields the parts of a body in `multipart/form-data`. Their text is UTF-8, as a form's is in
    every browser; the character set that a part names is ignored."""
    if body.count(b"--" + boundary.encode()) > MAX_FIELDS + 1:
        raise Invalid(TOO_MANY)
    name, value = "", bytearray()
    with PushMultipartParser(boundary) as parser:
        for chunk in (body, b""):
            for event in parser.parse(chunk):
                if isinstance(event, MultipartSegment):
                    if event.filename:
                        raise Invalid("This form does not accept files.")
                    name = event.name
                elif event:
                    value += event
                else:
                    yield name, value.decode(errors="replace")
                    value.clear()
