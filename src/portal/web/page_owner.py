"""Whose page a write comes from.

One browser can have pages of two people open: the second signed in while the pages of the first
were still there. Every form and every script says for whom its page was made, and what was begun as
one person is never stored for another. Programs say nothing, and are not asked.
"""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.enums import RequestEncodingType

from portal.errors import Conflict
from portal.web import pages
from portal.web.auth import current_actor
from portal.web.csrf import SAFE_METHODS
from portal.web.errors import Later, is_api, on_portal_error
from portal.web.forms import read_form
from portal.web.paths import address_of
from portal.web.site import AnyConnection, Req

FIELD = "for"  # of the macro `form`
HEADER = "x-portal-user"  # of js/ask.js
TITLE = "Someone else is signed in now"
NOTHING_SAVED = "This page was opened for someone else, so nothing was saved."

_FORMS = (RequestEncodingType.URL_ENCODED, RequestEncodingType.MULTI_PART)


class SomebodyElse(Conflict):
    """The page was made for one person, and another is signed in; `name` is the latter's."""

    def __init__(self, name: str) -> None:
        super().__init__(f"You are signed in as {name} now.")
        self.name = name


async def require_owner(connection: AnyConnection, handler: Any) -> None:
    """Guard: refuse a write from a page that was made for someone other than the person signed in.

    `opt={"from_anybody": True}` is for what does not act on behalf of the person signed in.
    """
    if connection.scope["method"] in SAFE_METHODS or handler.opt.get("from_anybody"):  # type: ignore[typeddict-item]
        return
    owners = await _owners(connection)
    if not owners:
        return
    actor = await current_actor(connection)
    if actor is not None and owners != {actor.external_id}:
        raise SomebodyElse(actor.name)


async def _owners(connection: AnyConnection) -> set[str]:
    """Returns whom the request names, as external ids; "" for a page on which nobody was signed in.
    Empty when it does not say, so that it comes from no page."""
    owners = set()
    if HEADER in connection.headers:
        owners.add(connection.headers[HEADER])
    kind = connection.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in _FORMS and isinstance(connection, Request):
        owners.update((await read_form(connection)).all(FIELD))
    return owners


def on_somebody_else(request: Req, error: SomebodyElse) -> Any:
    """Returns 409: JSON with the sentence, or a page that can be opened again as who is signed in
    now."""
    if is_api(request.scope["path"]):
        return on_portal_error(request, error)
    return Later(
        lambda: pages.error_page(
            request,
            status=409,
            title=TITLE,
            message=f"{error.sentence} {NOTHING_SAVED}",
            request_id=None,
            retry=pages.Link(address_of(request), f"Open the page as {error.name}"),
        )
    )
