"""Writes to people and teams that touch totals too, so that ranks are right in the same commit.

The order of locks is the gate of the ranking with the person's totals, then accounts, then teams,
the same everywhere. Whoever holds the gate alone finds no totals locked.

`actor` is the database key of who did it, None for the command line. The audit holds keys only.
`Forbidden` when the actor is no longer an admin by then.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from portal import clock
from portal.accounts import audit
from portal.accounts.actions import hold_team
from portal.accounts.rules import ROLES, TRACKS, NewTeam, check_new_team, normal_name
from portal.accounts.sessions import end_sessions, forget_devices
from portal.accounts.tables import AppUser, Leads, LoginSession, Team
from portal.db import sql
from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.learning.tables import PracticeTick
from portal.mail.tables import MailDelivery
from portal.quiz.tables import QuestionReport
from portal.scoring import actions as scoring
from portal.scoring.rules import check_working_days
from portal.web.formats import plural

# NO KEY: an admin who takes a quiz meanwhile refers to their own row, and must not be kept waiting.
_LOCK_ADMINS = """
    SELECT id FROM app_user WHERE role = 'admin' AND disabled_at IS NULL AND erased_at IS NULL
    ORDER BY id FOR NO KEY UPDATE
"""

_LOCK_TEAM = "SELECT 1 FROM team WHERE id = $1 FOR UPDATE"

# Nothing is written, and no row comes back, when it is so already.
_LEAD = """
    INSERT INTO leads AS l (member, team, deputy) VALUES ($1, $2, $3)
    ON CONFLICT (member, team) DO UPDATE SET deputy = excluded.deputy, since = excluded.since
    WHERE l.deputy <> excluded.deputy
    RETURNING id
"""
_UNLEAD = "DELETE FROM leads WHERE member = $1 AND team = $2 RETURNING id"
# The own team, of a manager who leads nothing.
_LEAD_OWN_TEAM = """
    INSERT INTO leads (member, team)
    SELECT u.id, u.team FROM app_user u
    WHERE u.id = $1 AND u.role = 'manager' AND u.team IS NOT NULL
      AND NOT EXISTS (SELECT FROM leads l WHERE l.member = u.id)
"""
# The lead of the team that a manager is about to leave; deputies stand in wherever they learn.
_LEAVE_OWN_TEAM = """
    DELETE FROM leads l USING app_user u
    WHERE u.id = $1 AND u.role = 'manager' AND l.member = u.id AND l.team = u.team AND NOT l.deputy
    RETURNING l.id
