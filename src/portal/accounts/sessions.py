"""Sessions: how they are opened, kept and ended."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from portal import clock
from portal.accounts import passwords, queries, rules
from portal.accounts.browser import Browser
from portal.accounts.time_zones import usable_zone, zone_named
from portal.config.addresses import Address
from portal.config.settings import Settings
from portal.db import sql
from portal.errors import NotFound, RateLimited, SignInRequired
from portal.web import rate_limit
from portal.web.actor import Actor
from portal.web.client_address import counted_as, is_public
from portal.web.counters import count
from portal.web.session import MAX_KNOWN, hash_token, new_token

WINDOW = timedelta(minutes=5)
PER_ACCOUNT_AND_ADDRESS = 10
PER_ACCOUNT = 100
PER_ADDRESS = 50
PER_DEVICE = 10
SEEN_EVERY = timedelta(minutes=5)

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
_ACTOR = """
    SELECT u.id AS user_id, u.external_id, u.name, u.role, u.team AS team_id, t.name AS team_name,
           t.track, u.time_zone, s.token_hash AS session_hash,
           coalesce(s.last_seen_at, s.created_at) AS seen_at
    FROM login_session s
    JOIN app_user u ON u.id = s.member
    LEFT JOIN team t ON t.id = u.team
    WHERE s.token_hash = $1 AND s.ended_at IS NULL AND s.expires_at > $2
      AND u.disabled_at IS NULL AND u.erased_at IS NULL
"""
_SEEN = "UPDATE login_session SET last_seen_at = $2 WHERE token_hash = $1 AND ended_at IS NULL"
_END_SESSION = "UPDATE login_session SET ended_at = $2 WHERE token_hash = $1 AND ended_at IS NULL"
_END_SESSIONS = """
    UPDATE login_session SET ended_at = $3
    WHERE member = $1 AND token_hash IS DISTINCT FROM $2 AND ended_at IS NULL AND expires_at > $3
    RETURNING 1
"""
_END_ONE = """
    UPDATE login_session SET ended_at = $3
    WHERE member = $1 AND left(encode(sha256(token_hash), 'hex'), 32) = $2
      AND ended_at IS NULL AND expires_at > $3
    RETURNING 1
"""
_RENEW = """
    UPDATE login_session SET token_hash = $2, expires_at = $3
    WHERE token_hash = $1 AND ended_at IS NULL
    RETURNING 1
"""
_FORGET_DEVICES = "DELETE FROM known_device WHERE member = $1 AND token_hash <> ALL ($2::bytea[])"
# Sign-ins under way wait for it, or are waited for; then their sessions are seen and ended.
_LOCK_ACCOUNT = "SELECT 1 FROM app_user WHERE id = $1 FOR NO KEY UPDATE"


class SignedIn(msgspec.Struct, frozen=True):
    """A new session; `token` is in no log and in no table. `known` are the tokens of accounts that
    the browser is to keep, this account's first."""

    token: str
    known: list[str]
    account: queries.Credentials

    def __repr__(self) -> str:
        return f"SignedIn({self.account.external_id})"


class Session(msgspec.Struct, frozen=True):
    """A live session: whose it is, and when it was last seen, accurate to a few minutes."""

    actor: Actor
    seen_at: datetime


