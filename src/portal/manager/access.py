"""What somebody who leads may see: the one rule, of teams, of members, and of a member's answers.

Managers and deputies see the teams that stand beside them in `leads`, admins all of them. What is
not theirs does not exist for them. Of a member they see what was watched and practised, and of each
question whether the answer was right and when it came: which choice it was never leaves the
database here. The key of a question is shown to nobody who has not answered it, because who leads
takes the quizzes too: `questions/rules.py` holds to that.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from portal.db import sql
from portal.errors import Forbidden, NotFound
from portal.manager.filters import EVERYBODY
from portal.web.actor import Actor

# Who is a member, of `app_user u`.
IS_MEMBER = "u.disabled_at IS NULL AND u.erased_at IS NULL"

# Whether actor $1, an admin if $2, sees team `t`, and how.
_SEEN_TEAMS = f"""
    SELECT t.id, t.name, t.working_days, coalesce(l.deputy, false) AS deputy,
           (SELECT count(*) FROM app_user u WHERE u.team = t.id AND {IS_MEMBER}) AS members
    FROM team t LEFT JOIN leads l ON l.team = t.id AND l.member = $1
    WHERE (l.member IS NOT NULL OR $2) AND ($3::text IS NULL OR t.id = $3)
    ORDER BY lower(t.name), t.id
"""  # noqa: S608 - constants
_FIRST_TEAM = f"{_SEEN_TEAMS} LIMIT 1"

_MEMBER = f"""
    SELECT u.id AS key, u.external_id AS id, u.name, u.role, u.team AS team_id, t.name AS team_name,
           u.time_zone, u.created_at
    FROM app_user u LEFT JOIN team t ON t.id = u.team
    WHERE u.external_id = $3 AND {IS_MEMBER}
      AND ($2 OR EXISTS (SELECT FROM leads l WHERE l.team = u.team AND l.member = $1))
"""  # noqa: S608 - constants


class SeenTeam(msgspec.Struct, frozen=True, rename="camel"):
    """A team that the actor may see; `deputy` tells that they look after it for somebody else.
    `working_days` are numbers from 1, Monday, to 7; None until the team has said so."""

    id: str
    name: str
    deputy: bool
    members: int
    working_days: list[int] | None = None


class SeenMember(msgspec.Struct, frozen=True, kw_only=True):
    """A member that the actor may see. `key` is the one of the database; `time_zone` is None until
    the person has one."""

    key: UUID
    id: str
    name: str
    role: str
    team_id: str | None
    team_name: str | None
    time_zone: str | None
    created_at: datetime


def _check(actor: Actor) -> bool:
    """Returns whether the actor sees everything. `Forbidden` for learners, whatever stands in
    `leads`."""
    if actor.role not in ("manager", "admin"):
        raise Forbidden("This page is for managers.")
    return actor.role == "admin"


async def teams_of(actor: Actor) -> list[SeenTeam]:
    """Returns the teams that the actor may see, by name."""
    return await sql.fetch(SeenTeam, _SEEN_TEAMS, actor.user_id, _check(actor), None)


async def team_of(actor: Actor, asked: str | None) -> SeenTeam | None:
    """Returns the team asked for, or the first of the actor's own by name; None when a manager
    leads none. For an admin None means the whole company, by "all" or without an id.

    `NotFound` for a team that is not theirs, as for one that there is not.
    """
    is_admin = _check(actor)
    if is_admin and asked in (None, EVERYBODY):
        return None
    found = await sql.fetch_one(SeenTeam, _FIRST_TEAM, actor.user_id, is_admin, asked)
    if found is None and asked is not None:
        raise NotFound("There is no such team.")
    return found


async def member_of(actor: Actor, external_id: str) -> SeenMember:
    """Returns a member of a team that the actor may see. `NotFound` for others, as for nobody."""
    is_admin = _check(actor)
    found = await sql.fetch_one(SeenMember, _MEMBER, actor.user_id, is_admin, external_id)
    if found is None:
        raise NotFound("There is no such member.")
    return found
