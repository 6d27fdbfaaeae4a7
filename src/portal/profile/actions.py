"""What people change about their own account. Every action commits before it returns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from portal import clock
from portal.accounts import audit, passwords, queries, rules
from portal.accounts.tables import AppUser, LoginSession
from portal.accounts.time_zones import zone_named
from portal.db import sql
from portal.errors import Conflict, Invalid, NotFound, RateLimited, SignInRequired
from portal.web import rate_limit
from portal.web.actor import Actor
from portal.web.session import hash_token, new_token

SEEN_EVERY = timedelta(minutes=5)
WINDOW = timedelta(minutes=5)
TRIES = 10

_SEEN = "UPDATE login_session SET last_seen_at = $2 WHERE token_hash = $1 AND ended_at IS NULL"
_PASSWORD = "SELECT password_hash, email FROM app_user WHERE id = $1"  # noqa: S105
_SIGN_OUT_DEVICE = """
    UPDATE login_session SET ended_at = $3
    WHERE member = $1 AND left(encode(sha256(token_hash), 'hex'), 32) = $2
      AND ended_at IS NULL AND expires_at > $3
    RETURNING 1
"""
# Sign-ins under way wait for it, or are waited for; then their sessions are seen and ended.
_LOCK_ACCOUNT = "SELECT 1 FROM app_user WHERE id = $1 FOR NO KEY UPDATE"
_FORGET_DEVICES = "DELETE FROM known_device WHERE member = $1 AND token_hash <> ALL ($2::bytea[])"
_SIGN_OUT_OTHERS = """
    UPDATE login_session SET ended_at = $3
    WHERE member = $1 AND token_hash <> $2 AND ended_at IS NULL AND expires_at > $3
    RETURNING 1
"""


async def actor_of_session(token_hash: bytes, default_zone: str) -> Actor | None:
    """Returns the person of a live session, or None. When it was seen is written down rarely, and
    so in a statement of its own: within the read it would cost every request more than half again.
    Who reads is not kept waiting for it, and not refused when it cannot be written."""
    session = await queries.session_of(token_hash, default_zone)
    if session is None:
        return None
    if abs(clock.now() - session.seen_at) >= SEEN_EVERY:  # a clock may have been ahead
        await sql.execute_best_effort(_SEEN, token_hash, clock.now())
    return session.actor


async def _change(actor: Actor, values: dict[Any, Any]) -> None:
    """Raises `SignInRequired` when the account was disabled or erased since the request began."""
    changed = (
        await AppUser.update(values)
        .where(
            AppUser.id == actor.user_id, AppUser.disabled_at.is_null(), AppUser.erased_at.is_null()
        )
        .returning(AppUser.id)
    )
    if not changed:
        raise SignInRequired


async def rename(actor: Actor, name: str) -> None:
    """Show the actor under another name; `Invalid` when it cannot be one."""
    name = rules.normal_name(name)
    findings = rules.name_findings(name)
    if findings:
        raise Invalid(findings["name"], details=findings)
    await _change(actor, {AppUser.name: name})


async def set_time_zone(actor: Actor, text: str) -> str:
    """Returns the zone that is meant and now the actor's own; `Invalid` when there is none."""
    zone = zone_named(text)
    if zone is None:
        sentence = (
            f"There is no time zone {text}. Choose one from the list, such as Europe/Paris."
            if text
            else "Choose a time zone, such as Europe/Paris."
        )
        raise Invalid(sentence, details={"zone": sentence})
    await _change(actor, {AppUser.time_zone: zone})
    return zone


async def set_listed(actor: Actor, *, listed: bool) -> None:
    """Name the actor among the ranks, or only count them there."""
    await _change(actor, {AppUser.unlisted_at: None if listed else clock.now()})


