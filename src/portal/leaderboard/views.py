"""What the leaderboard says: who stands where, in words and rows. Pure."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from portal.accounts.rules import TRACKS
from portal.leaderboard.queries import TOP, Board, BoardEntry, Period, Scope, page_of
from portal.quiz.kpis import Placed, distance
from portal.scoring.rules import RECENT_DAYS
from portal.web.actor import Actor
from portal.web.formats import number, ordinal, plural
from portal.web.languages import isolated
from portal.web.paging import PER_PAGE, Pages, lines_of, pages_of

RowKind: TypeAlias = Literal["person", "gap"]


class Tab(msgspec.Struct, frozen=True):
    label: str
    href: str
    current: bool


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A person, or a gap that says in `name` how many stand between."""

    kind: RowKind = "person"
    position: int = 0
    name: str
    named: bool = True
    team: str = ""
    quizzes: int = 0
    score: int = 0
    gained: str = ""
    me: bool = False


class BoardPages(msgspec.Struct, frozen=True):
    """The pages of the ranks, the address of the best, and of the actor's own page elsewhere."""

    pager: Pages
    top: str
    mine: str | None


class LeaderboardPage(msgspec.Struct, frozen=True, kw_only=True):
    heading: str
    lead: str
    scopes: list[Tab]
    periods: list[Tab]
    rows: list[Row]
    recent: bool
    with_team: bool
    empty: str
    hidden_me: bool
    hidden_others: bool
    pages: BoardPages | None
    how: str


def address(scope: Scope, period: Period, page: int | None = None) -> str:
    query = f"scope={scope}&period={period}" + (f"&page={page}" if page else "")
    return f"/leaderboard?{query}"


def leaderboard_page(
    actor: Actor, board: Board, scope: Scope, period: Period, page: int | None
) -> LeaderboardPage:
    """Returns a page of the list; without a number the best, and the actor among the neighbours."""
    me = board.me
    return LeaderboardPage(
        heading=_board_heading(board, _in_scope(actor, scope), period),
        lead=_board_lead(actor, board, period),
        scopes=[
            Tab(label, address(each, period), each == scope) for each, label in _tabs(actor).items()
        ],
        periods=[
            Tab("All time", address(scope, "all"), period == "all"),
            Tab(f"Last {RECENT_DAYS} days", address(scope, "30d"), period == "30d"),
        ],
        rows=_board_rows(board, _listed(board, page), scope),
        recent=period == "30d",
        with_team=scope != "team",
        empty=_empty(actor, scope, period),
        hidden_me=me is not None and me.unlisted,
        hidden_others=any(entry.known_name is None for entry in board.entries),
        pages=_pages(board, scope, period, page) if board.total > PER_PAGE else None,
        how=_how(period),
    )


def _tabs(actor: Actor) -> dict[Scope, str]:
    return {
        "track": f"Track {TRACKS[actor.track]}" if actor.track else "Track",
        "team": f"Team {actor.team_name}" if actor.team_name else "Team",
        "all": "Everyone",
    }


def _in_scope(actor: Actor, scope: Scope) -> str:
    """Returns where the ranks are counted, to follow on people; empty for everyone."""
    if scope == "track" and actor.track:
        return f" in {TRACKS[actor.track]}"
    if scope == "team" and actor.team_name:
        return f" in team {isolated(actor.team_name)}"
    return ""


def _board_heading(board: Board, place: str, period: Period) -> str:
    """Returns the actor's place, or how many have one."""
    recently = f" in the last {RECENT_DAYS} days" if period == "30d" else ""
    if board.me is not None:
        of = f"{ordinal(board.me.position)} of {number(board.total)}"
        return f"You are {of}{place}{recently}"
    who = plural(board.total, "person", "people") if board.total else "Nobody"
    have = "have" if board.total > 1 else "has"
    if recently:
        return f"{who}{place} {have} gained points{recently}"
    return f"{who}{place} {have} a rank{'' if board.total else ' yet'}"


def _board_lead(actor: Actor, board: Board, period: Period) -> str:
    """Returns the actor's points with the distance to the next, or why there is no rank."""
    me = board.me
    if me is not None:
        people = [
            Placed(entry.id, entry.name, entry.points, entry.position) for entry in board.around()
        ]
        points = plural(me.points, "point")
        gained = f"{points} gained" if period == "30d" else points
        return f"{gained}. {distance(people, me.points, actor.external_id)}"
    if actor.role != "learner":
        return "Only learners are ranked; your quizzes count for you alone."
    if period == "30d":
        return "You are ranked here as soon as a quiz adds to your score."
    return "You are ranked after your first quiz."


def _empty(actor: Actor, scope: Scope, period: Period) -> str:
    if scope != "all" and actor.team_id is None:
        return "You are on no team. Everyone’s ranks are open to you."
    if period == "30d":
        return "Nobody has gained points in this period."
    return "Nobody has finished a quiz yet."


def _listed(board: Board, page: int | None) -> list[BoardEntry]:
    if page is None:
        return board.lines(1, PER_PAGE if board.total <= PER_PAGE else TOP)
    return board.lines(*lines_of(page))


def _board_rows(board: Board, listed: list[BoardEntry], scope: Scope) -> list[Row]:
    """Returns the part asked for and the actor's surroundings, with gaps where people are left out
    between them."""
    lines = {entry.line: entry for entry in (*listed, *board.around())}
    rows: list[Row] = []
    last = min(lines, default=1) - 1
    for line in sorted(lines):
        if line > last + 1:
            between = plural(line - last - 1, "person", "people")
            rows.append(Row(kind="gap", name=f"{between} between"))
        rows.append(_row(lines[line], scope))
        last = line
    return rows


def _row(entry: BoardEntry, scope: Scope) -> Row:
    track = TRACKS[entry.track]
    return Row(
        position=entry.position,
        name=entry.name,
        named=entry.known_name is not None,
        team=""
        if entry.team is None
        else f"{entry.team}, {track}"
        if scope == "all"
        else entry.team,
        quizzes=entry.quizzes_completed,
        score=entry.score,
        gained=f"+{number(entry.gained)}" if entry.gained else "0",
        me=entry.me,
    )


def _pages(board: Board, scope: Scope, period: Period, page: int | None) -> BoardPages:
    mine = page_of(board.me.line) if board.me else None
    return BoardPages(
        pages_of(board.total, page, lambda each: address(scope, period, each)),
        top=address(scope, period),
        mine=f"{address(scope, period, mine)}#me" if mine and mine != page else None,
    )


def _how(period: Period) -> str:
    rank = "Whoever has more points stands above; equal points share a rank."
    if period == "30d":
        return (
            f"What counts is how much the score grew in the last {RECENT_DAYS} times 24 hours: for"
            " each quiz, the best attempt now less the best attempt before. A repetition that is no"
            f" better adds nothing, and who gained nothing is not listed. {rank}"
        )
    return (
        "Each quiz counts with its best attempt: 10 points per right answer, and 5 more when the"
        f" first answer ever to the question was right. {rank} Learners without a finished quiz are"
        " not ranked, and managers and admins never are."
    )
