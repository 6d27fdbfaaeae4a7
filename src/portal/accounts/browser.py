"""Who signs in from where: the browser or program behind a request."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from portal.config.addresses import Address
from portal.web.client_address import client_address
from portal.web.session import known_tokens_from, token_hash_from
from portal.web.site import Req, site


class Browser(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the browser or program that signs in. `known` are its tokens of accounts
    entered there before, by their hashes, the latest first; `session` is the hash of the session
    that it has."""

    address: Address | None
    user_agent: str = ""
    zone: str = ""
    session: bytes | None = None
    known: Mapping[bytes, str] = {}

    def __repr__(self) -> str:
        return f"Browser({self.address})"


def browser_of(request: Req, *, zone: str = "") -> Browser:
    """Returns what this request tells of its browser; `zone` is the time zone that it named."""
    return Browser(
        address=client_address(request.scope, site(request).settings.trusted_proxies),
        user_agent=request.headers.get("user-agent", ""),
        zone=zone,
        session=token_hash_from(request.cookies),
        known=known_tokens_from(request.cookies),
    )
