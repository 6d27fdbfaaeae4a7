"""The audit: who changed what. It holds keys, never names or secrets."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from portal import clock
from portal.accounts.tables import AuditEvent


async def record(actor: UUID | None, action: str, target: UUID | str, **detail: Any) -> None:
    """Record what `actor` did (None: the command line), in the transaction of the change."""
    await AuditEvent.insert(
        AuditEvent(
            at=clock.now(),
            actor=actor,
            action=action,
            target=str(target),
            detail=msgspec.json.encode(detail).decode(),
        )
    )