def _limits_of(
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


async def sign_in(username: str, password: str, browser: Browser, settings: Settings) -> SignedIn:
    """Check the password, open a session and end the one that the browser had.

    Someone without a time zone gets the browser's, so that the first day is already the right one.
    Raises `RateLimited` after too many failures, and the same `SignInRequired` for an unknown name,
    a wrong password and an account without one.
    """
    async with passwords.hashing_slot():
        login = rules.normal_login(username)
        account = await queries.credentials_of(login, browser.known)
        limits = _limits_of(login, account, browser.address)
        try:
            await rate_limit.acquire(limits, WINDOW)
        except RateLimited:
            count("sign_ins", "limited")
            raise
        signed_in = None
        for _ in range(2):
            verdict = await passwords.check_password(
                account.password_hash if account else None, password
            )
            if account is None or verdict == "wrong":
                break
            renewed = await passwords.hash_password(password) if verdict == "outdated" else None
            signed_in = await _open_session(account, browser, settings, renewed)
            if signed_in is not None:
                break
            # It is not as it was read: perhaps another sign-in has only renewed its hash.
            account = await queries.credentials_of(login, browser.known)
        if signed_in is None:
            count("sign_ins", "refused")
            raise SignInRequired("Invalid credentials")
        await rate_limit.refund(limits)
        count("sign_ins", "accepted")
        return signed_in


async def _open_session(
    account: queries.Credentials,
    browser: Browser,
    settings: Settings,
    renewed: str | None,
) -> SignedIn | None:
    """Open a session in one statement; None when the account has changed since it was read."""
    token, device = new_token(), new_token()
    now = clock.now()
    zone = account.time_zone or zone_named(browser.zone)
    known = dict(browser.known)
    if account.device is not None:
        # The token stays the same: it opens nothing, and two windows would take it from each other.
        device = known.pop(account.device)
    rows = await sql.execute(
        _OPEN,
        account.user_id,
        account.password_hash,
        hash_token(token),
        now,
        now + timedelta(hours=settings.session_hours),
        browser.user_agent[:200] or None,
        browser.session,
        zone,
        renewed,
        rules.local_day(now, usable_zone(zone, settings.time_zone)),
        hash_token(device),
        list(known),
    )
    if not rows:
        return None
    # Tokens that are no longer worth anything make room.
    others = [known[entry] for entry in known if entry in rows[0]["known"]]
    return SignedIn(token, [device, *others][:MAX_KNOWN], account)


async def session_of(token_hash: bytes, default_zone: str) -> Session | None:
    """Returns a live session, or None."""
    rows = await sql.execute(_ACTOR, token_hash, clock.now(), retry=True)
    if not rows:
        return None
    person = dict(rows[0])
    seen_at = person.pop("seen_at")
    person["time_zone"] = usable_zone(person["time_zone"], default_zone)
    return Session(Actor(**person), seen_at)


async def actor_of_session(token_hash: bytes, default_zone: str) -> Actor | None:
    """Returns the person of a live session, or None. When it was last seen is updated rarely,
    in a separate statement: within the read it would cost every request more than half again.
    Nobody is kept waiting for it, or refused when it cannot be written."""
    session = await session_of(token_hash, default_zone)
    if session is None:
        return None
    if abs(clock.now() - session.seen_at) >= SEEN_EVERY:  # a clock may have been ahead
        await sql.execute_best_effort(_SEEN, token_hash, clock.now())
    return session.actor


async def renew(actor: Actor, hours: int) -> str:
    """Go on with the actor's session under a new token, which is returned, as in a new session of
    `hours`. `SignInRequired` when it was ended meanwhile. The commit is the caller's."""
    token = new_token()
    expires_at = clock.now() + timedelta(hours=hours)
    if not await sql.execute(_RENEW, actor.session_hash, hash_token(token), expires_at):
        raise SignInRequired
    return token


async def sign_out(token_hash: bytes | None) -> None:
    """End the session; the cookie is worth nothing from here on. The row stays as history."""
    if token_hash is not None:
        await sql.execute(_END_SESSION, token_hash, clock.now())


async def sign_out_device(actor: Actor, device: str) -> None:
    """End one of the actor's sessions; `NotFound` when it is none of theirs or has ended."""
    if not await sql.execute(_END_ONE, actor.user_id, device, clock.now()):
        raise NotFound("You are no longer signed in there.")


async def sign_out_others(actor: Actor, devices: Collection[bytes]) -> None:
    """End all of the actor's sessions but this one, and forget the known devices except `devices`,
    the hashes of this browser's own tokens."""
    async with sql.transaction():
        await sql.execute(_LOCK_ACCOUNT, actor.user_id)
        await end_sessions(actor.user_id, but=actor.session_hash)
        await forget_devices(actor.user_id, but=devices)


async def sign_out_everywhere(actor: Actor) -> None:
    """End all of the actor's sessions, this one too, and forget all known devices."""
    async with sql.transaction():
        await sql.execute(_LOCK_ACCOUNT, actor.user_id)
        await end_sessions(actor.user_id)
        await forget_devices(actor.user_id)


async def end_sessions(person: UUID, *, but: bytes | None = None) -> int:
    """End the sessions of a person, whose account is locked, except the one with the hash `but`;
    returns how many. The commit is the caller's."""
    return len(await sql.execute(_END_SESSIONS, person, but, clock.now()))


async def forget_devices(person: UUID, *, but: Collection[bytes] = ()) -> None:
    """Forget the known devices of a person, except those with the hashes `but`. The commit is the
    caller's."""
    await sql.execute(_FORGET_DEVICES, person, list(but))
