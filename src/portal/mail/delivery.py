"""Hands mails to the mail server, and says as exactly as can be known what became of each."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from email.message import EmailMessage

from aiosmtplib import SMTP
from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from portal.config.smtp import Smtp
from portal.errors import PortalError
from portal.mail.rules import Outcome, envelope

STEP_SECONDS = 30.0
DATA_SECONDS = 120.0  # it may look for viruses before it answers

_TROUBLE = (SMTPException, OSError, ValueError)
# "5.1.1" in front of what a server says: a number, unlike its words, which may hold anything.
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})\b")
_UNKNOWN = Outcome(
    "unknown",
    "The connection to the mail server broke off while it took the mail: it may have arrived.",
)


class NotReachable(PortalError):
    """The mail server cannot be used. Nothing was handed to it."""


class MailServer:
    """The mail server of a run. `name` is the host that we call ourselves.

    Every mail has a connection of its own. Once none could be made, no other one is tried, because
    each may take as long.
    """

    def __init__(self, smtp: Smtp, *, name: str, seconds: float = STEP_SECONDS) -> None:
        self._smtp = smtp
        self._name = name
        self._seconds = seconds
        self._away: NotReachable | None = None

    async def try_out(self) -> str:
        """Connect, sign in, and say in a few words how. Raises NotReachable."""
        async with self._connected() as client:
            encrypted = client.get_transport_info("cipher") is not None
        words = [f"{self._smtp} answers", "encrypted" if encrypted else "not encrypted"]
        return ", ".join([*words, *(["signed in"] if self._smtp.user else [])])

    async def hand_over(self, mail: EmailMessage) -> Outcome:
        """Returns "sent" once the server has taken the mail, "failed" when it certainly has not,
        and "unknown" when the connection was lost in between."""
        sender, recipient = envelope(mail)
        options, encoding = ([], "ascii") if recipient.isascii() else (["SMTPUTF8"], "utf-8")
        try:
            async with self._connected() as client:
                if options and not client.supports_extension("smtputf8"):
                    return Outcome(
                        "failed",
                        "The mail server takes no such address: it has letters"
                        " other than ASCII before the @.",
                    )
                await client.mail(sender, options=options, encoding=encoding)
                await client.rcpt(recipient, encoding=encoding)
                return await self._data(client, mail.as_bytes())
        except NotReachable as error:
            return Outcome("failed", error.sentence)
        except SMTPSenderRefused as error:
            return Outcome("failed", f"The mail server refuses MAIL_FROM{_code(error)}.")
        except SMTPRecipientRefused as error:
            later = " for now" if error.code < 500 else ""
            return Outcome("failed", f"The mail server refuses the recipient{later}{_code(error)}.")
        except SMTPResponseException as error:
            return Outcome("failed", f"The mail server refuses the mail{_code(error)}.")
        except _TROUBLE:
            return Outcome(
                "failed", "The connection to the mail server broke off before it took the mail."
            )

    async def _data(self, client: SMTP, content: bytes) -> Outcome:
        """From here on only an answer tells. The library sends the text and its end in one go, so
        whoever falls silent may have got all of it."""
        try:
            await client.data(content, timeout=DATA_SECONDS)
        except SMTPDataError as error:
            later = " for now" if error.code < 500 else ""
            return Outcome("failed", f"The mail server refuses the mail{later}{_code(error)}.")
        except _TROUBLE:
            return _UNKNOWN
        with suppress(*_TROUBLE):  # it has the mail, whatever it says to our leaving
            await client.quit(timeout=self._seconds)
        return Outcome("sent")

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[SMTP]:
        if self._away is not None:
            raise self._away
        client = SMTP()
        try:
            await self._connect(client)
        except NotReachable as error:
            self._away = error
            client.close()
            raise
        try:
            yield client
        finally:
            client.close()

    async def _connect(self, client: SMTP) -> None:
        smtp = self._smtp
        try:
            await client.connect(
                hostname=smtp.host,
                port=smtp.port,
                # As bytes, because other letters than ASCII are refused as text.
                username=None if smtp.user is None else smtp.user.encode(),
                password=smtp.password.encode(),
                local_hostname=self._name,
                timeout=self._seconds,
                use_tls=smtp.implicit,
                start_tls=_start_tls(smtp),
                tls_context=smtp.context(),
            )
            if client.is_ehlo_or_helo_needed:
                await client.ehlo()
        except _TROUBLE as error:
            raise NotReachable(f"The mail server {smtp} {_why(error, smtp)}") from None


def _start_tls(smtp: Smtp) -> bool | None:
    """Returns None for: when it is offered."""
    if smtp.implicit or smtp.tls.mode == "disable":
        return False
    return True if smtp.encrypted else None


def _code(error: SMTPResponseException) -> str:
    """Returns the numbers of an answer in brackets, and none of its words."""
    enhanced = _ENHANCED.match(error.message)
    return f" ({error.code}{f' {enhanced[1]}' if enhanced else ''})"


def _why(error: Exception, smtp: Smtp) -> str:
    """Returns the rest of the sentence that begins with the server's name."""
    if isinstance(error, SMTPAuthenticationError):
        return f"refuses the user and the password of SMTP_URL{_code(error)}."
    if isinstance(error, SMTPResponseException):
        return f"refuses the connection{_code(error)}."
    # The library wraps what the system says.
    for cause in (error.__cause__, error.__context__, error):
        if words := _of_the_system(cause, smtp):
            return words
    said = str(error)
    if "STARTTLS" in said and "not supported" in said:
        return "does not offer STARTTLS, and nothing is sent to it without."
    if "AUTH" in said or "authentication method" in said:
        return "does not let anybody sign in: take the user out of SMTP_URL, or use another port."
    return "broke off the connection."


def _of_the_system(cause: BaseException | None, smtp: Smtp) -> str:
    match cause:
        case ssl.SSLCertVerificationError():
            return (
                f"has a certificate that is not believed ({cause.verify_message.rstrip('.')}):"
                " sslrootcert in SMTP_URL names the file of its authority."
            )
        case ssl.SSLError():
            other = "smtp:// is for STARTTLS" if smtp.implicit else "smtps:// is for TLS alone"
            return f"does not speak TLS as it should; {other}."
        case socket.gaierror():
            return "is not known by this name: look at SMTP_URL and at the name server."
        case ConnectionRefusedError():
            return "does not answer: nothing listens there."
        case TimeoutError():
            return "does not answer in time: look at the firewall, which often closes port 25."
    return ""
