"""Search for programs, and for the results that appear while somebody types."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import msgspec
from litestar import Request, get
from litestar.params import FromQuery

from portal.search import queries, views
from portal.search.views import Found
from portal.web.auth import CurrentActor
from portal.web.openapi import up_to

Query: TypeAlias = Annotated[str, up_to(views.MAX_QUERY), msgspec.Meta(examples=["prompt"])]


@get("/api/search", summary="Videos, steps, topics, and explanations of questions answered")
async def search(
    request: Request[Any, Any, Any], actor: CurrentActor, q: FromQuery[Query] = ""
) -> Found:
    return await queries.search(actor, request.app.state.course, views.checked(q))


HANDLERS = [search]
