"""Signing in and out, and making people. Every action commits before it returns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec

from portal import clock
from portal.accounts import passwords, queries, rules
from portal.accounts.tables import AppUser, KnownDevice, LoginSession
from portal.accounts.time_zones import usable_zone, zone_named
from portal.db import sql
from portal.errors import Conflict, Invalid, NotFound, RateLimited, SignInRequired
from portal.web import rate_limit
from portal.web.client_address import Address, counted_as, is_public
from portal.web.counters import count
from portal.web.session import MAX_KNOWN, hash_token, new_token

WINDOW = timedelta(minutes=5)
PER_ACCOUNT_AND_ADDRESS = 10
PER_ACCOUNT = 100
PER_ADDRESS = 50
PER_DEVICE = 10

# The account is as it was when the password was checked, and stays so until the commit: a change of
# the password, or a disabling, either comes first and this finds nobody, or it waits and ends the
# session as well. The account is locked before any session, the same everywhere.
_OPEN = """
    WITH person AS MATERIALIZED (
        SELECT id FROM app_user
        WHERE id = $1 AND password_hash = $2 AND disabled_at IS NULL AND erased_at IS NULL
        FOR NO KEY UPDATE
    ), opened AS (
        INSERT INTO login_session (token_hash, member, created_at, expires_at, user_agent)
        SELECT $3, id, $4, $5, $6 FROM person RETURNING member
    ), ended AS (
        UPDATE login_session SET ended_at = $4
        WHERE token_hash = $7 AND ended_at IS NULL AND EXISTS (SELECT FROM opened)
    ), kept AS (
        UPDATE app_user SET time_zone = coalesce(time_zone, $8),
            password_hash = coalesce($9, password_hash)
        WHERE id = (SELECT member FROM opened)
          AND ($9::text IS NOT NULL OR (time_zone IS NULL AND $8::text IS NOT NULL))
    ), active AS (
        INSERT INTO activity_day (learner, day) SELECT member, $10::date FROM opened
        ON CONFLICT (learner, day) DO NOTHING
    ), device AS (
        INSERT INTO known_device (token_hash, member, created_at, last_used_at)
        SELECT $11, member, $4, $4 FROM opened
        ON CONFLICT (token_hash) DO UPDATE SET last_used_at = $4
    )
    SELECT ARRAY(SELECT token_hash FROM known_device WHERE token_hash = ANY ($12::bytea[])) AS known
    FROM opened
"""
_RECORD_ACTIVITY = """
    INSERT INTO activity_day (learner, day) VALUES ($1, $2)
    ON CONFLICT (learner, day) DO NOTHING
"""
_HOLD_TEAM = "SELECT 1 FROM team WHERE id = $1 FOR KEY SHARE"


class Browser(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the browser or program that signs in. `known` are its tokens of accounts
    entered there before, the latest first; `session` is the hash of the session that it has."""

    address: Address | None
    user_agent: str = ""
    zone: str = ""
    session: bytes | None = None
    known: Sequence[str] = ()

    def __repr__(self) -> str:
        return f"Browser({self.address})"


class SignedIn(msgspec.Struct, frozen=True):
    """A new session; `token` is in no log and in no table. `known` are the tokens of accounts that
    the browser is to keep, this account's first."""

    token: str
    known: list[str]
    account: queries.Credentials

    def __repr__(self) -> str:
        return f"SignedIn({self.account.external_id})"


def _limits(
    login: str, account: queries.Credentials | None, address: Address | None
) -> dict[str, int]:
    """Counted by account, not by name: an id and an e-mail address are one account."""
    if account is not None and account.device is not None:
        # What strangers try, from wherever, uses up nothing here.
        return {rate_limit.bucket("device", account.external_id, account.device.hex()): PER_DEVICE}
    name = account.external_id if account else login
    counted = str(counted_as(address))
    limits = {
        rate_limit.bucket("login", name, counted): PER_ACCOUNT_AND_ADDRESS,
        rate_limit.bucket("login", name): PER_ACCOUNT,
    }
    # Behind one private address may sit a whole company.
    if is_public(address):
        limits[rate_limit.bucket("address", counted)] = PER_ADDRESS
    return limits


