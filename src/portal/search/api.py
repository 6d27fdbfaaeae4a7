"""Search for programs, and for the results that appear while somebody types."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec
from litestar import get
from litestar.params import FromQuery

from portal.learning.site import course_of
from portal.search import queries, views
from portal.search.views import Found
from portal.web.actor import CurrentActor
from portal.web.openapi import up_to
from portal.web.site import Req

Query: TypeAlias = Annotated[str, up_to(views.MAX_QUERY), msgspec.Meta(examples=["prompt"])]


@get("/api/search", summary="Videos, steps, topics, and explanations of questions answered")
async def search(request: Req, actor: CurrentActor, q: FromQuery[Query] = "") -> Found:
    return await queries.search_course(actor, course_of(request), views.checked(q))


HANDLERS = [search]
