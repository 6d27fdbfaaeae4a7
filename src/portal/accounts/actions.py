"""Signing in and out, and making people. Every action commits before it returns."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec

from portal import clock
from portal.accounts import passwords, queries, rules
from portal.accounts.tables import AppUser, LoginSession, Team
from portal.accounts.zones import zone_named
from portal.db import sql
from portal.errors import Conflict, Invalid, NotFound, RateLimited, SignInRequired
from portal.web import rate
from portal.web.address import Address, is_public
from portal.web.counters import count
from portal.web.session import hash_token, new_token

WINDOW = timedelta(minutes=5)
PER_ACCOUNT_AND_ADDRESS = 10
PER_ACCOUNT = 100
PER_ADDRESS = 50

_RECORD_ACTIVITY = """
    INSERT INTO activity_day (learner, day) VALUES ($1, $2)
    ON CONFLICT (learner, day) DO NOTHING
"""


class SignedIn(msgspec.Struct, frozen=True):
    """A new session; `token` is in no log and in no table."""

    token: str
    account: queries.Credentials

    def __repr__(self) -> str:
        return f"SignedIn({self.account.external_id})"


def _limits(login: str, address: Address | None) -> dict[str, int]:
    limits = {
        rate.bucket("login", login, str(address)): PER_ACCOUNT_AND_ADDRESS,
        rate.bucket("login", login): PER_ACCOUNT,
    }
    # Behind one private address may sit a whole company.
    if is_public(address):
        limits[rate.bucket("address", str(address))] = PER_ADDRESS
    return limits


async def sign_in(
    username: str,
    password: str,
    *,
    address: Address | None,
    user_agent: str,
    hours: int,
    default_zone: str,
    browser_zone: str = "",
    old_session: bytes | None = None,
) -> SignedIn:
    """Check the password, open a session and end the one that the browser had.

    Who has no time zone yet gets the browser's, so that this day already is the right one.
    Raises `RateLimited` after too many failures, and the same `SignInRequired` for an unknown name,
    a wrong password and an account without one.
    """
    async with passwords.turn():
        login = rules.normal_login(username)
        account = await queries.credentials_of(login)
        # Counted by account, not by name: an id and an e-mail address are one account.
        limits = _limits(account.external_id if account else login, address)
        wait = await rate.take(limits, WINDOW)
        if wait:
            count("sign_ins", "limited")
            raise RateLimited(
                f"Too many tries. You can try again in {rules.wait_in_words(wait)}.",
                retry_after=wait,
            )
        right = await passwords.verify(
            account.password_hash if account else None, password[: rules.MAX_PASSWORD + 1]
        )
        if account is None or not right:
            count("sign_ins", "refused")
            raise SignInRequired("Invalid credentials")
        await rate.give_back(limits)

        token = new_token()
        now = clock.now()
        async with sql.transaction():
            if old_session is not None:
                await _end_session(old_session)
            await LoginSession.insert(
                LoginSession(
                    token_hash=hash_token(token),
                    member=account.user_id,
                    created_at=now,
                    expires_at=now + timedelta(hours=hours),
                    user_agent=user_agent[:200] or None,
                )
            )
            zone = account.time_zone or zone_named(browser_zone)
            if zone is not None and account.time_zone is None:
                await AppUser.update({AppUser.time_zone: zone}).where(
                    AppUser.id == account.user_id, AppUser.time_zone.is_null()
                )
            await record_activity(account.user_id, zone or default_zone)
        count("sign_ins", "accepted")
        return SignedIn(token, account)


async def _end_session(token_hash: bytes) -> None:
    await LoginSession.update({LoginSession.ended_at: clock.now()}).where(
        LoginSession.token_hash == token_hash, LoginSession.ended_at.is_null()
    )


async def sign_out(token_hash: bytes) -> None:
    """End the session; the cookie is worth nothing from here on. The row stays as history."""
    await _end_session(token_hash)


async def record_activity(learner: UUID, time_zone: str) -> None:
    """Remember that the person was active today, in their own time zone."""
    await sql.execute(
        _RECORD_ACTIVITY, learner, rules.local_day(clock.now(), time_zone), retry=True
    )


async def create_user(user: rules.NewUser) -> UUID:
    """Returns the key of the new person. `Invalid` for bad fields or an unknown team, `Conflict`
    when the id or the e-mail is taken."""
    rules.check_new_user(user)
    hashed = await passwords.hash_password(user.password) if user.password else None
    async with sql.transaction():
        if user.team is not None and not await Team.exists().where(Team.id == user.team):
            raise Invalid(
                f"There is no team {user.team}.", details={"team": "There is no such team."}
            )
        created = await AppUser.insert(
            AppUser(
                external_id=user.external_id,
                email=user.email,
                name=user.name.strip(),
                role=user.role,
                team=user.team,
                password_hash=hashed,
            )
        ).on_conflict(action="DO NOTHING")
    if not created:
        raise Conflict("This id or e-mail is taken already.")
    key: UUID = created[0]["id"]
    return key


async def set_password(external_id: str, password: str) -> None:
    """Give a person a new password and end all their sessions. `NotFound` for an unknown id."""
    findings = rules.password_findings(password)
    if findings:
        raise Invalid(findings["password"], details=findings)
    hashed = await passwords.hash_password(password)
    async with sql.transaction():
        changed = (
            await AppUser.update({AppUser.password_hash: hashed})
            .where(AppUser.external_id == external_id, AppUser.erased_at.is_null())
            .returning(AppUser.id)
        )
        if not changed:
            raise NotFound(f"There is no account {external_id}.")
        await LoginSession.update({LoginSession.ended_at: clock.now()}).where(
            LoginSession.member == changed[0]["id"], LoginSession.ended_at.is_null()
        )
