"""The demo teams and accounts, created once. Later changes and deletions are left alone."""

from __future__ import annotations

from portal.accounts import demo, passwords
from portal.accounts.tables import AppUser, Leads, Seeded
from portal.config.settings import Settings
from portal.db import sql
from portal.errors import CommandFailed


async def seed(settings: Settings) -> int:
    """Returns how many demo accounts were created; 0 when all had been seeded before.

    Idempotent: `seeded` remembers each key, so an account that was changed, disabled or deleted is
    never touched or created again. Raises `CommandFailed` on a public site, before it
    writes anything.
    """
    if settings.demo_refused:
        raise CommandFailed(demo.REFUSED)
    known = set(await Seeded.select(Seeded.key).output(as_list=True))
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
