"""The page of the questions: which one is bad, and what to do about it."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.params import FromQuery
from litestar.response import Redirect

from portal.learning.site import course_of
from portal.manager.questions import queries, views
from portal.manager.questions.rules import FlagFilter, Sort
from portal.web.actor import CurrentActor
from portal.web.pages import page as render
from portal.web.site import Req


@get("/manager/questions", opt={"who": "manager"}, include_in_schema=False)
async def questions_page(
    request: Req,
    actor: CurrentActor,
    step: FromQuery[str] = "",
    flag: FromQuery[FlagFilter] = "",
    sort: FromQuery[Sort] = "",
    page: FromQuery[int] = 1,
) -> Response[Any]:
    """Beyond the last page, that."""
    course = course_of(request)
    asked = views.Asked(step, flag, sort, page)
    rows = await queries.questions(actor, course, step)
    content = views.questions_page(course, rows, asked)
    shown = content.pages.number if content.pages else 1
    if page != shown:
        return Redirect(views.address(asked, page=shown), status_code=303)
    return await render(request, "manager/questions.html", content)


HANDLERS = [questions_page]
