"""Sends a mail at most once, whatever happens to the process that sends it.

A mail is claimed in a transaction of its own before it is handed over, so of two runs one gets it,
and what became of a mail whose run was killed stays open for good.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from email.message import EmailMessage
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from portal.db import sql
from portal.errors import Invalid
from portal.mail import rules
from portal.mail.queries import standing_of
from portal.mail.rules import CLAIM_MINUTES, MAX_TRIES, Outcome

if TYPE_CHECKING:
    from portal.mail.delivery import MailServer

BUSY = "Another run is sending it."
INTERRUPTED = "The portal was stopped while it sent the mail: it may have arrived."

_CLAIM = """
    INSERT INTO mail_delivery (kind, recipient, period, message_id, state, tries)
    VALUES ($1, $2, $3, $4, 'sending', 1)
    ON CONFLICT (recipient, kind, period) DO UPDATE
    SET state = 'sending', tries = mail_delivery.tries + 1, problem = NULL, updated_at = now()
    WHERE mail_delivery.state = 'failed' AND mail_delivery.tries < $5
    RETURNING id, message_id, tries
"""
# `tries` is of this claim: whoever came too late changes nothing.
_SETTLE = """
    UPDATE mail_delivery SET state = $3, problem = $4, updated_at = now()
    WHERE id = $1 AND tries = $2 AND state IN ('sending', 'unknown')
"""
_GIVE_UP = """
    UPDATE mail_delivery d SET state = 'unknown', problem = $2, updated_at = now()
    FROM app_user u
    WHERE u.id = d.recipient AND d.kind = $1 AND d.state = 'sending'
        AND d.updated_at < now() - make_interval(mins => $3)
    RETURNING u.external_id AS id
"""


class _Claim(msgspec.Struct, frozen=True):
    id: int
    message_id: str
    tries: int


async def send_once(
    server: MailServer,
    compose: Callable[[str], EmailMessage],
    *,
    kind: str,
    recipient: UUID,
    period: str,
    host: str,
) -> Outcome:
    """Returns what became of the mail of this kind and period to this person; "skipped" when it was
    sent before, is being sent, may have arrived, or failed `MAX_TRIES` times.

    `compose` makes the mail from its Message-ID, which is the same at every try. What goes wrong is
    in the outcome; only errors of the database are raised, and leave the mail as claimed.
    """
    made = rules.message_id(uuid.uuid4().hex, host)
    rows = await sql.execute(_CLAIM, kind, recipient, period, made, MAX_TRIES)
    if not rows:
        return await settled(kind, recipient, period) or Outcome("skipped", BUSY)
    claim = _Claim(**rows[0])
    try:
        mail = compose(claim.message_id)
    except Invalid as error:
        outcome = Outcome("failed", error.sentence)
    else:
        outcome = await server.hand_over(mail)
    await sql.execute(
        _SETTLE, claim.id, claim.tries, outcome.state, outcome.reason or None, retry=True
    )
    return outcome


async def give_up_interrupted(kind: str) -> list[str]:
    """Returns the ids of those whose mail was claimed `CLAIM_MINUTES` ago or earlier and never
    settled; what became of it counts as unknown from here on."""
    rows = await sql.execute(_GIVE_UP, kind, INTERRUPTED, CLAIM_MINUTES, retry=True)
    return sorted(row["id"] for row in rows)


async def settled(kind: str, recipient: UUID, period: str) -> Outcome | None:
    """Returns why there is nothing to send; None for a mail that was never tried, or is to be
    tried again."""
    found = await standing_of(kind, recipient, period)
    if found is None or found.tried_again:
        return None
    problem = found.problem or INTERRUPTED
    match found.state:
        case "sent":
            return Outcome("skipped", "Sent before.")
        case "sending":
            return Outcome("skipped", BUSY)
        case "failed":
            return Outcome("failed", f"Given up after {found.tries} tries. {problem}")
        case _:
            return Outcome("skipped", f"Not sent again. {problem}")
