"""What all teams say side by side. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from portal.manager.choices import NEEDING
from portal.manager.filters import EVERYBODY
from portal.manager.plots import signed
from portal.manager.queries import TeamLine
from portal.manager.rules import STATUSES, slug_of
from portal.manager.views import PILLS
from portal.web.formats import number, plural
from portal.web.pages import Banner


class StateCount(msgspec.Struct, frozen=True):
    """How many people of a team are in a state; `href` lists them."""

    label: str
    count: str
    href: str | None


class TeamRow(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    href: str | None
    members: str
    states: list[StateCount]
    active: str
    gained: str
    complete: str


class OverviewPage(msgspec.Struct, frozen=True, kw_only=True):
    """`states` are the heads of the four counts, each with the kind of its pill."""

    warnings: list[Banner]
    heading: str
    lead: str
    states: list[tuple[str, str]]
    teams: list[TeamRow]
    everyone: str


def overview(lines: Sequence[TeamLine], warnings: Sequence[Banner] = ()) -> OverviewPage:
    """Returns the teams, those first where most people need somebody, then by name."""
    people = sum(line.totals.members for line in lines)
    needing = sum(map(_needing, lines))
    teams = sum(line.id is not None for line in lines)
    active = sum(line.totals.active_this_week for line in lines)
    ordered = sorted(lines, key=lambda line: (line.id is None, -_needing(line)))
    return OverviewPage(
        warnings=list(warnings),
        heading=_heading(needing, people, teams),
        lead=f"{plural(teams, 'team')}, {number(active)} active this week,"
        f" {plural(sum(line.totals.gained for line in lines), 'point')} gained in 7 days.",
        states=[(status.capitalize(), PILLS[status]) for status in STATUSES],
        teams=[_row(line) for line in ordered],
        everyone=f"/manager?team={EVERYBODY}",
    )


def _needing(line: TeamLine) -> int:
    return sum(line.totals.states.get(status, 0) for status in NEEDING)


def _heading(needing: int, people: int, teams: int) -> str:
    if not teams:
        return "There is no team yet"
    if not needing:
        return "Nobody needs anybody this week"
    verb = "needs" if needing == 1 else "need"
    return f"{number(needing)} of {plural(people, 'person', 'people')} {verb} somebody"


def _row(line: TeamLine) -> TeamRow:
    totals = line.totals
    return TeamRow(
        name=line.name or "On no team",
        href=f"/manager?team={line.id}" if line.id else None,
        members=number(totals.members),
        states=[
            StateCount(
                status.capitalize(),
                number(totals.states.get(status, 0)),
                f"/manager?team={line.id}&status={slug_of(status)}"
                if line.id and totals.states.get(status)
                else None,
            )
            for status in STATUSES
        ],
        active=f"{number(totals.active_this_week)} of {number(totals.members)}",
        gained=signed(totals.gained),
        complete=f"{totals.completion_pct}%",
    )
