"""What people change about their own account. Every action commits before it returns."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from portal import clock
from portal.accounts import audit, passwords, queries, rules, sessions
from portal.accounts.tables import AppUser
from portal.accounts.time_zones import zone_named
from portal.db import sql
from portal.errors import Conflict, Invalid, SignInRequired
from portal.web import rate_limit
from portal.web.actor import Actor

WINDOW = timedelta(minutes=5)
TRIES = 10


async def _change_own(actor: Actor, values: dict[Any, Any]) -> None:
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
    errors = rules.name_errors(name)
    if errors:
        raise Invalid(details=errors)
    await _change_own(actor, {AppUser.name: name})


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
    await _change_own(actor, {AppUser.time_zone: zone})
    return zone


async def set_listed(actor: Actor, *, listed: bool) -> None:
    """Name the actor among the ranks, or only count them there."""
    await _change_own(actor, {AppUser.unlisted_at: None if listed else clock.now()})


async def change_password(
    actor: Actor, *, current: str, new: str, again: str, hours: int, devices: Collection[bytes]
) -> tuple[str, int]:
    """Give the actor another password, end all other sessions and go on with a new token. Known
    devices are forgotten, except `devices`, the hashes of this browser's own tokens.

    Returns the token, and how many sessions were ended. Raises `Invalid` with a sentence per field,
    `Conflict` for an account without a password or when it was changed meanwhile, `RateLimited`
    after too many wrong tries, and `SignInRequired` when the session was ended meanwhile.
    """
    account = await queries.credentials_of(actor.external_id)
    if account is None:
        raise SignInRequired
    stored = account.password_hash
    if stored is None:
        raise Conflict("This account has no password: it signs in another way.")
    errors: rules.FieldErrors = {}
    if not current:
        errors["current"] = "Enter your current password."
    elif not await _is_current(actor, stored, current):
        errors["current"] = "This is not your current password."
    names = (actor.external_id, actor.name, account.email)
    for sentence in rules.own_password_errors(new, names=names, current=current).values():
        errors["new"] = sentence if new else "Enter a new password."
    if "new" not in errors and rules.normal_password(new) != rules.normal_password(again):
        errors["again"] = "The two passwords differ. Type the new password again."
    if errors:
        raise Invalid(details=errors)

    hashed = await passwords.hash_password(new)
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
            raise Conflict("Your password has been changed somewhere else in the meantime.")
        ended = await sessions.end_sessions(actor.user_id, but=actor.session_hash)
        token = await sessions.renew(actor, hours)
        await sessions.forget_devices(actor.user_id, but=devices)
        await audit.record(actor.user_id, "user.change-password", actor.user_id)
    return token, ended


async def _is_current(actor: Actor, stored: str, password: str) -> bool:
    """Returns whether this is the password; limited, because a session may be in other hands."""
    limits = {rate_limit.bucket("password", actor.external_id): TRIES}
    await rate_limit.acquire(limits, WINDOW)
    right = await passwords.check_password(stored, password) != "wrong"
    if right:
        await rate_limit.refund(limits)
    return right
