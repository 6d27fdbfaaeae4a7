"""The demo: teams, accounts and their past, made once, and moved to today when asked for. Later
changes are left alone."""

from __future__ import annotations

import msgspec

from portal.accounts import demo, passwords
from portal.accounts.tables import AppUser, Leads, Seeded
from portal.config.settings import Settings
from portal.db import sql
from portal.errors import CommandFailed
from portal.serving.history.actions import give_pasts
from portal.serving.history.refresh import Refreshed, refresh_pasts
from portal.web.formats import plural


class Made(msgspec.Struct, frozen=True):
    """How many demo accounts were created, and how many people got a past."""

    accounts: int = 0
    pasts: int = 0

    def __bool__(self) -> bool:
        return self.accounts + self.pasts > 0

    def __str__(self) -> str:
        accounts = f"{plural(self.accounts, 'demo account')}"
        people = f"a past for {plural(self.pasts, 'person', 'people')}"
        return " and ".join((accounts, people) if self.pasts else (accounts,))


async def seed(settings: Settings) -> Made:
    """Make what is lacking of the demo; nothing when all had been seeded before.

    Idempotent: `seeded` remembers each key, so an account that was changed, disabled or deleted is
    never touched or created again. Raises `CommandFailed` on a public site, before it
    writes anything, and `ContentError` when there is no usable course for a past.
    """
    if settings.demo_refused:
        raise CommandFailed(demo.REFUSED)
    known = set(await Seeded.select(Seeded.key).output(as_list=True))
    accounts = await _make_accounts(known)
    pasts = await give_pasts(settings, known) if settings.seed_history else 0
    return Made(accounts, pasts)


async def refresh(settings: Settings) -> Refreshed:
    """Move the past of the demo people to today, but for those who have really learned since.

    Idempotent on one day. Raises as `seed` does, and `CommandFailed` with SEED_HISTORY=false.
    """
    if settings.demo_refused:
        raise CommandFailed(demo.REFUSED)
    return await refresh_pasts(settings)


async def _make_accounts(known: set[str]) -> int:
    teams = [team for team in demo.TEAMS if f"team:{team.id}" not in known]
    accounts = [account for account in demo.ACCOUNTS if account.seed_key not in known]
    if not teams and not accounts:
        return 0
    # One hash per password: 22 of them would take half a second of a quarter of a CPU each.
    hashes = {
        password: await passwords.hash_password(password)
        for password in {account.password for account in accounts}
    }
    count = 0
    async with sql.transaction():
        for team in teams:
            await sql.execute(
                "INSERT INTO team (id, name, track) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                team.id,
                team.name,
                team.track,
            )
            await Seeded.insert(Seeded(key=f"team:{team.id}")).on_conflict(action="DO NOTHING")
        for account in accounts:
            password_hash = hashes[account.password]
            claimed = (
                await Seeded.insert(Seeded(key=account.seed_key, password_hash=password_hash))
                .on_conflict(action="DO NOTHING")
                .returning(Seeded.key)
            )
            if not claimed:
                continue  # another container was faster
            created = await AppUser.insert(
                AppUser(
                    external_id=account.id,
                    name=account.name,
                    role=account.role,
                    team=account.team,
                    password_hash=password_hash,
                )
            ).on_conflict(action="DO NOTHING")
            if created and account.role == "manager":
                await Leads.insert(Leads(member=created[0]["id"], team=account.team))
            count += len(created)
    return count
