"""The leaderboard page."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.params import FromQuery
from litestar.response import Redirect

from portal.leaderboard.queries import MAX_PAGE, AskedScope, Period, default_scope, leaderboard
from portal.leaderboard.views import (
    address,
    leaderboard_page,
)
from portal.web.actor import CurrentActor
from portal.web.pages import page as render
from portal.web.site import Req


@get("/leaderboard", include_in_schema=False)
async def leaderboard_of(
    request: Req,
    actor: CurrentActor,
    whose: AskedScope = "default",
    period: FromQuery[Period] = "all",
    page: FromQuery[int | None] = None,
) -> Response[Any]:
    """Without a page, the best and the actor among the neighbours. Beyond the last page, that."""
    scope = default_scope(actor) if whose == "default" else whose
    if page is not None:
        page = min(max(page, 1), MAX_PAGE)
    board = await leaderboard(actor, scope, period, page or 1)
    if page is not None and page > max(1, board.pages):
        return Redirect(address(scope, period, board.pages or None), status_code=303)
    content = leaderboard_page(actor, board, scope, period, page)
    return await render(request, "leaderboard/leaderboard.html", content)


HANDLERS = [leaderboard_of]
