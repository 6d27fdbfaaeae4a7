"""The search page."""

from __future__ import annotations

import msgspec
from litestar import Response, get
from litestar.params import FromQuery

from portal.errors import Invalid
from portal.learning.locks import card_href, has_locks
from portal.learning.site import course_of
from portal.search import queries, views
from portal.search.views import Found
from portal.web.actor import CurrentActor
from portal.web.pages import Link, page
from portal.web.site import Req


class SearchPage(msgspec.Struct, frozen=True, kw_only=True):
    """`steps` are a way on where there is no result; `error` is what the field has to say."""

    query: str
    error: str | None
    found: Found
    steps: list[Link]


@get("/search", include_in_schema=False)
async def search_page(request: Req, actor: CurrentActor, q: FromQuery[str] = "") -> Response[str]:
    course = course_of(request)
    try:
        query, error = views.checked(q), None
    except Invalid as refusal:
        query, error = "", refusal.sentence
    found = await queries.search_course(actor, course, query)
    content = SearchPage(
        query=q[: views.MAX_QUERY] if error else query,
        error=error,
        found=found,
        steps=[]
        if found.total
        else [
            # on the path a locked step says what opens it
            Link(
                card_href(step) if has_locks(course) else f"/step/{step.id}",
                f"Step {step.id}: {step.title}",
            )
            for step in course.steps
        ],
    )
    return await page(request, "search/search.html", content, status=400 if error else 200)


HANDLERS = [search_page]
