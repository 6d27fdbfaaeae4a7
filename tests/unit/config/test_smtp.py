"""The address of the mail server: where it leads, and what it lets happen in the open."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.config.environment import Refused
from portal.config.smtp import Smtp, read_smtp


@pytest.mark.parametrize(
    ("text", "place", "user", "mode"),
    [
        ("smtp://mail.example.com", "mail.example.com:25", None, "verify-full"),
        ("smtp://u:p@mail.example.com", "mail.example.com:587", "u", "verify-full"),
        ("smtps://u:p@mail.example.com", "mail.example.com:465", "u", "verify-full"),
        ("smtps://relay", "relay:465", None, "verify-full"),
        ("smtp://u%40x:p@mail.example.com:2525", "mail.example.com:2525", "u@x", "verify-full"),
        ("smtp://relay", "relay:25", None, "prefer"),
        ("smtp://127.0.0.1:1025", "127.0.0.1:1025", None, "prefer"),
        ("smtp://[::1]:1025", "[::1]:1025", None, "prefer"),
        ("smtp://u:p@relay", "relay:587", "u", "verify-full"),
        ("smtp://u:p@relay?sslmode=disable", "relay:587", "u", "disable"),
        ("smtp://u:p@mail.example.com?sslmode=require", "mail.example.com:587", "u", "require"),
        ("smtps://u:p@mail.example.com?sslmode=no-verify", "mail.example.com:465", "u", "require"),
        ("smtp://post.müller.example", "post.xn--mller-kva.example:25", None, "verify-full"),
    ],
)
def test_what_an_address_means(text: str, place: str, user: str | None, mode: str) -> None:
    smtp = read_smtp(text)
    assert (str(smtp), smtp.user, smtp.tls.mode) == (place, user, mode)
    assert smtp.implicit is text.startswith("smtps")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("mail.example.com", "must look like smtp://"),
        ("http://mail.example.com", "must look like smtp://"),
        ("smtp://", "must look like smtp://"),
        ("smtp://mail.example.com:0", "must look like smtp://"),
        ("smtp://mail.example.com:99999", "must look like smtp://"),
        ("smtp://mail.example.com/path", "must look like smtp://"),
        ("smtp://mail.example.com#x", "must look like smtp://"),
        ("smtp://u:hush/x@mail.example.com", "must look like smtp://"),
        ("smtp://ma il.example.com", "must look like smtp://"),
        ("smtp://u:hu\nsh@mail.example.com", "must look like smtp://"),
        ("smtp://u@mail.example.com", "names a user without a password"),
        ("smtp://:hush@mail.example.com", "names a user without a password"),
        ("smtp://u:1?hush@mail.example.com", "has a parameter that is neither"),
        ("smtp://mail.example.com?hush=1", "has a parameter that is neither"),
        ("smtp://mail.example.com?sslmode=maybe", "has an sslmode that is none of"),
        ("smtp://mail.example.com?sslmode=disable", "sends mails unencrypted to a public host."),
        ("smtp://u:hush@mail.example.com?sslmode=prefer", "sends mails unencrypted to a public"),
        ("smtps://u:hush@relay?sslmode=disable", "which smtps:// contradicts."),
        ("smtp://mail.example.com?sslrootcert=/no/file", "has an sslrootcert that is not a file"),
    ],
)
def test_what_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(Refused) as caught:
        read_smtp(text)
    assert sentence in str(caught.value)
    assert "hush" not in str(caught.value)


def test_an_authority_of_one_s_own_makes_it_count(tmp_path: Path) -> None:
    file = tmp_path / "authority.crt"
    file.write_text("no certificate")
    with pytest.raises(Refused, match="does not hold a readable certificate"):
        read_smtp(f"smtp://relay?sslrootcert={file}")


def test_no_text_of_it_holds_the_password() -> None:
    smtp = read_smtp("smtp://u:hush@mail.example.com")
    assert isinstance(smtp, Smtp)
    assert "hush" not in f"{smtp} {smtp!r} {smtp.__rich_repr__()}"
