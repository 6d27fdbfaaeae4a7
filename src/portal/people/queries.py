"""Reads of people and teams for those who look after them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from portal.db import sql
from portal.errors import NotFound

# People who were erased are nobody's members.
_TEAMS = """
    SELECT t.id, t.name, t.track, t.working_days,
           (SELECT count(*) FROM app_user u WHERE u.team = t.id AND u.erased_at IS NULL) AS members,
           ARRAY(SELECT u.external_id FROM leads l JOIN app_user u ON u.id = l.member
                 WHERE l.team = t.id AND NOT l.deputy ORDER BY 1) AS leaders,
           ARRAY(SELECT u.external_id FROM leads l JOIN app_user u ON u.id = l.member
                 WHERE l.team = t.id AND l.deputy ORDER BY 1) AS deputies
    FROM team t ORDER BY t.id
"""


class TeamRow(msgspec.Struct, frozen=True):
    """A team with the number of its members and the ids of who leads it. `working_days` are numbers
    from 1, Monday, to 7; None until the team has said so."""

    id: str
    name: str
    track: str
    working_days: list[int] | None
    members: int
    leaders: list[str]
    deputies: list[str]


async def teams() -> list[TeamRow]:
    """Returns all teams by their id."""
    return await sql.fetch(TeamRow, _TEAMS)


# Managers first, then their deputies.
_LEADERS = """
    SELECT u.name || CASE WHEN l.deputy THEN ' (deputy)' ELSE '' END AS name
    FROM leads l JOIN app_user u ON u.id = l.member
    WHERE l.team = $1 AND u.disabled_at IS NULL AND u.erased_at IS NULL
    ORDER BY l.deputy, u.name, u.id
"""


async def leaders_of(team: str | None) -> list[str]:
    """Returns who leads the team, by name; nobody, and no statement, without a team."""
    if team is None:
        return []
    return [row["name"] for row in await sql.fetch_records(_LEADERS, team)]


# Sign-ins that were pruned are no longer known; people who were erased have none.
_PEOPLE = """
    SELECT u.external_id AS id, u.name, u.role,
           CASE WHEN u.erased_at IS NULL THEN u.team END AS team,
           CASE WHEN u.erased_at IS NOT NULL THEN 'erased'
                WHEN u.disabled_at IS NOT NULL THEN 'disabled'
                ELSE 'active' END AS state,
           s.signed_in_at
    FROM app_user u
    LEFT JOIN (SELECT member, max(created_at) AS signed_in_at FROM login_session GROUP BY member) s
           ON s.member = u.id
    WHERE $1::text IS NULL OR (u.team = $1 AND u.erased_at IS NULL)
    ORDER BY u.external_id
"""


class PersonRow(msgspec.Struct, frozen=True):
    """A person as operators see them. `signed_in_at` is the last known sign-in, in UTC; None when
    there is none."""

    id: str
    name: str
    role: str
    team: str | None
    state: Literal["active", "disabled", "erased"]
    signed_in_at: datetime | None


async def people(team: str | None = None) -> list[PersonRow]:
    """Returns all people by their id, those who were erased too, or the members of a team.
    `NotFound` when there is no such team."""
    if team is not None and not await sql.execute("SELECT 1 FROM team WHERE id = $1", team):
        raise NotFound(f"There is no team {team}.")
    return await sql.fetch(PersonRow, _PEOPLE, team)
