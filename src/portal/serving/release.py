"""What happens between listening and serving: database, schema, first admin, demo data."""

from __future__ import annotations

import asyncio
import logging
import sys
import time

import asyncpg

from portal.accounts import actions, demo, queries
from portal.accounts.rules import NewUser, name_errors, normal_name
from portal.config.settings import Settings
from portal.db import reasons, rights, schema, sql
from portal.errors import CommandFailed, Conflict, PortalError, Unavailable
from portal.serving.processes import end
from portal.serving.seed import seed
from portal.web.formats import plural
from portal.web.lifecycle import Lifecycle

log = logging.getLogger("serve/release")

LOOK_AGAIN_SECONDS = 2.0
AFTER_LOSS_SECONDS = 1.0


async def release(settings: Settings, lifecycle: Lifecycle) -> None:
    """Prepare everything that requests need, then open the gate.

    Raises `CommandFailed` with one sentence when that is impossible: the database stays away, a
    migration fails, the demo accounts are refused.
    """
    if settings.seed_db and settings.demo_refused:
        raise CommandFailed(demo.REFUSED)
    await _until_prepared(settings, lifecycle)
    lifecycle.open()
    log.info("ready")


async def _until_prepared(settings: Settings, lifecycle: Lifecycle) -> None:
    """Prepare everything. Every step can be repeated, so a database that goes away meanwhile is
    waited for as at the beginning."""
    deadline: float | None = None
    while True:
        await _wait_for_database(settings, lifecycle)
        try:
            await _prepare(settings, lifecycle)
        except Unavailable as error:
            now = time.monotonic()
            if deadline is None:
                deadline = now + settings.db_wait_seconds
                log.error("the start is interrupted: %s", reasons.explain(error))
            elif now > deadline:
                raise CommandFailed(
                    f"The start could not be finished within {settings.db_wait_seconds} s"
                    f" (DB_WAIT_SECONDS): {reasons.explain(error)}"
                ) from None
            await asyncio.sleep(AFTER_LOSS_SECONDS)
        else:
            return


async def _prepare(settings: Settings, lifecycle: Lifecycle) -> None:
    await _bring_to_head(settings, lifecycle)
    lacking = await _lacking()
    if lacking:
        raise CommandFailed(lacking)
    lifecycle.at_head = True
    await ensure_first_admin(settings)
    if settings.seed_db:
        lifecycle.enter("seeding")
        made = await seed(settings)
        if made:
            log.info("seeded %s", made)


async def _wait_for_database(settings: Settings, lifecycle: Lifecycle) -> None:
    lifecycle.enter("waiting for the database")
    deadline = time.monotonic() + settings.db_wait_seconds
    pause = 0.1
    while True:
        try:
            await sql.fetch_value("SELECT 1")
            return
        except PortalError as error:
            reason = reasons.explain(error)
            if time.monotonic() + pause > deadline:
                raise CommandFailed(
                    f"The database did not answer within {settings.db_wait_seconds} s"
                    f" (DB_WAIT_SECONDS): {reason}"
                ) from None
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 1.0)


async def _bring_to_head(settings: Settings, lifecycle: Lifecycle) -> None:
    reported, warned = "", False
    while True:
        try:
            status = await schema.read_status(sql.fetch_records)
            lacking = None if status.pending else await _lacking()
        except Unavailable as error:
            if isinstance(error.__cause__, asyncpg.InsufficientPrivilegeError):
                # Somebody is making the tables just now, or has made them for another role.
                status, lacking = schema.MigrationStatus([], []), await _lacking()
            elif reported:
                # The operator may take hours, and the database be away in the meantime.
                await asyncio.sleep(LOOK_AGAIN_SECONDS)
                continue
            else:
                raise
        if status.unknown and not warned:
            warned = True
            log.warning(
                "the schema is newer than this version, by %s",
                plural(len(status.unknown), "migration"),
            )
        if not status.pending and lacking is None:
            return
        if settings.migrate_on_start:
            break
        lifecycle.enter("schema behind")
        reported = _report(lacking, len(status.pending), reported)
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
    if lacking and settings.direct is None:
        raise CommandFailed(lacking)
    settings.require_direct()
    lifecycle.enter("migrating")
    await _migrate_in_child()


def _report(lacking: str | None, pending: int, reported: str) -> str:
    """Log what serving waits for, unless it was `reported`. Returns what is reported now."""
    if lacking is not None:
        if lacking != reported:
            log.error("%s Until then this waits.", lacking)
        return lacking
    if not reported:
        log.info(
            "the schema is %s behind and MIGRATE_ON_START is false: waiting for portal migrate",
            plural(pending, "migration"),
        )
    return reported or "behind"


async def _lacking() -> str | None:
    """Returns a sentence when the role lacks a right that serving needs, else None."""
    role = await sql.fetch_value("SELECT current_user::text")
    names = await rights.missing_rights(sql.fetch_records, role)
    return rights.needs_grants(role, names) if names else None


async def _migrate_in_child() -> None:
    """Run `portal migrate` in a process of its own: it imports what a server never needs, and it
    can be ended without ending us. A signal to us ends it too."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "portal", "migrate"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, errors = await child.communicate()
    except asyncio.CancelledError:
        await end(child)
        raise
    if child.returncode != 0:
        lines = errors.decode(errors="replace").strip().splitlines()
        raise CommandFailed(lines[-1] if lines else "The migration ended without a word.")
    for line in output.decode(errors="replace").splitlines():
        log.info("%s", line)


async def ensure_first_admin(settings: Settings) -> None:
    """Create the admin of `ADMIN_EMAIL` and `ADMIN_PASSWORD` when there is no admin yet."""
    if not (settings.admin_email and settings.admin_password):
        return
    if await queries.admin_exists():
        return
    name = settings.admin_email.partition("@")[0]
    letters = (c for c in name.lower() if c.isascii() and (c.isalnum() or c in "._-"))
    external_id = "".join(letters).strip("._-") or "admin"
    try:
        await actions.create_user(
            NewUser(
                external_id=external_id,
                name=external_id if name_errors(normal_name(name)) else name,
                role="admin",
                email=settings.admin_email,
                password=settings.admin_password,
            )
        )
    except Unavailable:
        raise
    except PortalError as error:
        if isinstance(error, Conflict) and await queries.admin_exists():
            return  # another container was faster
        raise CommandFailed(f"ADMIN_EMAIL, ADMIN_PASSWORD: {error.sentence}") from None
    log.info("created the first admin")
