"""Which mails went out."""

from __future__ import annotations

from piccolo.columns import BigSerial, ForeignKey, Integer, OnDelete, Text, Timestamptz
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table

from portal.accounts.tables import AppUser


class MailDelivery(Table, tablename="mail_delivery"):
    """A mail of a kind to a person, at most one for each `period` (such as "2026-W48").

    It is claimed as `sending` before it is handed to the mail server. What ended in between has an
    outcome that nobody knows, and is not sent again. `problem` says in a sentence why it failed.
    """

    id = BigSerial(primary_key=True)
    kind = Text(default=None, null=False)
    recipient = ForeignKey(references=AppUser, on_delete=OnDelete.cascade, null=False)
    period = Text(default=None, null=False)
    message_id = Text(default=None, null=False, unique=True)
    state = Text(default=None, null=False)
    tries = Integer(default=0, null=False)
    problem = Text(default=None, null=True)
    created_at = Timestamptz(default=TimestamptzNow(), null=False)
    updated_at = Timestamptz(default=TimestamptzNow(), null=False)
