"""The weekly mail to those who lead teams: who gets it, and what became of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from email.message import EmailMessage
from uuid import UUID

import msgspec

from portal import clock
from portal.config.addresses import without_port
from portal.config.settings import Settings
from portal.db import sql
from portal.errors import CommandFailed
from portal.learning.course import Course
from portal.mail import actions
from portal.mail.actions import INTERRUPTED
from portal.mail.delivery import MailServer
from portal.mail.render import rendered
from portal.mail.rules import Letter, Outcome, composed
from portal.manager import queries
from portal.manager.digest import Digest, digest_of, present_week, week_before
from portal.manager.filters import Filters
from portal.web.actor import Actor, Role

KIND = "digest"

_LEADERS = """
    SELECT u.id, u.external_id, u.name, u.email, u.role, u.digest_off_at IS NOT NULL AS off,
           array_agg(t.id ORDER BY t.name, t.id) AS teams
    FROM leads l JOIN app_user u ON u.id = l.member JOIN team t ON t.id = l.team
    WHERE NOT l.deputy AND u.role <> 'learner' AND u.disabled_at IS NULL AND u.erased_at IS NULL
        AND ($1::uuid IS NULL OR u.id = $1)
    GROUP BY u.id ORDER BY u.external_id
"""
_SWITCH = """
    UPDATE app_user
    SET digest_off_at = CASE WHEN $2::boolean THEN NULL ELSE coalesce(digest_off_at, now()) END
    WHERE id = $1
"""


class Leader(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who leads `teams`, and not only as a deputy. `off`: no mail is wanted."""

    id: UUID
    external_id: str
    name: str
    email: str | None
    role: Role
    off: bool
    teams: list[str]


class Line(msgspec.Struct, frozen=True):
    """What became of the mail to a person."""

    who: str
    outcome: Outcome


async def leaders() -> list[Leader]:
    """Returns everybody who leads a team, by their ids."""
    return await sql.fetch(Leader, _LEADERS, None)


async def leader(actor: Actor) -> Leader | None:
    """Returns the actor as one who leads teams; None when they lead none, or as a deputy only."""
    return await _leader(actor.user_id)


async def _leader(key: UUID) -> Leader | None:
    return await sql.fetch_one(Leader, _LEADERS, key)


async def want_digest(actor: Actor, *, wanted: bool) -> None:
    """Switch the actor's own weekly mail on or off. Off stays off since when it was."""
    await sql.execute(_SWITCH, actor.user_id, wanted, retry=True)


async def digest_for(
    who: Leader, course: Course, settings: Settings, *, week: str, site: str, so_far: bool = False
) -> Digest | None:
    """Returns the mail about a week to somebody who leads teams; None when nobody else is on
    them."""
    asker = Actor(
        user_id=who.id,
        external_id=who.external_id,
        name=who.name,
        role=who.role,
        team_id=None,
        team_name=None,
        track=None,
        time_zone=settings.time_zone,
        session_hash=b"",
    )
    return digest_of(
        [
            await queries.metrics(asker, course, Filters(team=team), settings.time_zone)
            for team in who.teams
        ],
        recipient=who.name,
        own_id=who.external_id,
        week=week,
        site=site,
        so_far=so_far,
    )


def missing_settings(settings: Settings) -> list[str]:
    """Returns the names of the variables without which no mail can be sent."""
    needed = {
        "SMTP_URL": settings.smtp_url,
        "MAIL_FROM": settings.mail_from,
        "PUBLIC_URL": settings.public_url,
    }
    return [name for name, value in needed.items() if value is None]


def week_to_tell(settings: Settings) -> str:
    """Returns the week that ended last, in `TIME_ZONE`."""
    return week_before(present_week(clock.now(), settings.time_zone))


async def send_digests(
    settings: Settings,
    course: Course,
    render: Callable[..., str],
    *,
    week: str,
    dry_run: bool = False,
) -> AsyncIterator[Line]:
    """Yields what became of the mail to each leader, as soon as that is known.

    Nobody gets two mails about a week, however often and however many at once this runs. With
    `dry_run` nothing is sent or written. Raises CommandFailed when a setting is missing.
    """
    missing = missing_settings(settings)
    if missing:
        raise CommandFailed(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set: the weekly"
            " mail needs a mail server (SMTP_URL), a sender (MAIL_FROM), and the address of the"
            " site for its links (PUBLIC_URL)."
        )
    assert settings.smtp_url is not None
    assert settings.public_url is not None
    server = MailServer(settings.smtp_url, name=without_port(settings.public_url.host))
    if not dry_run:
        for who in await actions.give_up_interrupted(KIND):
            yield Line(who, Outcome("unknown", INTERRUPTED))
    for listed in await leaders():
        each = await _leader(listed.id)  # minutes later, when the mail server is slow
        if each is None:
            continue
        outcome = _not_wanted(each) or await actions.settled(KIND, each.id, week)
        if outcome is None:
            digest = await digest_for(
                each, course, settings, week=week, site=str(settings.public_url)
            )
            if digest is None:
                outcome = Outcome("skipped", "Nobody else is on their teams.")
            elif dry_run:
                outcome = Outcome("skipped", f"Would get “{digest.subject}”.")
            else:
                outcome = await _send(each, digest, settings, server, render)
        yield Line(each.external_id, outcome)


async def _send(
    who: Leader, digest: Digest, settings: Settings, server: MailServer, render: Callable[..., str]
) -> Outcome:
    assert settings.public_url is not None
    texts = rendered(render, "digest", digest)
    letter = Letter(
        name=who.name,
        address=who.email or "",
        subject=digest.subject,
        text=texts.text,
        html=texts.html,
        settings_url=digest.settings_url,
    )

    def compose(message_id: str) -> EmailMessage:
        sender = settings.mail_from or ""
        return composed(letter, sender=sender, message_id=message_id, date=clock.now())

    return await actions.send_once(
        server,
        compose,
        kind=KIND,
        recipient=who.id,
        period=digest.week,
        host=settings.public_url.host,
    )


def _not_wanted(each: Leader) -> Outcome | None:
    if each.off:
        return Outcome("skipped", "Switched off.")
    if not each.email:
        return Outcome("skipped", "No e-mail address.")
    return None
