"""The pages of whoever looks after a team."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from litestar import Response, get
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from portal import clock
from portal.learning.course import Course
from portal.learning.site import course_of
from portal.manager import overview_views, queries, views
from portal.manager.access import SeenTeam
from portal.manager.choices import address
from portal.manager.filters import EVERYBODY, parse
from portal.manager.member_queries import member_seen
from portal.manager.member_views import VIEWS, View, member_page
from portal.manager.warnings import warnings
from portal.scoring.rules import MONDAY_TO_FRIDAY, in_order
from portal.web.actor import Actor, CurrentActor
from portal.web.formats import zone
from portal.web.pages import page as render
from portal.web.site import Req, site

MAX_PAGE = 1_000_000


def _week_of(teams: list[SeenTeam], team: str | None) -> list[int] | None:
    """Returns the working days of the team in their order; None for the whole company."""
    found = next((each for each in teams if each.id == team), None)
    if found is None:
        return None
    return in_order(frozenset(found.working_days) if found.working_days else MONDAY_TO_FRIDAY)


def _choices(actor: Actor, teams: list[SeenTeam]) -> list[tuple[str, str]]:
    """Returns the teams between which the actor can choose, none where there is one alone."""
    named = [(team.id, team.name) for team in teams]
    if actor.role == "admin":
        return [("", "All teams, side by side"), *named, (EVERYBODY, "Everyone")]
    return named if len(named) > 1 else []


def _steps(course: Course) -> list[tuple[str, str]]:
    return [(step.id, step.title) for step in course.steps]


@get("/manager", include_in_schema=False, opt={"who": "manager"})
async def team(request: Req, actor: CurrentActor, page: FromQuery[int] = 1) -> Response[Any]:
    """A team with its filters; for an admin who names none all teams, side by side. Unusable
    filters are passed over. Beyond the last page, that."""
    course = course_of(request)
    asked = parse(request.query_params.multi_items(), course.steps_by_id, strict=False)
    settings = site(request).settings
    time_zone = settings.time_zone
    if actor.role == "admin" and asked.team is None:
        lines = await queries.overview(actor, course, time_zone)
        return await render(
            request,
            "manager/overview.html",
            overview_views.overview(lines, await warnings(actor, settings)),
        )
    teams = await queries.teams_of(actor)
    if not teams and actor.role == "manager" and asked.team is None:
        return await render(request, "manager/no_team.html", None)
    everybody = msgspec.structs.replace(asked, status=(), q="")
    metrics = await queries.metrics(actor, course, everybody, time_zone)
    page = min(max(page, 1), MAX_PAGE)
    last = views.last_page(metrics, asked)
    if page > last:
        return Redirect(address(asked, last), status_code=303)
    content = views.team_page(
        metrics,
        asked,
        page,
        me=actor.external_id,
        week=_week_of(teams, metrics.team_id),
        today=_today(actor, clock.now()),
        steps=_steps(course),
        teams=_choices(actor, teams),
        warnings=await warnings(actor, settings),
    )
    return await render(request, "manager/team.html", content)


def _today(actor: Actor, now: datetime) -> int:
    return now.astimezone(zone(actor.time_zone)).isoweekday()


@get("/manager/member/{member_id:str}", include_in_schema=False, opt={"who": "manager"})
async def member(
    request: Req, actor: CurrentActor, member_id: FromPath[str], view: FromQuery[str] = "path"
) -> Response[str]:
    """A member of a team that the actor leads, with one of three views open; unknown ones mean the
    first."""
    course = course_of(request)
    seen = await member_seen(actor, course, member_id, site(request).settings.time_zone)
    chosen: View = next((known for known in VIEWS if known == view), "path")
    content = member_page(seen, course, chosen, actor.external_id)
    return await render(request, "manager/member.html", content)


HANDLERS = [team, member]