async def sign_in(
    username: str, password: str, browser: Browser, *, hours: int, default_zone: str
) -> SignedIn:
    """Check the password, open a session and end the one that the browser had.

    Who has no time zone yet gets the browser's, so that this day already is the right one.
    Raises `RateLimited` after too many failures, and the same `SignInRequired` for an unknown name,
    a wrong password and an account without one.
    """
    async with passwords.hashing_slot():
        login = rules.normal_login(username)
        devices = [hash_token(token) for token in browser.known]
        account = await queries.credentials_of(login, devices)
        limits = _limits(login, account, browser.address)
        wait = await rate_limit.acquire(limits, WINDOW)
        if wait:
            count("sign_ins", "limited")
            raise RateLimited(
                f"Too many tries. You can try again in {rules.wait_in_words(wait)}.",
                retry_after=wait,
            )
        signed_in = None
        for _ in range(2):
            verdict = await passwords.verify(account.password_hash if account else None, password)
            if account is None or verdict == "wrong":
                break
            renewed = await passwords.hash_password(password) if verdict == "outdated" else None
            signed_in = await _open(
                account, browser, hours=hours, default_zone=default_zone, renewed=renewed
            )
            if signed_in is not None:
                break
            # It is not as it was read: perhaps another sign-in has only renewed its hash.
            account = await queries.credentials_of(login, devices)
        if signed_in is None:
            count("sign_ins", "refused")
            raise SignInRequired("Invalid credentials")
        await rate_limit.refund(limits)
        count("sign_ins", "accepted")
        return signed_in


async def _open(
    account: queries.Credentials,
    browser: Browser,
    *,
    hours: int,
    default_zone: str,
    renewed: str | None,
) -> SignedIn | None:
    """Open a session in one statement; None when the account has changed since it was read."""
    token, device = new_token(), new_token()
    now = clock.now()
    zone = account.time_zone or zone_named(browser.zone)
    known = {hash_token(entry): entry for entry in browser.known}
    if account.device is not None:
        # The token stays the same: it opens nothing, and two windows would take it from each other.
        device = known.pop(account.device)
    rows = await sql.execute(
        _OPEN,
        account.user_id,
        account.password_hash,
        hash_token(token),
        now,
        now + timedelta(hours=hours),
        browser.user_agent[:200] or None,
        browser.session,
        zone,
        renewed,
        rules.local_day(now, usable_zone(zone, default_zone)),
        hash_token(device),
        list(known),
    )
    if not rows:
        return None
    # Tokens that are worth nothing any longer make room.
    others = [known[entry] for entry in known if entry in rows[0]["known"]]
    return SignedIn(token, [device, *others][:MAX_KNOWN], account)


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


async def hold_team(team: str) -> None:
    """Keep a team from being deleted until the commit; `Invalid` when there is none."""
    if not await sql.execute(_HOLD_TEAM, team):
        raise Invalid(f"There is no team {team}.", details={"team": "There is no such team."})


async def create_user(user: rules.NewUser) -> UUID:
    """Returns the key of the new person. `Invalid` for bad fields or an unknown team, `Conflict`
    when the id or the e-mail is taken."""
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
        raise Conflict("This id or e-mail is taken already.")
    key: UUID = created[0]["id"]
    return key


async def set_password(external_id: str, password: str) -> bool:
    """Give a person a new password, end all their sessions and forget their devices. Returns
    whether they can sign in with it: False while they are disabled. `NotFound` for an unknown
    id."""
    findings = rules.password_findings(password)
    if findings:
        raise Invalid(findings["password"], details=findings)
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
        await LoginSession.update({LoginSession.ended_at: clock.now()}).where(
            LoginSession.member == person, LoginSession.ended_at.is_null()
        )
        await KnownDevice.delete().where(KnownDevice.member == person)
    return changed[0]["disabled_at"] is None
