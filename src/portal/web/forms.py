"""Reading of HTML forms, and the switch of the theme, which is the smallest of them."""

from __future__ import annotations

from typing import Any

from litestar import Response, post
from litestar.response import Redirect

from portal.errors import Invalid
from portal.web.pages import THEME_COOKIE, THEMES, local_path
from portal.web.session import cookie
from portal.web.site import Req, side_of

MAX_FIELD = 2_000  # characters


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


async def read_form(request: Req) -> Form:
    """Returns the fields of a form; `Invalid` when one is too long or not text."""
    fields: dict[str, list[str]] = {}
    for name, value in (await request.form()).multi_items():
        if len(value) > MAX_FIELD:
            raise Invalid("That is too long.", details={name: "This is too long."})
        if "\0" in value:
            raise Invalid("The text holds a character that cannot be stored.")
        fields.setdefault(name, []).append(value)
    return Form(fields)


@post("/theme", opt={"who": "public", "from_anybody": True}, include_in_schema=False)
async def switch_theme(request: Req) -> Response[Any]:
    """The choice is kept in a cookie of its own, so that it works signed out and without script."""
    form = await read_form(request)
    theme = form.text("theme")
    response = Redirect(local_path(form.text("next"), "/"), status_code=303)
    if theme in THEMES:
        secure = side_of(request) == "https"  # no secret: it is kept at a plain address too
        response.set_cookie(cookie(THEME_COOKIE, theme, seconds=365 * 86400, secure=secure))
    return response
