"""The leaderboard: a part of the ranks, and the actor's place in them, in one statement."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias
from uuid import UUID

import msgspec
from litestar.params import QueryParameter

from portal import clock
from portal.accounts.rules import HIDDEN_NAME
from portal.db import sql
from portal.scoring.queries import GAINED, IS_NAMED
from portal.scoring.rules import recent_since
from portal.web.actor import Actor
from portal.web.paging import lines_of, page_count

Scope: TypeAlias = Literal["track", "team", "all"]
Period: TypeAlias = Literal["all", "30d"]

# Under a name of its own in handlers: there `scope` is the request's. `default` is the actor's own;
# not None, which the text "null" in an address would be as well.
AskedScope: TypeAlias = Annotated[Scope | Literal["default"], QueryParameter(name="scope")]


MAX_PAGE = 1_000_000
TOP = 10
BESIDE = 2  # people on each side of the actor

_SCOPES: dict[Scope, str] = {
    "track": "s.track = $2",
    "team": "s.learner IN (SELECT id FROM app_user WHERE team = $2)",
    "all": "$2::text IS NULL",
}
_RECENT_GAIN = f"""(SELECT coalesce(sum({GAINED}), 0) FROM quiz_attempt a
        WHERE a.learner = s.learner AND a.completed_at > $3)"""  # noqa: S608 - constants
_ENTRIES: dict[Period, str] = {
    "all": "SELECT s.learner, s.score AS points FROM user_score s WHERE s.ranked AND {scope}",
    "30d": f"""
        SELECT learner, points FROM (
            SELECT s.learner, sum({GAINED}) AS points
            FROM user_score s JOIN quiz_attempt a ON a.learner = s.learner
            WHERE s.ranked AND {{scope}} AND a.completed_at > $3
            GROUP BY s.learner OFFSET 0
        ) AS gains WHERE points > 0""",  # noqa: S608 - constants; without OFFSET it adds up twice
}
# Everybody of the scope is put in order: with 10,000 people that takes some 10 ms, and when each
# has a dozen attempts in the period, some 150. Names are looked up only for those that are shown.
_BOARD = """
    WITH entries AS ({entries}
    ), placed AS MATERIALIZED (
        SELECT learner, points, rank() OVER (ORDER BY points DESC) AS position,
               row_number() OVER (ORDER BY points DESC, learner) AS line
        FROM entries
    ), shown AS (
        SELECT * FROM placed WHERE line BETWEEN $4 AND $5
            OR abs(line - (SELECT line FROM placed WHERE learner = $1)) <= $6
    )
    SELECT (SELECT count(*) FROM placed) AS total,
           (SELECT coalesce(jsonb_agg(jsonb_build_object(
                'line', p.line, 'position', p.position, 'points', p.points, 'me', u.id = $1,
                'id', CASE WHEN {named} THEN u.external_id END,
                'known_name', CASE WHEN {named} THEN u.name END,
                'team', CASE WHEN {named} THEN t.name END,
                'unlisted', u.unlisted_at IS NOT NULL, 'track', t.track, 'score', s.score,
                'quizzes_completed', s.quizzes_completed, 'gained', {gained})
                ORDER BY p.line), '[]')::text
            FROM shown p JOIN user_score s ON s.learner = p.learner
            JOIN app_user u ON u.id = p.learner LEFT JOIN team t ON t.id = u.team) AS entries
"""


class BoardEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A person of the list. `line` is the place in it, from 1; `position` the rank, which equal
    `points` share: the score, or what was gained in the period. Who does not want to be named has
    neither id nor name nor team."""

    line: int
    position: int
    points: int
    me: bool
    id: str | None
    known_name: str | None
    team: str | None
    unlisted: bool
    track: str
    score: int
    quizzes_completed: int
    gained: int

    @property
    def name(self) -> str:
        return self.known_name or HIDDEN_NAME


class Board(msgspec.Struct, frozen=True):
    """`entries` in order: those asked for, and the actor's own with its neighbours, if ranked."""

    total: int
    entries: list[BoardEntry]

    @property
    def pages(self) -> int:
        return page_count(self.total)

    @property
    def me(self) -> BoardEntry | None:
        return next((entry for entry in self.entries if entry.me), None)

    def lines(self, first: int, last: int) -> list[BoardEntry]:
        return [entry for entry in self.entries if first <= entry.line <= last]

    def around(self) -> list[BoardEntry]:
        """Returns the actor between their neighbours; nobody for an actor without a rank."""
        me = self.me
        return self.lines(me.line - BESIDE, me.line + BESIDE) if me else []


class _BoardRow(msgspec.Struct, frozen=True):
    total: int
    entries: str


def page_of(line: int) -> int:
    return page_count(line)


def default_scope(actor: Actor) -> Scope:
    return "track" if actor.track else "all"


async def leaderboard(actor: Actor, scope: Scope, period: Period, page: int) -> Board:
    """Returns the lines of a page of the ranks of the actor's track or team, or of everybody; empty
    for an actor who has none."""
    of: dict[Scope, str | None] = {"track": actor.track, "team": actor.team_id, "all": None}
    if scope != "all" and of[scope] is None:
        return Board(0, [])
    query = _QUERIES[scope, period]
    me: UUID = actor.user_id
    since = recent_since(clock.now())
    rows = await sql.fetch(_BoardRow, query, me, of[scope], since, *lines_of(page), BESIDE)
    return Board(rows[0].total, msgspec.json.decode(rows[0].entries, type=list[BoardEntry]))


def _query(scope: Scope, period: Period) -> str:
    return _BOARD.format(
        entries=_ENTRIES[period].format(scope=_SCOPES[scope]),
        named=IS_NAMED,
        gained="p.points" if period == "30d" else _RECENT_GAIN,
    )


_QUERIES: dict[tuple[Scope, Period], str] = {
    (scope, period): _query(scope, period) for scope in _SCOPES for period in _ENTRIES
}
