"""The list of a team, or of the whole company, as a file."""

from __future__ import annotations

from collections.abc import AsyncIterator

from litestar import get
from litestar.response import Stream

from portal import clock
from portal.learning.site import course_of
from portal.manager import access, exports, queries
from portal.manager.filters import EVERYBODY, Filters, parse
from portal.manager.rules import LeftRow
from portal.web.actor import Actor, CurrentActor
from portal.web.formats import zone
from portal.web.site import Req, site
from portal.web.spreadsheets import CSV_TYPE, XLSX_TYPE, Rows, csv_file, xlsx_file


@get(
    "/api/manager/metrics.csv",
    opt={"who": "manager", "file": CSV_TYPE, "errors": (404,)},
    summary="The rows of a team as CSV",
)
async def metrics_csv(request: Req, actor: CurrentActor) -> Stream:
    """The rows of `/api/manager/metrics` with the same filters; docs/EXPORTS.md has the columns."""
    return await _file(request, actor, "csv")


@get(
    "/api/manager/metrics.xlsx",
    opt={"who": "manager", "file": XLSX_TYPE, "errors": (404,)},
    summary="The rows of a team as a workbook",
)
async def metrics_xlsx(request: Req, actor: CurrentActor) -> Stream:
    """The rows of `/api/manager/metrics` with the same filters, in one sheet."""
    return await _file(request, actor, "xlsx")


async def _file(request: Req, actor: Actor, ending: str) -> Stream:
    course = course_of(request)
    filters = parse(request.query_params.multi_items(), course.steps_by_id)
    team = await access.team_of(actor, filters.team)  # before the answer begins: it may be a 404
    whose = team.id if team else EVERYBODY if actor.role == "admin" else "none"
    columns = exports.columns(list(course.steps_by_id))
    parts = _nothing() if request.scope["state"].get("head") else _rows(request, actor, filters)
    if ending == "csv":
        content, kind = csv_file(columns, parts), CSV_TYPE
    else:
        content, kind = xlsx_file(columns, parts, sheet=f"team {whose}"), XLSX_TYPE
    today = clock.now().astimezone(zone(actor.time_zone))
    name = exports.file_name(whose, today, ending)
    return Stream(
        content,
        media_type=kind,
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


async def _nothing() -> AsyncIterator[Rows]:
    return
    yield


async def _rows(request: Req, actor: Actor, filters: Filters) -> AsyncIterator[Rows]:
    """Yields the cells of all members team by team, then those of the people who left."""
    course = course_of(request)
    steps = list(course.steps_by_id)
    time_zone = site(request).settings.time_zone
    async for rows in queries.member_chunks(actor, course, filters, time_zone):
        yield [exports.member_cells(row, steps, actor.time_zone) for row in rows]
    team = await access.team_of(actor, filters.team)
    gone = await queries.left(actor, filters)
    of = (team.id, team.name) if team else (None, None)
    yield [
        exports.left_cells(row, of, steps, actor.time_zone) for row in gone if _kept(filters, row)
    ]


def _kept(filters: Filters, row: LeftRow) -> bool:
    """Who left has no state any more, so that a list of some states does not hold them."""
    return not filters.status and filters.matches_name(row.member.name)


HANDLERS = [metrics_csv, metrics_xlsx]
