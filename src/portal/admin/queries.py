"""Reads of people and teams for those who look after them."""

from __future__ import annotations

import msgspec

from portal.db import sql

# People who were erased are nobody's members.
_TEAMS = """
    SELECT t.id, t.name, t.track, t.working_days,
           (SELECT count(*) FROM app_user u WHERE u.team = t.id AND u.erased_at IS NULL) AS members
    FROM team t ORDER BY t.id
"""


class TeamRow(msgspec.Struct, frozen=True):
    """A team with the number of its members. `working_days` are numbers from 1, Monday, to 7; None
    until the team has said so."""

    id: str
    name: str
    track: str
    working_days: list[int] | None
    members: int


async def teams() -> list[TeamRow]:
    """Returns all teams by their id."""
    return await sql.fetch(TeamRow, _TEAMS)
