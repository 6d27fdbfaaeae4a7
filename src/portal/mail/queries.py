"""What is known of mails that went out, or did not."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from portal.db import sql
from portal.mail.rules import CLAIM_MINUTES, MAX_TRIES, State

_COLUMNS = """d.period, d.tries, d.problem, d.updated_at,
    CASE WHEN d.state = 'sending' AND d.updated_at < now() - make_interval(mins => $3)
         THEN 'unknown' ELSE d.state END AS state"""
_LAST = f"""
    SELECT {_COLUMNS} FROM mail_delivery d WHERE d.recipient = $1 AND d.kind = $2
    ORDER BY d.created_at DESC, d.id DESC LIMIT 1
"""  # noqa: S608 - constants only, here and below
_STANDING = f"""
    SELECT {_COLUMNS} FROM mail_delivery d
    WHERE d.recipient = $1 AND d.kind = $2 AND d.period = $4
"""  # noqa: S608


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A mail: `state` is unknown also when its run ended in the middle. `problem` is a sentence."""

    period: str
    state: State
    tries: int
    problem: str | None
    updated_at: datetime

    @property
    def tried_again(self) -> bool:
        """Returns whether the next run tries it once more."""
        return self.state == "failed" and self.tries < MAX_TRIES


async def last_of(kind: str, recipient: UUID) -> Delivery | None:
    """Returns the newest mail of a kind to a person, or None."""
    return await sql.fetch_one(Delivery, _LAST, recipient, kind, CLAIM_MINUTES)


async def standing_of(kind: str, recipient: UUID, period: str) -> Delivery | None:
    """Returns the mail of a kind and period to a person, or None."""
    return await sql.fetch_one(Delivery, _STANDING, recipient, kind, CLAIM_MINUTES, period)
