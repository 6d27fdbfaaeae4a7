"""The path, its steps, and what is shown in place of something locked."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from portal.learning import actions
from portal.learning.course import Course
from portal.learning.locks import Locked
from portal.learning.queries import open_step, outline_of, step_of
from portal.learning.site import course_of
from portal.learning.views import locked_view, path_view, step_view
from portal.web.actor import CurrentActor
from portal.web.errors import Later, is_api, on_portal_error
from portal.web.forms import read_form
from portal.web.pages import page
from portal.web.site import Req


def label_of(course: Course, path: str) -> str | None:
    """Returns what a path of this site shows, or None."""
    parts = path.partition("?")[0].strip("/").split("/")
    match parts:
        case ["step", step_id] if step_id in course.steps_by_id:
            return f"Step {step_id}"
        case ["video", video_id] if video := course.find(video_id):
            return video.title
        case ["path"]:
            return "the path"
    return None


@get("/path", include_in_schema=False)
async def path_page(request: Req, actor: CurrentActor) -> Response[str]:
    outline = await outline_of(actor, course_of(request))
    content = path_view(outline)
    return await page(request, "learning/path.html", content)


@get("/step/{step_id:str}", include_in_schema=False)
async def step_page(request: Req, actor: CurrentActor, step_id: FromPath[str]) -> Response[str]:
    course = course_of(request)
    step = step_of(course, step_id)
    outline = await outline_of(actor, course)
    outline.locks.check(step)
    content = step_view(outline, step)
    return await page(request, "learning/step.html", content)


@post("/step/{step_id:str}/practice", include_in_schema=False)
async def tick(request: Req, actor: CurrentActor, step_id: FromPath[str]) -> Redirect:
    step = await open_step(actor, course_of(request), step_id)
    form = await read_form(request)
    item = form.text("item")
    await actions.tick(actor, step, item, ticked=form.text("ticked") == "true")
    return Redirect(f"/step/{step.id}#task-{item}", status_code=303)


def on_locked(request: Req, error: Locked) -> Any:
    """Returns 403: JSON with the reason, or a page with the reason, what opens the lock, and what
    is behind it."""
    if is_api(request.scope["path"]):
        return on_portal_error(request, error)
    content = locked_view(error)
    return Later(lambda: page(request, "learning/locked.html", content, status=403))


HANDLERS = [path_page, step_page, tick]
