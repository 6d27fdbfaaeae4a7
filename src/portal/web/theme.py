"""The theme of the pages, kept in a cookie of its own, so that it works signed out and without
script."""

from __future__ import annotations

from typing import Any

from litestar import Response, post
from litestar.response import Redirect

from portal.web.forms import read_form
from portal.web.paths import local_path
from portal.web.session import cookie
from portal.web.site import Req, side_of

THEME_COOKIE = "theme"
THEMES = ("system", "light", "dark")
SECONDS = 365 * 86_400


def theme_of(request: Req) -> str:
    """Returns the theme that was chosen in this browser."""
    theme = request.cookies.get(THEME_COOKIE, "system")
    return theme if theme in THEMES else "system"


@post("/theme", opt={"who": "public", "from_anybody": True}, include_in_schema=False)
async def switch_theme(request: Req) -> Response[Any]:
    form = await read_form(request)
    theme = form.text("theme")
    response = Redirect(local_path(form.text("next"), "/"), status_code=303)
    if theme in THEMES:
        secure = side_of(request) == "https"  # no secret: it is kept at a plain address too
        response.set_cookie(cookie(THEME_COOKIE, theme, seconds=SECONDS, secure=secure))
    return response
