"""A mail as it goes out. Pure functions."""

from __future__ import annotations

import re
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from typing import Literal, TypeAlias

import msgspec

from portal.config.addresses import without_port
from portal.errors import Invalid

State: TypeAlias = Literal["sending", "sent", "failed", "unknown"]

MAX_TRIES = 5
# A run hands a mail over in far less, whatever the mail server does.
CLAIM_MINUTES = 15

# Base64 and quoted-printable: no server on the way has to take eight bits, or long lines.
_POLICY = SMTP.clone(cte_type="7bit")
_POLICY_UTF8 = SMTPUTF8.clone(cte_type="7bit")


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What is written to whom, twice in the same words: as text and as HTML. `settings_url` is the
    page where the recipient switches such mails off."""

    name: str
    address: str
    subject: str
    text: str
    html: str
    settings_url: str


class Outcome(msgspec.Struct, frozen=True):
    """What became of a mail: "skipped" was not touched. `reason` is a sentence, "" for sent."""

    state: Literal["sent", "failed", "unknown", "skipped"]
    reason: str = ""


def composed(letter: Letter, *, sender: str, message_id: str, date: datetime) -> EmailMessage:
    """Returns the mail. `sender` is `MAIL_FROM`. Raises Invalid when an address cannot be written
    in a mail. No text, whatever it holds, becomes a header of its own."""
    own = _mailbox(*_name_and_address(sender))
    to = _mailbox(letter.name, letter.address)
    mail = EmailMessage(policy=_POLICY if to.addr_spec.isascii() else _POLICY_UTF8)
    mail["From"] = own
    mail["To"] = to
    mail["Subject"] = one_line(letter.subject)
    mail["Date"] = date
    mail["Message-ID"] = message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail["List-Unsubscribe"] = f"<{letter.settings_url}>"
    mail.set_content(letter.text)
    mail.add_alternative(letter.html, subtype="html")
    return mail


def envelope(mail: EmailMessage) -> tuple[str, str]:
    """Returns the addresses of sender and recipient."""
    return mail["From"].addresses[0].addr_spec, mail["To"].addresses[0].addr_spec


def message_id(token: str, host: str) -> str:
    """Returns the Message-ID of the mail with this token, on the host of the site."""
    name = without_port(host)
    return f"<{token}@{f'[IPv6:{name}]' if ':' in name else name}>"


def one_line(text: str) -> str:
    """Returns the text without breaks and other control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _name_and_address(mailbox: str) -> tuple[str, str]:
    name, bracket, address = mailbox.rpartition("<")
    return (name.strip(' "'), address.rstrip("> ")) if bracket else ("", mailbox.strip())


def _mailbox(name: str, address: str) -> Address:
    local, _, domain = address.rpartition("@")
    try:
        if not domain.isascii():
            domain = domain.encode("idna").decode()
        if not re.fullmatch(r"[A-Za-z0-9.-]+", domain):
            raise ValueError
        found = Address(one_line(name), username=local, domain=domain)
        if local.isascii():
            # What is not read back as it was written would go to somebody else.
            usable = Address(addr_spec=found.addr_spec) == Address(username=local, domain=domain)
        else:
            usable = re.fullmatch(r"[\w.+-]+", local) is not None
        if not (usable and local.isprintable()):
            raise ValueError
    except (ValueError, IndexError, MessageError):
        raise Invalid("This e-mail address cannot be written in a mail.") from None
    return found
