"""The leaderboard for programs and scripts."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get
from litestar.params import FromQuery

from portal.errors import Invalid
from portal.leaderboard import queries
from portal.leaderboard.queries import (
    MAX_PAGE,
    AskedScope,
    BoardEntry,
    Period,
    Scope,
    default_scope,
)
from portal.web.actor import CurrentActor
from portal.web.openapi import between
from portal.web.paging import lines_of


class Ranked(msgspec.Struct, frozen=True, rename="camel"):
    """A person of the ranks. `score` is the total, `gained` the part of the last 30 days, and
    `position` the rank in the period asked for. `id` and `team` are null for somebody who is not
    named."""

    id: str | None
    name: str
    score: int
    position: int
    gained: int
    quizzes_completed: int
    team: str | None
    track: str


class Leaderboard(msgspec.Struct, frozen=True, rename="camel"):
    """A page of the ranks; empty beyond the last one. `total` counts all who are ranked here. `me`
    is null for somebody without a rank, and `around` then empty; otherwise it holds up to two
    people above and below as well."""

    scope: Scope
    period: Period
    page: int
    pages: int
    total: int
    rows: list[Ranked]
    me: Ranked | None
    around: list[Ranked]


@get("/api/leaderboard", summary="The ranks of a track, a team or everybody, 50 to a page")
async def leaderboard(
    actor: CurrentActor,
    whose: AskedScope = "default",
    period: FromQuery[Period] = "all",
    page: FromQuery[Annotated[int, between(1, MAX_PAGE)]] = 1,
) -> Leaderboard:
    if not 1 <= page <= MAX_PAGE:
        raise Invalid("A page is a number from 1 on.", details={"page": "Not a page."})
    scope = default_scope(actor) if whose == "default" else whose
    board = await queries.leaderboard(actor, scope, period, page)
    return Leaderboard(
        scope=scope,
        period=period,
        page=page,
        pages=board.pages,
        total=board.total,
        rows=[_ranked(entry) for entry in board.lines(*lines_of(page))],
        me=_ranked(board.me) if board.me else None,
        around=[_ranked(entry) for entry in board.around()],
    )


def _ranked(entry: BoardEntry) -> Ranked:
    return msgspec.convert(entry, Ranked, from_attributes=True)


HANDLERS = [leaderboard]
