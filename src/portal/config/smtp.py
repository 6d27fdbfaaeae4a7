"""Reads the address of the mail server, and decides from it alone how a connection is protected."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote, urlsplit

from msgspec import Struct, structs

from portal.config.addresses import ip_address, is_private
from portal.config.environment import Refused
from portal.config.tls import Tls, read_tls

IMPLICIT_PORT = 465
SUBMISSION_PORT = 587
RELAY_PORT = 25

_NO_ADDRESS = (
    "must look like smtp://user:password@host:587, or smtps:// for TLS from the start;"
    " percent-encode special characters in the password."
)
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_PLAIN = ("disable", "allow", "prefer")


class Smtp(Struct, frozen=True, kw_only=True):
    """A mail server. Without `user` nobody signs in. `implicit` speaks TLS from the first byte;
    otherwise `tls.mode` says of STARTTLS: `disable` never, `prefer` when it is offered, everything
    else always. No text of it holds the password."""

    host: str
    port: int
    user: str | None
    password: str
    implicit: bool
    tls: Tls

    @property
    def encrypted(self) -> bool:
        """Returns whether nothing is sent before the connection is encrypted."""
        return self.tls.mode not in _PLAIN

    def context(self) -> Any:
        """Returns the `ssl.SSLContext`, or None where TLS is never spoken. OSError when a file of
        authorities has become unreadable."""
        if self.tls.mode == "disable":
            return None
        return (
            self.tls if self.encrypted else structs.replace(self.tls, mode="require")
        ).argument()

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __repr__(self) -> str:
        return f"Smtp({self})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("", str(self))]


def read_smtp(text: str) -> Smtp:
    """Returns what the address says; raises Refused.

    Certificates are verified where the server is public or is told a password, and by `smtps://`;
    `sslmode` and `sslrootcert` say otherwise, and mean what they mean for the database.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
        if not host.isascii():
            host = host.encode("idna").decode()
    except ValueError:
        raise Refused(_NO_ADDRESS) from None
    readable = text.isprintable() and (_NAME.fullmatch(host) or ip_address(host))
    extra = parts.path.strip("/") or parts.fragment or port == 0
    if parts.scheme not in ("smtp", "smtps") or not readable or extra:
        raise Refused(_NO_ADDRESS)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) is not bool(password):
        raise Refused("names a user without a password, or a password without a user.")
    implicit = parts.scheme == "smtps"
    default = IMPLICIT_PORT if implicit else SUBMISSION_PORT if user else RELAY_PORT
    return Smtp(
        host=host,
        port=port or default,
        user=user or None,
        password=password,
        implicit=implicit,
        tls=_protection(parts.query, host, implicit=implicit, secret=bool(user)),
    )


def _protection(query: str, host: str, *, implicit: bool, secret: bool) -> Tls:
    parameters = {}
    for part in filter(None, query.split("&")):
        name, _, value = part.partition("=")
        if name not in ("sslmode", "sslrootcert") or not value or "@" in part:
            # Not named: it may be the rest of a password with a raw question mark in it.
            raise Refused(
                "has a parameter that is neither sslmode nor sslrootcert. A question mark in the"
                " password is written %3F."
            )
        parameters[name] = unquote(value)
    public = not is_private(host)
    demanding = implicit or public or secret or "sslrootcert" in parameters
    wanted = "verify-full" if demanding else "prefer"
    tls = read_tls({"sslmode": wanted, **parameters}, (host,))
    if tls.mode in _PLAIN and (implicit or public):
        raise Refused(
            f"has sslmode={tls.mode}, which "
            + ("smtps:// contradicts." if implicit else "sends mails unencrypted to a public host.")
        )
    return tls
