"""Reads of people and sessions. Columns are always named; a password hash is read in one place."""

from __future__ import annotations

from uuid import UUID

import msgspec

from portal import clock
from portal.accounts.demo import ACCOUNTS, DemoAccount
from portal.accounts.tables import AppUser
from portal.db import sql
from portal.web.actor import Actor

_ACTOR = """
    SELECT u.id AS user_id, u.external_id, u.name, u.role, u.team AS team_id, t.name AS team_name,
           t.track, coalesce(u.time_zone, $3) AS time_zone, s.token_hash AS session_hash
    FROM login_session s
    JOIN app_user u ON u.id = s.member
    LEFT JOIN team t ON t.id = u.team
    WHERE s.token_hash = $1 AND s.ended_at IS NULL AND s.expires_at > $2
      AND u.disabled_at IS NULL AND u.erased_at IS NULL
"""

_CREDENTIALS = """
    SELECT u.id AS user_id, u.external_id, u.name, u.role, u.team AS team_id, t.track,
           u.time_zone, u.password_hash
    FROM app_user u LEFT JOIN team t ON t.id = u.team
    WHERE (u.external_id = $1 OR lower(u.email) = $1)
      AND u.disabled_at IS NULL AND u.erased_at IS NULL
"""


class Credentials(msgspec.Struct, frozen=True):
    """What signing in needs to know of the account behind a login name."""

    user_id: UUID
    external_id: str
    name: str
    role: str
    team_id: str | None
    track: str | None
    time_zone: str | None
    password_hash: str | None

    def __repr__(self) -> str:
        return f"Credentials({self.external_id})"


async def actor_of_session(token_hash: bytes, default_zone: str) -> Actor | None:
    """Returns the person of a live session, or None."""
    return await sql.fetch_one(Actor, _ACTOR, token_hash, clock.now(), default_zone)


async def credentials_of(login: str) -> Credentials | None:
    """Returns the account of a normalised external id or e-mail. The two cannot collide: only an
    e-mail holds an @."""
    return await sql.fetch_one(Credentials, _CREDENTIALS, login)


async def admin_exists() -> bool:
    return bool(
        await AppUser.exists().where(
            AppUser.role == "admin", AppUser.disabled_at.is_null(), AppUser.erased_at.is_null()
        )
    )


async def demo_accounts() -> list[DemoAccount]:
    """Returns the demo accounts that can still be entered with their public password."""
    rows = await sql.execute(
        """
        SELECT u.external_id FROM seeded s
        JOIN app_user u ON 'user:' || u.external_id = s.key AND u.password_hash = s.password_hash
        WHERE u.disabled_at IS NULL AND u.erased_at IS NULL
        """,
        retry=True,
    )
    unchanged = {row["external_id"] for row in rows}
    return [account for account in ACCOUNTS if account.id in unchanged]
