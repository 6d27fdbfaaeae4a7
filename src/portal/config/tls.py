"""How a connection to PostgreSQL is protected, decided from the address alone."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct

from portal.config.addresses import is_private, is_socket

if TYPE_CHECKING:
    import ssl

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full", "no-verify")
_WEAK = ("allow", "prefer", "require")


class Tls(Struct, frozen=True):
    """What happens: `mode` is an `SSL_MODES` word other than `no-verify`, in libpq's meaning.

    `require` encrypts without verifying, `verify-ca` checks the certificate, `verify-full` the host
    name as well. `root` is a file of authorities, None the system's. `channel_binding` is kept for
    clients that can do it.
    """

    mode: str
    root: str | None = None
    channel_binding: bool = False

    @property
    def verified(self) -> bool:
        return self.mode.startswith("verify-")

    def argument(self) -> ssl.SSLContext | str | bool:
        """Returns the `ssl` argument of `asyncpg.connect`; OSError when `root` is unreadable."""
        if self.mode == "disable":
            return False
        if self.mode in ("allow", "prefer"):
            _seal_driver()
            return self.mode
        return _context(self.root, verify=self.verified, check_host=self.mode == "verify-full")

    def libpq(self) -> dict[str, str]:
        """Returns the connection parameters that ask libpq for the same."""
        parameters = {"sslmode": self.mode}
        if self.channel_binding:
            parameters["channel_binding"] = "require"
        if self.verified and self.root:
            parameters["sslrootcert"] = self.root
        elif self.verified and self.channel_binding:
            # Binding the channel protects as well, and unlike "system" it needs no libpq 16.
            parameters["sslmode"] = "require"
        elif self.verified:
            parameters |= {"sslmode": "verify-full", "sslrootcert": "system"}
        return parameters


class _NoVariables:
    """The module `os` without what the process was started with."""

    environ: ClassVar[dict[str, str]] = {}

    @staticmethod
    def getenv(_: str, default: str | None = None) -> str | None:
        return default

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)


def _seal_driver() -> None:
    """Keep what this process was started with out of the driver.

    For these two modes it makes a context of its own, takes certificates, keys and limits for it
    from `PG*` variables and from `.postgresql` in the home folder, and fails on what it may not
    read. No argument says otherwise, and the address alone is to count.
    """
    from asyncpg import connect_utils as driver

    if not isinstance(driver.os, _NoVariables):
        driver.os = _NoVariables()
        driver._dot_postgresql_path = lambda _: None  # noqa: SLF001 - see above


def choose_tls(
    hosts: Sequence[str], *, mode: str | None, root: str | None, strict: bool, binding: bool
) -> Tls:
    """Returns the protection for what an address asks for.

    `mode` is its `sslmode`, `root` its `sslrootcert`, `strict` whether `sslaccept` asks for a valid
    certificate, `binding` whether `channel_binding` is required.
    """
    if mode == "disable" or all(map(is_socket, hosts)):
        return Tls("disable")
    if mode == "no-verify":
        return Tls("require", channel_binding=binding)

    public = not all(map(is_private, hosts))
    # asyncpg cannot bind the channel. What that protects from, someone in between, is then kept
    # away by verifying the certificate.
    strict = strict or root == "system" or (binding and public)
    root = None if root == "system" else root
    if mode is None:
        mode = "require" if public or strict or root else "prefer"
    if mode in _WEAK and strict:
        mode = "verify-full"
    elif mode == "require" and root:
        mode = "verify-ca"  # as libpq does once it has a file of authorities
    return Tls(mode, root if mode.startswith("verify-") else None, binding)


@functools.cache
def _context(root: str | None, *, verify: bool, check_host: bool) -> ssl.SSLContext:
    """Returns one context per kind: reading the system's authorities takes about 20 ms."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = check_host
    if not verify:
        context.verify_mode = ssl.CERT_NONE
    elif root is None:
        context.load_default_certs()
    else:
        context.load_verify_locations(cafile=root)
    return context
