"""Mail servers of this machine: a real one, and one that ends at a moment of our choice."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

USER, PASSWORD = "mailer", "p@ss/w0rd-of-the-mailer"


class Inbox:
    """What a server has taken. `answers` holds what it says instead, by what it is asked."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.encrypted: list[bool] = []
        self.signed_in: list[bool] = []
        self.answers: dict[str, str] = {}
        self.before_data: Callable[[], Awaitable[None]] | None = None

    async def handle_RCPT(  # noqa: N802 - its signature
        self,
        server: Any,  # noqa: ARG002
        session: Any,  # noqa: ARG002
        envelope: Any,
        address: str,
        options: list[str],  # noqa: ARG002
    ) -> str:
        if refused := self.answers.get(address):
            return refused
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802, ARG002
        if self.before_data is not None:
            await self.before_data()
        if refused := self.answers.get("DATA"):
            return refused
        parsed = BytesParser(policy=default).parsebytes(envelope.content)
        assert isinstance(parsed, EmailMessage)
        self.mails.append(parsed)
        self.recipients += envelope.rcpt_tos
        self.encrypted.append(session.ssl is not None)
        self.signed_in.append(bool(session.authenticated))
        return "250 OK"


def _check(_: Any, __: Any, ___: Any, ____: Any, data: Any) -> AuthResult:
    assert isinstance(data, LoginPassword)
    right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=right)


@contextlib.asynccontextmanager
async def mail_server(
    inbox: Inbox, *, starttls: ssl.SSLContext | None = None, implicit: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Yields the port of a server; with a context, whoever signs in has to be encrypted."""
    loop = asyncio.get_running_loop()

    def session() -> SMTP:
        return SMTP(
            inbox,
            hostname="localhost",
            tls_context=starttls,
            authenticator=_check,
            auth_require_tls=starttls is not None,
            loop=loop,
        )

    listening = await loop.create_server(session, "127.0.0.1", 0, ssl=implicit)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()


@contextlib.asynccontextmanager
async def dying_server(at: str) -> AsyncIterator[int]:
    """Yields the port of a server that hangs up at: connect, MAIL, RCPT, DATA (instead of letting
    the text come), text (in the middle of it), or dot (once it has all of it)."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            if at != "connect":
                writer.write(b"220 localhost\r\n")
                while line := await reader.readline():
                    word = line.split()[0].decode().upper()
                    if word == at:
                        break
                    if word != "DATA":
                        writer.write(b"250 OK\r\n")
                        continue
                    writer.write(b"354 go on\r\n")
                    end = b"\r\n.\r\n" if at == "dot" else b"Subject"
                    await reader.readuntil(end)
                    break
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
