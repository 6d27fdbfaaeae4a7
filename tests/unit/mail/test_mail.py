"""How a mail is written: its headers, and that nothing in a name becomes one."""

from __future__ import annotations

from datetime import UTC, datetime
from email.parser import BytesParser
from email.policy import default

import msgspec
import pytest

from portal.errors import Invalid
from portal.mail.rules import Letter, composed, envelope, message_id

LETTER = Letter(
    name="Sara Lindqvist",
    address="sara@example.com",
    subject="Alpha: 2 of 5 people need you",
    text="Grüße\n",
    html="<p>Grüße</p>",
    settings_url="https://learn.example.com/manager/digest",
)
AT = datetime(2026, 11, 30, 7, 5, tzinfo=UTC)
SENDER = "Learning, Inc. <learning@example.com>"


def written(letter: Letter, sender: str = SENDER) -> bytes:
    return composed(letter, sender=sender, message_id="<1@learn.example.com>", date=AT).as_bytes()


def test_the_headers() -> None:
    read = BytesParser(policy=default).parsebytes(written(LETTER))
    assert dict(read.items()).keys() == {
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "List-Unsubscribe"),
        *("MIME-Version", "Content-Type"),
    }
    assert read["From"] == '"Learning, Inc." <learning@example.com>'
    assert read["To"] == "Sara Lindqvist <sara@example.com>"
    assert read["Subject"] == LETTER.subject
    assert read["Date"] == "Mon, 30 Nov 2026 07:05:00 +0000"
    assert read["Message-ID"] == "<1@learn.example.com>"
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["List-Unsubscribe"] == "<https://learn.example.com/manager/digest>"
    text, html = read.iter_parts()
    assert (text.get_content_type(), text.get_content().strip()) == ("text/plain", "Grüße")
    assert (html.get_content_type(), html.get_content().strip()) == ("text/html", LETTER.html)


def test_every_server_on_the_way_can_carry_it() -> None:
    long = msgspec.structs.replace(LETTER, text="x" * 5000, html="é" * 5000, name="Åsa Öberg")
    content = written(long)
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert b"\n" not in content.replace(b"\r\n", b"")
    read = BytesParser(policy=default).parsebytes(content)
    assert read["To"].addresses[0].display_name == "Åsa Öberg"


@pytest.mark.parametrize(
    "text", ["Sara\r\nBcc: all@example.com", "Sara\nBcc: x@y.z", "a\0b", "x\u2028Bcc: a@b.c"]
)
def test_nothing_becomes_a_header_of_its_own(text: str) -> None:
    letter = msgspec.structs.replace(LETTER, name=text, subject=text)
    read = BytesParser(policy=default).parsebytes(written(letter))
    assert read["Bcc"] is None
    assert len(read["To"].addresses) == 1
    assert read["To"].addresses[0].addr_spec == "sara@example.com"
    assert "\n" not in read["Subject"]


@pytest.mark.parametrize("name", ['a" <evil@example.com>, "b', "a, b <c@d.e>", "(comment)", ""])
def test_a_name_adds_no_recipient(name: str) -> None:
    mail = composed(
        msgspec.structs.replace(LETTER, name=name), sender=SENDER, message_id="<1@x>", date=AT
    )
    read = BytesParser(policy=default).parsebytes(mail.as_bytes())
    assert [each.addr_spec for each in read["To"].addresses] == ["sara@example.com"]
    assert read["To"].addresses[0].display_name == name
    assert envelope(mail) == ("learning@example.com", "sara@example.com")


@pytest.mark.parametrize(
    "address",
    ["a,b@example.com>", "sara", "a@b@c d.e", "a@ex\r\nample.com", "@x.y"],
)
def test_an_address_that_no_mail_can_carry(address: str) -> None:
    with pytest.raises(Invalid):
        written(msgspec.structs.replace(LETTER, address=address))


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("o'neil+x@example.com", "o'neil+x@example.com"),
        ("<x@y.z>@example.com", '"<x@y.z>"@example.com'),
        ("sara@müller.example", "sara@xn--mller-kva.example"),
        ("jörg@example.com", "jörg@example.com"),
    ],
)
def test_addresses_that_are_less_usual(address: str, wanted: str) -> None:
    letter = msgspec.structs.replace(LETTER, address=address)
    mail = composed(letter, sender="learning@example.com", message_id="<1@x>", date=AT)
    assert envelope(mail) == ("learning@example.com", wanted)


@pytest.mark.parametrize(
    ("host", "wanted"),
    [
        ("learn.example.com", "<t@learn.example.com>"),
        ("localhost:3000", "<t@localhost>"),
        ("[::1]:3000", "<t@[IPv6:::1]>"),
    ],
)
def test_a_message_id_is_of_the_site(host: str, wanted: str) -> None:
    assert message_id("t", host) == wanted