async def change_password(
    actor: Actor, *, current: str, new: str, again: str, hours: int, devices: Sequence[bytes]
) -> tuple[str, int]:
    """Give the actor another password, end all other sessions and go on with a new token. Known
    devices are forgotten, except `devices`, the hashes of this browser's own tokens.

    Returns the token, and how many sessions were ended. Raises `Invalid` with a sentence per field,
    `Conflict` for an account without a password or when it was changed meanwhile, `RateLimited`
    after too many wrong tries, and `SignInRequired` when the session was ended meanwhile.
    """
    rows = await sql.execute(_PASSWORD, actor.user_id, retry=True)
    stored, email = rows[0]["password_hash"], rows[0]["email"]
    if stored is None:
        raise Conflict("This account has no password: it signs in another way.")
    findings: rules.Findings = {}
    if not current:
        findings["current"] = "Enter your current password."
    elif not await _is_current(actor, stored, current):
        findings["current"] = "This is not your current password."
    names = (actor.external_id, actor.name, email)
    for sentence in rules.own_password_findings(new, names=names, current=current).values():
        findings["new"] = sentence if new else "Enter a new password."
    if "new" not in findings and rules.normal_password(new) != rules.normal_password(again):
        findings["again"] = "The two are not the same. Type the new password again."
    if findings:
        raise Invalid(next(iter(findings.values())), details=findings)

    hashed = await passwords.hash_password(new)
    token = new_token()
    now = clock.now()
    async with sql.transaction():
        changed = (
            await AppUser.update({AppUser.password_hash: hashed})
            .where(
                AppUser.id == actor.user_id,
                AppUser.password_hash == stored,
                AppUser.disabled_at.is_null(),
            )
            .returning(AppUser.id)
        )
        if not changed:
            raise Conflict("Your password was changed meanwhile, somewhere else.")
        ended = await sql.execute(_SIGN_OUT_OTHERS, actor.user_id, actor.session_hash, now)
        goes_on = (
            await LoginSession.update(
                {
                    LoginSession.token_hash: hash_token(token),
                    LoginSession.expires_at: now + timedelta(hours=hours),
                }
            )
            .where(LoginSession.token_hash == actor.session_hash, LoginSession.ended_at.is_null())
            .returning(LoginSession.member)
        )
        if not goes_on:
            raise SignInRequired
        await sql.execute(_FORGET_DEVICES, actor.user_id, list(devices))
        await audit.record(actor.user_id, "user.change-password", actor.user_id)
    return token, len(ended)


async def _is_current(actor: Actor, stored: str, password: str) -> bool:
    """Returns whether this is the password; limited, because a session may be in other hands."""
    limits = {rate_limit.bucket("password", actor.external_id): TRIES}
    wait = await rate_limit.acquire(limits, WINDOW)
    if wait:
        raise RateLimited(
            f"Too many tries. You can try again in {rules.wait_in_words(wait)}.", retry_after=wait
        )
    right = await passwords.verify(stored, password) != "wrong"
    if right:
        await rate_limit.refund(limits)
    return right


async def sign_out_device(actor: Actor, device: str) -> None:
    """End one of the actor's sessions; `NotFound` when it is none of theirs or has ended."""
    if not await sql.execute(_SIGN_OUT_DEVICE, actor.user_id, device, clock.now()):
        raise NotFound("You are not signed in there any longer.")


async def sign_out_others(actor: Actor, devices: Sequence[bytes]) -> int:
    """End all of the actor's sessions but this one, and forget the known devices except `devices`,
    the hashes of this browser's own tokens; returns how many sessions."""
    async with sql.transaction():
        await sql.execute(_LOCK_ACCOUNT, actor.user_id)
        ended = await sql.execute(_SIGN_OUT_OTHERS, actor.user_id, actor.session_hash, clock.now())
        await sql.execute(_FORGET_DEVICES, actor.user_id, list(devices))
    return len(ended)


async def sign_out_everywhere(actor: Actor) -> None:
    """End all of the actor's sessions, this one too, and forget all known devices."""
    async with sql.transaction():
        await sql.execute(_LOCK_ACCOUNT, actor.user_id)
        await LoginSession.update({LoginSession.ended_at: clock.now()}).where(
            LoginSession.member == actor.user_id, LoginSession.ended_at.is_null()
        )
        await sql.execute(_FORGET_DEVICES, actor.user_id, [])
