"""People who lead, and what their teams did, for tests of the manager's view."""

from __future__ import annotations

from portal.db import sql
from portal.web.actor import Actor

_ACTOR = """
    SELECT u.id AS user_id, u.external_id, u.name, u.role, u.team AS team_id, t.name AS team_name,
           t.track, coalesce(u.time_zone, 'UTC') AS time_zone, ''::bytea AS session_hash
    FROM app_user u LEFT JOIN team t ON t.id = u.team WHERE u.external_id = $1
"""


async def actor(name: str) -> Actor:
    """Returns the person as a request of theirs would know them."""
    found = await sql.fetch_one(Actor, _ACTOR, name)
    assert found is not None, name
    return found
