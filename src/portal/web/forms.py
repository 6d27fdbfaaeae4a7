"""Reading of HTML forms, and the switch of the theme, which is the smallest of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request, Response, post
from litestar.datastructures import Cookie
from litestar.enums import RequestEncodingType
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.response import Redirect
from multipart import MultipartSegment, PushMultipartParser

from portal.errors import Invalid
from portal.web.pages import THEME_COOKIE, THEMES, local_path

MAX_FIELD = 2_000  # characters
MAX_NAME = 100
MAX_FIELDS = 200
MAX_FORM = 64_000  # bytes: two fields of the longest text in any script, and room beside them
MAX_ESCAPES = 20_000  # `%` in it, each of which takes a microsecond of everybody's

TOO_MANY = "This form has too many fields."
UNREADABLE = "This form could not be read."
_BOUNDARY = re.compile(r"[ -~]{1,70}")


class Form:
    """The fields of a submitted form. Text is trimmed; a field that is too long is refused."""

    def __init__(self, fields: dict[str, list[str]]) -> None:
        self._fields = fields

    def text(self, name: str, *, trim: bool = True) -> str:
        """Returns the first value of a field, or an empty string."""
        values = self._fields.get(name)
        if not values:
            return ""
        return values[0].strip() if trim else values[0]

    def all(self, name: str) -> list[str]:
        return self._fields.get(name, [])

    def number(self, name: str) -> int | None:
        text = self.text(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


async def read_form(request: Request[Any, Any, Any]) -> Form:
    """Returns the fields of a form; `Invalid` when there are too many of them, or one is too long
    or not text. Not by Litestar, which keeps the forms that it has read, with their passwords."""
    fields: dict[str, list[str]] = {}
    for name, value in await _sent(request):
        if len(name) > MAX_NAME:
            raise Invalid("A field of this form has too long a name.")
        if len(value) > MAX_FIELD:
            raise Invalid("That is too long.", details={name: "This is too long."})
        if "\0" in value or "\0" in name:
            raise Invalid("The text holds a character that cannot be stored.")
        fields.setdefault(name, []).append(value)
    return Form(fields)


async def _sent(request: Request[Any, Any, Any]) -> list[tuple[str, str]]:
    """Returns the pairs of names and values in the order in which they were sent; bytes that are no
    text are replaced."""
    kind, options = request.content_type
    body = await request.body()
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
            return list(_parts(body, boundary))
        except ValueError:  # of the parser, and of what it decodes
            raise Invalid(UNREADABLE) from None
    return []


def _parts(body: bytes, boundary: str) -> Iterator[tuple[str, str]]:
    """Yields the parts of a body in `multipart/form-data`. Their text is UTF-8, as a form's is in
    every browser; what a part says of its own character set is not looked at."""
    if body.count(b"--" + boundary.encode()) > MAX_FIELDS + 1:
        raise Invalid(TOO_MANY)
    name, value = "", bytearray()
    with PushMultipartParser(boundary) as parser:
        for chunk in (body, b""):
            for event in parser.parse(chunk):
                if isinstance(event, MultipartSegment):
                    if event.filename:
                        raise Invalid("This form takes no files.")
                    name = event.name
                elif event:
                    value += event
                else:
                    yield name, value.decode(errors="replace")
                    value.clear()


@post("/theme", opt={"who": "public", "from_anybody": True}, include_in_schema=False)
async def switch_theme(request: Request[Any, Any, Any]) -> Response[Any]:
    """The choice is kept in a cookie of its own, so that it works signed out and without script."""
    form = await read_form(request)
    theme = form.text("theme")
    response = Redirect(local_path(form.text("next"), "/"), status_code=303)
    if theme in THEMES:
        response.set_cookie(
            Cookie(
                key=THEME_COOKIE,
                value=theme,
                max_age=365 * 86400,
                path="/",
                samesite="lax",
                httponly=True,
                # no secret: it is kept at a plain address too
                secure=request.app.state.side_of(request) == "https",
            )
        )
    return response
