"""What a manager has to know about the weekly mail, on top of the page."""

from __future__ import annotations

import msgspec

from portal.config.settings import Settings
from portal.db import sql
from portal.mail.queries import Delivery, last_of
from portal.manager.mailing import KIND, missing_settings
from portal.web.actor import Actor
from portal.web.pages import Banner

_WANTS = """
    SELECT u.digest_off_at IS NULL
        AND EXISTS (SELECT FROM leads l WHERE l.member = u.id AND NOT l.deputy) AS wants,
        u.email IS NOT NULL AS reachable
    FROM app_user u WHERE u.id = $1
"""
NO_ADDRESS = (
    "You get no weekly mail, because your account has no e-mail address. An admin can add one."
)


class _Wants(msgspec.Struct, frozen=True):
    wants: bool
    reachable: bool


async def warnings(actor: Actor, settings: Settings) -> list[Banner]:
    """Returns what is wrong with the actor's weekly mail, and to admins that no mail can be sent;
    nothing to somebody who gets none by choice."""
    found = await sql.fetch_one(_Wants, _WANTS, actor.user_id)
    wants = found is not None and found.wants
    missing = missing_settings(settings)
    if missing and (wants or actor.role == "admin"):
        return [Banner("warn", not_set_up(missing, actor.role))]
    if not wants:
        return []
    if found is not None and not found.reachable:
        return [Banner("warn", NO_ADDRESS)]
    last = await last_of(KIND, actor.user_id)
    text = trouble(last) if last else ""
    return [Banner("warn", text)] if text else []


def not_set_up(missing: list[str], role: str) -> str:
    """Returns the sentence about settings without which no mail is sent."""
    if role != "admin":
        return "The weekly mail to managers is not set up here, so none is sent."
    names = " and ".join(missing)
    return f"The weekly mail to managers is not sent: set {names}, as the runbook says."


def trouble(last: Delivery) -> str:
    """Returns what is wrong with the last mail, or "" when it was sent or is on its way."""
    about = f"The weekly mail about {last.period}"
    if last.state == "unknown":
        return (
            f"{about} may not have reached you: the connection broke off while it was sent. It is"
            " not sent again; the page “Weekly mail” shows what the next one says."
        )
    if last.state == "failed":
        again = (
            "It is tried again when mails are next sent this week."
            if last.tried_again
            else "It is not tried again."
        )
        return f"{about} could not be sent. {last.problem or ''} {again}".replace("  ", " ")
    return ""
