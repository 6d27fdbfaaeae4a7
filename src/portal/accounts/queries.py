"""Reads of people and sessions. Columns are always named; a password hash is read in one place."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec

from portal import clock
from portal.accounts.demo import ACCOUNTS, DemoAccount
from portal.accounts.tables import AppUser
from portal.db import sql
from portal.errors import SignInRequired
from portal.web.actor import Actor

# The first lower() finds an address by its index, the second, of A to Z only, decides.
_CREDENTIALS = """
    SELECT u.id AS user_id, u.external_id, u.name, u.role, u.team AS team_id, t.track,
           u.email, u.time_zone, u.password_hash,
           (SELECT k.token_hash FROM known_device k
            WHERE k.member = u.id AND k.token_hash = ANY ($2::bytea[]) LIMIT 1) AS device
    FROM app_user u LEFT JOIN team t ON t.id = u.team
    WHERE (u.external_id = $1
           OR (lower(u.email) = lower($1) AND lower(u.email COLLATE "C") = $1))
      AND u.disabled_at IS NULL AND u.erased_at IS NULL
"""


_ACCOUNT = """
    SELECT u.email, u.time_zone, u.password_hash IS NOT NULL AS has_password,
           u.unlisted_at IS NOT NULL AS unlisted,
           ARRAY(SELECT m.name FROM leads l JOIN app_user m ON m.id = l.member
                 WHERE l.team = u.team AND m.id <> u.id
                   AND m.disabled_at IS NULL AND m.erased_at IS NULL
                 ORDER BY l.deputy, lower(m.name), m.external_id) AS led_by
    FROM app_user u WHERE u.id = $1
"""

# The hash of the hash is a name that opens nothing, and that the pages can show. A time to come was
# written by a clock that was ahead.
_DEVICES = """
    SELECT left(encode(sha256(token_hash), 'hex'), 32) AS id, user_agent,
           least(created_at, $3) AS created_at,
           least(coalesce(last_seen_at, created_at), $3) AS seen_at, token_hash = $2 AS this
    FROM login_session WHERE member = $1 AND ended_at IS NULL AND expires_at > $3
    ORDER BY token_hash = $2 DESC, coalesce(last_seen_at, created_at) DESC, token_hash
"""


class Account(msgspec.Struct, frozen=True):
    """What the account page shows and the session does not hold. `time_zone` is None until the
    person has one of their own. `led_by` names the others who lead their team, deputies last."""

    email: str | None
    time_zone: str | None
    has_password: bool
    unlisted: bool
    led_by: list[str]


class Device(msgspec.Struct, frozen=True):
    """A session that can be used. `id` names it to its owner; `this` is the one that asks."""

    id: str
    user_agent: str | None
    created_at: datetime
    seen_at: datetime
    this: bool


class Credentials(msgspec.Struct, frozen=True):
    """What signing in and a new password need to know of an account. `device` is the hash of the
    asking browser's token when somebody has signed in to this account there before."""

    user_id: UUID
    external_id: str
    name: str
    role: str
    team_id: str | None
    track: str | None
    email: str | None
    time_zone: str | None
    password_hash: str | None
    device: bytes | None

    def __repr__(self) -> str:
        return f"Credentials({self.external_id})"


async def account_of(actor: Actor) -> Account:
    account = await sql.fetch_one(Account, _ACCOUNT, actor.user_id)
    if account is None:
        raise SignInRequired
    return account


async def devices_of(actor: Actor) -> list[Device]:
    """Returns where the actor is signed in: here first, then the last seen first."""
    return await sql.fetch(Device, _DEVICES, actor.user_id, actor.session_hash, clock.now())


async def credentials_of(login: str, devices: Collection[bytes] = ()) -> Credentials | None:
    """Returns the account of a normalised external id or e-mail, asked by a browser with these
    tokens of devices, hashed. The two names cannot collide: only an e-mail holds an @."""
    return await sql.fetch_one(Credentials, _CREDENTIALS, login, list(devices))


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
