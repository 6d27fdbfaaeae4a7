"""Writes to people and teams that touch totals too, so that ranks are right in the same commit.

The order of locks is the person's totals, then accounts, the same everywhere.

`actor` is the database key of who did it, None for the command line. The audit holds keys only.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from portal import clock
from portal.accounts.rules import ROLES, TRACKS
from portal.accounts.tables import AppUser, AuditEvent, LoginSession, Team
from portal.db import sql
from portal.errors import Conflict, Invalid, NotFound
from portal.learning.tables import PracticeTick
from portal.scoring import actions as scoring

# NO KEY: an admin who takes a quiz meanwhile refers to their own row, and must not be kept waiting.
_LOCK_ADMINS = """
    SELECT id FROM app_user WHERE role = 'admin' AND disabled_at IS NULL AND erased_at IS NULL
    ORDER BY id FOR NO KEY UPDATE
"""


async def _find(external_id: str) -> UUID:
    """Returns the key of a person that still exists; `NotFound` otherwise."""
    rows = await AppUser.select(AppUser.id).where(
        AppUser.external_id == external_id, AppUser.erased_at.is_null()
    )
    if not rows:
        raise NotFound(f"There is no account {external_id}.")
    key: UUID = rows[0]["id"]
    return key


async def _find_and_lock(external_id: str) -> UUID:
    """Returns the key of a person whose totals are locked; looked up again, because while the lock
    was awaited somebody may have erased them."""
    await scoring.lock_total(await _find(external_id))
    return await _find(external_id)


async def _keep_an_admin(person: UUID) -> None:
    """Raise `Conflict` when `person` is the last admin. Two changes at once wait for each other."""
    admins = [row["id"] for row in await sql.execute(_LOCK_ADMINS)]
    if admins == [person]:
        raise Conflict("This is the last admin. Make another admin first.")


async def _audit(actor: UUID | None, action: str, target: UUID | str, **detail: Any) -> None:
    await AuditEvent.insert(
        AuditEvent(
            at=clock.now(),
            actor=actor,
            action=action,
            target=str(target),
            detail=msgspec.json.encode(detail).decode(),
        )
    )


async def _end_sessions(person: UUID) -> None:
    await LoginSession.update({LoginSession.ended_at: clock.now()}).where(
        LoginSession.member == person, LoginSession.ended_at.is_null()
    )


async def set_role(external_id: str, role: str, *, actor: UUID | None = None) -> None:
    """Give a person another role; managers and admins are not ranked. Ends their sessions."""
    if role not in ROLES:
        raise Invalid(f"A role is one of {', '.join(ROLES)}.", details={"role": "Unknown role."})
    async with sql.transaction():
        person = await _find_and_lock(external_id)
        if role != "admin":
            await _keep_an_admin(person)
        await AppUser.update({AppUser.role: role}).where(AppUser.id == person)
        await scoring.recompute(person)
        await _end_sessions(person)
        await _audit(actor, "user.set-role", person, role=role)


async def move_to_team(external_id: str, team: str | None, *, actor: UUID | None = None) -> None:
    """Put a person on another team, and with it on its track."""
    async with sql.transaction():
        person = await _find_and_lock(external_id)
        if team is not None and not await Team.exists().where(Team.id == team):
            raise Invalid(f"There is no team {team}.", details={"team": "There is no such team."})
        await AppUser.update({AppUser.team: team}).where(AppUser.id == person)
        await scoring.recompute(person)
        await _audit(actor, "user.move", person, team=team)


async def set_track(team: str, track: str, *, actor: UUID | None = None) -> None:
    """Put a whole team on another track, with the totals of all its members."""
    if track not in TRACKS:
        raise Invalid(
            f"A track is one of {', '.join(TRACKS)}.", details={"track": "No such track."}
        )
    async with sql.transaction():
        if not await Team.exists().where(Team.id == team):
            raise NotFound(f"There is no team {team}.")
        await scoring.lock_ranking()
        members = await AppUser.select(AppUser.id).where(AppUser.team == team).order_by(AppUser.id)
        for member in members:
            await scoring.lock_total(member["id"])
        await Team.update({Team.track: track}).where(Team.id == team)
        for member in members:
            await scoring.recompute(member["id"])
        await _audit(actor, "team.set-track", team, track=track)


async def disable(external_id: str, *, actor: UUID | None = None) -> None:
    """Keep a person out and out of the ranking; what they did stays. Ends their sessions."""
    async with sql.transaction():
        person = await _find_and_lock(external_id)
        await _keep_an_admin(person)
        await AppUser.update({AppUser.disabled_at: clock.now()}).where(
            AppUser.id == person, AppUser.disabled_at.is_null()
        )
        await scoring.recompute(person)
        await _end_sessions(person)
        await _audit(actor, "user.disable", person)


async def enable(external_id: str, *, actor: UUID | None = None) -> None:
    """Let a disabled person in again, with the rank that their points give."""
    async with sql.transaction():
        person = await _find_and_lock(external_id)
        await AppUser.update({AppUser.disabled_at: None}).where(AppUser.id == person)
        await scoring.recompute(person)
        await _audit(actor, "user.enable", person)


async def erase(external_id: str, *, actor: UUID | None = None) -> None:
    """Forget who a person is: name, addresses, password, devices, and what they ticked off. The
    attempts stay, of nobody, so that item statistics and counts do not change."""
    async with sql.transaction():
        person = await _find_and_lock(external_id)
        await _keep_an_admin(person)
        await AppUser.update(
            {
                AppUser.external_id: f"erased-{person.hex[:12]}",
                AppUser.name: "Erased person",
                AppUser.email: None,
                AppUser.password_hash: None,
                AppUser.time_zone: None,
                AppUser.erased_at: clock.now(),
            }
        ).where(AppUser.id == person)
        await scoring.recompute(person)
        await LoginSession.delete().where(LoginSession.member == person)
        await PracticeTick.delete().where(PracticeTick.learner == person)
        await _audit(actor, "user.erase", person)