"""


async def _find_person(external_id: str) -> UUID:
    """Returns the key of a person that still exists; `NotFound` otherwise."""
    rows = await AppUser.select(AppUser.id).where(
        AppUser.external_id == external_id, AppUser.erased_at.is_null()
    )
    if not rows:
        raise NotFound(f"There is no account {external_id}.")
    key: UUID = rows[0]["id"]
    return key


async def _lock_person(external_id: str, actor: UUID | None) -> UUID:
    """Returns the key of a person whose totals are locked; looked up again, because while the lock
    was awaited somebody may have erased them."""
    await scoring.lock_total(await _find_person(external_id))
    await _require_admin(actor)
    return await _find_person(external_id)


async def _lock_admins() -> list[UUID]:
    """Returns the keys of all admins, who stay admins until the commit."""
    return [row["id"] for row in await sql.execute(_LOCK_ADMINS)]


async def _require_admin(actor: UUID | None) -> None:
    """Raise `Forbidden` when the actor has ceased to be an admin since the request began; else keep
    them one until the commit. Of two admins who demote each other, the second is refused."""
    if actor is not None and actor not in await _lock_admins():
        raise Forbidden("You are no longer an admin.")


async def _keep_an_admin(person: UUID) -> None:
    """Raise `Conflict` when `person` is the last admin. Two changes at once wait for each other."""
    if await _lock_admins() == [person]:
        raise Conflict("This is the last admin. Make another admin first.")


async def set_role(external_id: str, role: str, *, actor: UUID | None = None) -> None:
    """Give a person another role; managers and admins are not ranked. A manager who leads nothing
    leads the own team from now on, a learner leads nothing any more. Ends their sessions."""
    if role not in ROLES:
        raise Invalid(f"A role is one of {', '.join(ROLES)}.", details={"role": "Unknown role."})
    async with sql.transaction():
        person = await _lock_person(external_id, actor)
        if role != "admin":
            await _keep_an_admin(person)
        await AppUser.update({AppUser.role: role}).where(AppUser.id == person)
        if role == "manager":
            await sql.execute(_LEAD_OWN_TEAM, person)
        elif role == "learner":
            await Leads.delete().where(Leads.member == person)
        await scoring.recompute(person)
        await end_sessions(person)
        await audit.record(actor, "user.set-role", person, role=role)


async def move_to_team(external_id: str, team: str | None, *, actor: UUID | None = None) -> None:
    """Put a person on another team, and with it on its track. A manager who led the team they were
    on, or was on none and led nothing, leads the new one; what else they lead stays."""
    async with sql.transaction():
        person = await _lock_person(external_id, actor)
        if team is not None:
            await hold_team(team)
        [person_was] = await AppUser.select(AppUser.team).where(AppUser.id == person)
        before = person_was["team"]
        led = before != team and await sql.execute(_LEAVE_OWN_TEAM, person)
        await AppUser.update({AppUser.team: team}).where(AppUser.id == person)
        if before is None:
            await sql.execute(_LEAD_OWN_TEAM, person)
        elif led and team is not None:
            await _lead(person, team)
        await scoring.recompute(person)
        await audit.record(actor, "user.move", person, team=team)


async def _lead(person: UUID, team: str, *, deputy: bool = False) -> bool:
    """Returns whether that was not so already."""
    return bool(await sql.execute(_LEAD, person, team, deputy))


async def lead_team(
    team: str, external_id: str, *, deputy: bool = False, actor: UUID | None = None
) -> None:
    """Let a manager or an admin lead a team, or be its deputy, who sees the same and gets no mail.
    `Conflict` for a learner, `Invalid` for an unknown team. Again changes and records nothing."""
    async with sql.transaction():
        person = await _lock_person(external_id, actor)
        await hold_team(team)
        if await AppUser.exists().where(AppUser.id == person, AppUser.role == "learner"):
            raise Conflict(
                f"{external_id} is a learner, and only managers and admins lead teams."
                " Give them another role first."
            )
        if await _lead(person, team, deputy=deputy):
            await audit.record(actor, "user.lead", person, team=team, deputy=deputy)


async def unlead_team(team: str, external_id: str, *, actor: UUID | None = None) -> bool:
    """Take a team away from whoever leads it or is its deputy. Returns whether they did; otherwise
    nothing is recorded. `Invalid` for an unknown team."""
    async with sql.transaction():
        person = await _lock_person(external_id, actor)
        await hold_team(team)
        changed = bool(await sql.execute(_UNLEAD, person, team))
        if changed:
            await audit.record(actor, "user.unlead", person, team=team)
    return changed


async def disable(external_id: str, *, actor: UUID | None = None) -> None:
    """Keep a person from signing in and out of the ranking; what they did stays. Ends their
    sessions."""
    async with sql.transaction():
        person = await _lock_person(external_id, actor)
        await _keep_an_admin(person)
        await AppUser.update({AppUser.disabled_at: clock.now()}).where(
            AppUser.id == person, AppUser.disabled_at.is_null()
        )
        await scoring.recompute(person)
        await end_sessions(person)
        await audit.record(actor, "user.disable", person)


async def enable(external_id: str, *, actor: UUID | None = None) -> None:
    """Let a disabled person in again, with the rank that their points give."""
    async with sql.transaction():
        person = await _lock_person(external_id, actor)
        await AppUser.update({AppUser.disabled_at: None}).where(AppUser.id == person)
        await scoring.recompute(person)
        await audit.record(actor, "user.enable", person)


async def erase(external_id: str, *, actor: UUID | None = None) -> None:
    """Forget who a person is: name, addresses, password, devices, and what they ticked off. The
    attempts stay, of nobody, so that item statistics and counts do not change."""
    async with sql.transaction():
        person = await _lock_person(external_id, actor)
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
        await forget_devices(person)
        await PracticeTick.delete().where(PracticeTick.learner == person)
        await Leads.delete().where(Leads.member == person)
        await QuestionReport.delete().where(QuestionReport.learner == person)
        await MailDelivery.delete().where(MailDelivery.recipient == person)
        await audit.record(actor, "user.erase", person)


async def _lock_team(team: str) -> None:
    """Keep a team as it is, and whoever joins it waiting, until the commit; `NotFound` for none."""
    if not await sql.execute(_LOCK_TEAM, team):
        raise NotFound(f"There is no team {team}.")


async def _lock_members(team: str) -> list[UUID]:
    """Returns the keys of all members, erased ones too, with their totals locked."""
    members = await AppUser.select(AppUser.id).where(AppUser.team == team).order_by(AppUser.id)
    keys: list[UUID] = [member["id"] for member in members]
    for key in keys:
        await scoring.lock_total(key)
    return keys


async def create_team(team: NewTeam, *, actor: UUID | None = None) -> None:
    """Create a team without members. `Invalid` for bad fields, `Conflict` for an id that is
    taken."""
    check_new_team(team)
    async with sql.transaction():
        await _require_admin(actor)
        made = await Team.insert(
            Team(id=team.id, name=normal_name(team.name), track=team.track)
        ).on_conflict(action="DO NOTHING")
        if not made:
            raise Conflict(f"There is already a team {team.id}.")
        await audit.record(actor, "team.create", team.id, track=team.track)


async def set_track(team: str, track: str, *, actor: UUID | None = None) -> None:
    """Put a whole team on another track, with the totals of all its members."""
    if track not in TRACKS:
        raise Invalid(
            f"A track is one of {', '.join(TRACKS)}.", details={"track": "No such track."}
        )
    async with sql.transaction():
        await scoring.lock_ranking()
        await _require_admin(actor)
        await _lock_team(team)
        members = await _lock_members(team)
        await Team.update({Team.track: track}).where(Team.id == team)
        for member in members:
            await scoring.recompute(member)
        await audit.record(actor, "team.set-track", team, track=track)


async def set_working_days(team: str, days: Collection[int], *, actor: UUID | None = None) -> None:
    """Say on which days a team works, from 1, Monday, to 7. Streaks follow at once, because they
    are counted whenever they are shown. `Invalid` for no days, or for a number that is not a
    day."""
    check_working_days(days)
    kept = sorted(set(days))
    async with sql.transaction():
        await _require_admin(actor)
        await _lock_team(team)
        await Team.update({Team.working_days: kept}).where(Team.id == team)
        await audit.record(actor, "team.set-days", team, days=kept)


async def delete_team(team: str, *, actor: UUID | None = None) -> None:
    """Delete a team. `Conflict` with the count while it has members; people who were erased are not
    among them, and what they answered stays."""
    async with sql.transaction():
        await scoring.lock_ranking()
        await _require_admin(actor)
        await _lock_team(team)
        members = await AppUser.count().where(AppUser.team == team, AppUser.erased_at.is_null())
        if members:
            raise Conflict(
                f"Team {team} has {plural(members, 'member')}. Move them to another team first.",
                details={"members": members},
            )
        erased = await _lock_members(team)
        await AppUser.update({AppUser.team: None}).where(AppUser.team == team)
        for person in erased:
            await scoring.recompute(person)
        await Team.delete().where(Team.id == team)
        await audit.record(actor, "team.delete", team)
