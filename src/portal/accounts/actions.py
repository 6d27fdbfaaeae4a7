"""Writes to people. Every action commits before it returns, unless it says otherwise."""

from __future__ import annotations

from uuid import UUID

import msgspec

from portal import clock
from portal.accounts import passwords, rules, sessions
from portal.accounts.tables import AppUser, Leads
from portal.db import sql
from portal.errors import Conflict, Invalid, NotFound

_RECORD_ACTIVITY = """
    INSERT INTO activity_day (learner, day) VALUES ($1, $2)
    ON CONFLICT (learner, day) DO NOTHING
"""
_HOLD_TEAM = "SELECT 1 FROM team WHERE id = $1 FOR KEY SHARE"


async def record_activity(learner: UUID, time_zone: str) -> None:
    """Remember that the person was active today, in their own time zone."""
    await sql.execute(
        _RECORD_ACTIVITY, learner, rules.local_day(clock.now(), time_zone), retry=True
    )


async def hold_team(team: str) -> None:
    """Keep a team from being deleted until the commit; `Invalid` when there is none."""
    if not await sql.execute(_HOLD_TEAM, team):
        raise Invalid(f"There is no team {team}.", details={"team": "There is no such team."})


async def create_user(user: rules.NewUser) -> UUID:
    """Returns the key of the new person, who leads their team if they are a manager. `Invalid` for
    bad fields or an unknown team, `Conflict` when the id or the e-mail is taken."""
    email = rules.normal_login(user.email) if user.email else None
    rules.check_new_user(msgspec.structs.replace(user, email=email))
    hashed = await passwords.hash_password(user.password) if user.password else None
    async with sql.transaction():
        if user.team is not None:
            await hold_team(user.team)
        created = await AppUser.insert(
            AppUser(
                external_id=user.external_id,
                email=email,
                name=rules.normal_name(user.name),
                role=user.role,
                team=user.team,
                password_hash=hashed,
            )
        ).on_conflict(action="DO NOTHING")
        if not created:
            raise Conflict("This id or e-mail address is already taken.")
        key: UUID = created[0]["id"]
        if user.role == "manager" and user.team is not None:
            await Leads.insert(Leads(member=key, team=user.team))
    return key


async def set_password(external_id: str, password: str) -> bool:
    """Give a person a new password, end all their sessions and forget their devices. Returns
    whether they can sign in with it: False while they are disabled. `NotFound` for an unknown
    id."""
    errors = rules.password_errors(password)
    if errors:
        raise Invalid(details=errors)
    hashed = await passwords.hash_password(password)
    async with sql.transaction():
        changed = (
            await AppUser.update({AppUser.password_hash: hashed})
            .where(AppUser.external_id == external_id, AppUser.erased_at.is_null())
            .returning(AppUser.id, AppUser.disabled_at)
        )
        if not changed:
            raise NotFound(f"There is no account {external_id}.")
        person = changed[0]["id"]
        await sessions.end_sessions(person)
        await sessions.forget_devices(person)
    return changed[0]["disabled_at"] is None
