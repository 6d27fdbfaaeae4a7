"""A mail is handed to a real server, and what became of it is known, or known to be unknown."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import quote

import pytest

from portal.config.smtp import Smtp, read_smtp
from portal.mail.delivery import MailServer, NotReachable
from portal.mail.rules import Letter, composed
from tests.mail.servers import PASSWORD, USER, Inbox, dying_server, mail_server
from tests.ops.command import free_port
from tests.secured import Certificates

LOGIN = f"{USER}:{quote(PASSWORD, safe='')}"


def letter(address: str = "sara@example.com") -> EmailMessage:
    about = Letter(
        name="Sara",
        address=address,
        subject="Alpha",
        text="text\n.\nafter a dot\n",
        html="<p>text</p>",
        settings_url="https://learn.example.com/manager/digest",
    )
    at = datetime(2026, 11, 30, tzinfo=UTC)
    return composed(about, sender="l@example.com", message_id="<1@x>", date=at)


def server_at(url: str) -> MailServer:
    return MailServer(read_smtp(url), name="learn.example.com", seconds=5)


@pytest.fixture(scope="module")
def certificates() -> Iterator[Certificates]:
    with tempfile.TemporaryDirectory() as folder:
        made = Certificates(Path(folder))
        made.issue("localhost")
        yield made


@pytest.fixture(scope="module")
def context(certificates: Certificates) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    folder = certificates.folder
    made.load_cert_chain(folder / "localhost.crt", folder / "localhost.key")
    return made


@pytest.fixture
def root(certificates: Certificates) -> str:
    return f"sslrootcert={quote(str(certificates.authority), safe='')}"


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
async def plain(inbox: Inbox) -> AsyncIterator[int]:
    async with mail_server(inbox) as port:
        yield port


@pytest.fixture
async def secured(inbox: Inbox, context: ssl.SSLContext) -> AsyncIterator[int]:
    async with mail_server(inbox, starttls=context) as port:
        yield port


async def test_plain_on_this_machine(inbox: Inbox, plain: int) -> None:
    outcome = await server_at(f"smtp://127.0.0.1:{plain}").hand_over(letter())
    assert (outcome.state, outcome.reason) == ("sent", "")
    (mail,) = inbox.mails
    assert inbox.recipients == ["sara@example.com"]
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().splitlines() == ["text", ".", "after a dot"]


async def test_starttls_with_a_password(inbox: Inbox, secured: int, root: str) -> None:
    server = server_at(f"smtp://{LOGIN}@localhost:{secured}?{root}")
    assert await server.try_out() == f"localhost:{secured} answers, encrypted, signed in"
    assert (await server.hand_over(letter())).state == "sent"
    assert (inbox.encrypted, inbox.signed_in) == ([True], [True])


async def test_tls_from_the_start(inbox: Inbox, context: ssl.SSLContext, root: str) -> None:
    async with mail_server(inbox, implicit=context) as port:
        outcome = await server_at(f"smtps://localhost:{port}?{root}").hand_over(letter())
        assert outcome.state == "sent"
        wrong = await server_at(f"smtp://localhost:{port}?{root}").hand_over(letter())
        assert wrong.state == "failed"
    assert len(inbox.mails) == 1


async def test_starttls_is_taken_where_it_is_offered(inbox: Inbox, secured: int) -> None:
    """In a private network nothing vouches for the certificate, and it is still better."""
    outcome = await server_at(f"smtp://127.0.0.1:{secured}").hand_over(letter())
    assert outcome.state == "sent"
    assert inbox.encrypted == [True]


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("smtp://{login}@localhost:{port}", "has a certificate that is not believed"),
        ("smtp://mailer:wrong-hush@localhost:{port}?{root}", "refuses the user and the password"),
        ("smtps://localhost:{port}?{root}", "does not speak TLS as it should"),
    ],
)
async def test_why_a_server_cannot_be_used(
    inbox: Inbox, secured: int, root: str, url: str, sentence: str
) -> None:
    outcome = await server_at(url.format(login=LOGIN, port=secured, root=root)).hand_over(letter())
    assert outcome.state == "failed"
    assert sentence in outcome.reason
    assert inbox.mails == []
    assert PASSWORD not in outcome.reason
    assert "hush" not in outcome.reason


async def test_no_password_and_no_mail_goes_out_in_the_open(
    inbox: Inbox, plain: int, root: str
) -> None:
    for url in (f"smtp://{LOGIN}@localhost:{plain}", f"smtp://localhost:{plain}?{root}"):
        outcome = await server_at(url).hand_over(letter())
        assert outcome.state == "failed"
        assert "does not offer STARTTLS" in outcome.reason
    assert inbox.mails == []


async def test_what_is_not_there_is_tried_once_in_a_run() -> None:
    server = server_at(f"smtp://127.0.0.1:{free_port()}")
    with pytest.raises(NotReachable, match="nothing listens there"):
        await server.try_out()
    inbox = Inbox()
    assert (await server.hand_over(letter())).state == "failed"
    assert inbox.mails == []


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (
            {"sara@example.com": "550 5.1.1 sara@example.com is unknown"},
            "The mail server refuses the recipient (550 5.1.1).",
        ),
        (
            {"sara@example.com": "450 4.2.1 busy"},
            "The mail server refuses the recipient for now (450 4.2.1).",
        ),
        ({"DATA": "554 spam"}, "The mail server refuses the mail (554)."),
        ({"DATA": "451 4.3.0 later"}, "The mail server refuses the mail for now (451 4.3.0)."),
    ],
)
async def test_what_is_refused_has_failed(
    inbox: Inbox, plain: int, answers: dict[str, str], reason: str
) -> None:
    """In numbers: the words of a server may hold anything."""
    inbox.answers = answers
    outcome = await server_at(f"smtp://127.0.0.1:{plain}").hand_over(letter())
    assert (outcome.state, outcome.reason) == ("failed", reason)


@pytest.mark.parametrize(
    ("at", "state"),
    [
        *(("connect", "failed"), ("MAIL", "failed"), ("RCPT", "failed")),
        *(("DATA", "unknown"), ("text", "unknown"), ("dot", "unknown")),
    ],
)
async def test_a_server_that_dies(at: str, state: str) -> None:
    """Once it may have all of it, nobody knows."""
    async with dying_server(at) as port:
        outcome = await server_at(f"smtp://127.0.0.1:{port}").hand_over(letter())
    assert outcome.state == state
    assert "broke off" in outcome.reason


async def test_an_address_with_other_letters(inbox: Inbox, plain: int) -> None:
    outcome = await server_at(f"smtp://127.0.0.1:{plain}").hand_over(letter("jörg@example.com"))
    assert outcome.state == "failed"
    assert "takes no such address" in outcome.reason


def test_an_address_is_no_secret_and_a_password_is() -> None:
    smtp = read_smtp(f"smtp://{LOGIN}@localhost:25")
    assert isinstance(smtp, Smtp)
    assert PASSWORD not in repr(MailServer(smtp, name="x").__dict__)
