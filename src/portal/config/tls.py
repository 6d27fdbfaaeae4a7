"""How a connection to PostgreSQL is protected, decided from the address alone."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct

from portal.config.addresses import is_private, is_socket
from portal.config.environment import Refused

if TYPE_CHECKING:
    import ssl

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full", "no-verify")
NEGOTIATIONS = ("postgres", "direct")
VERSIONS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
_OPTIONAL = ("allow", "prefer")
_WEAK = (*_OPTIONAL, "require")
_SHORTHANDS = {
    **dict.fromkeys(("true", "1", "yes", "on"), "require"),
    **dict.fromkeys(("false", "0", "no", "off"), "disable"),
}


class Tls(Struct, frozen=True):
    """What happens: `mode` is an `SSL_MODES` word other than `no-verify`, in libpq's meaning.

    `require` encrypts without verifying, `verify-ca` checks the certificate, `verify-full` the host
    name as well. `root` is a file of authorities, None the system's. `certificate` and `key` are
    the files of what is shown to a server that asks; the key may be in the first. `minimum` and
    `maximum` are versions of TLS where they leave less than 1.2 and 1.3. `direct` begins with TLS,
    without asking whether there is any. `channel_binding` is kept for clients that can do it.
    """

    mode: str
    root: str | None = None
    channel_binding: bool = False
    certificate: str | None = None
    key: str | None = None
    minimum: str | None = None
    maximum: str | None = None
    direct: bool = False

    @property
    def verified(self) -> bool:
        return self.mode.startswith("verify-")

    def argument(self) -> ssl.SSLContext | str | bool:
        """Returns the `ssl` argument of `asyncpg.connect`; OSError when a file is unreadable."""
        if self.mode == "disable":
            return False
        if self.mode in _OPTIONAL:
            _seal_driver()
            return self.mode
        return _context(self)

    def libpq(self) -> dict[str, str]:
        """Returns the connection parameters that ask libpq for the same."""
        named = {
            "sslcert": self.certificate,
            "sslkey": self.key,
            "ssl_min_protocol_version": self.minimum,
            "ssl_max_protocol_version": self.maximum,
            "sslnegotiation": "direct" if self.direct else None,
        }
        parameters = {"sslmode": self.mode}
        parameters |= {name: value for name, value in named.items() if value is not None}
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


def read_tls(parameters: Mapping[str, str], hosts: Sequence[str]) -> Tls:
    """Returns the protection that the parameters of an address ask for; raises Refused.

    Files that they name are read here, so that whatever is wrong with one is said at the start.
    """
    tls = _choose(parameters, hosts)
    if tls.root is not None and not Path(tls.root).is_file():
        raise Refused("has an sslrootcert that is not a file here.")
    if tls.root is not None or tls.certificate is not None:
        _check_files(tls)
    return tls


def binds_channel(parameters: Mapping[str, str]) -> bool:
    """Returns whether `channel_binding` is required."""
    return parameters.get("channel_binding", "").lower() == "require"


def _choose(parameters: Mapping[str, str], hosts: Sequence[str]) -> Tls:
    mode, root, binding = (
        _mode(parameters),
        parameters.get("sslrootcert"),
        binds_channel(parameters),
    )
    if mode == "disable" or all(map(is_socket, hosts)):
        return Tls("disable")
    certificate, key = _client_files(parameters)
    minimum, maximum = _versions(parameters)
    direct = _one_of("sslnegotiation", parameters, NEGOTIATIONS) == "direct"
    demanding = bool(certificate or minimum or maximum or direct)  # of no use without TLS

    public = not all(map(is_private, hosts))
    # asyncpg cannot bind the channel. What that protects from, someone in between, is then kept
    # away by verifying the certificate.
    strict = parameters.get("sslaccept", "").lower() == "strict"
    strict = strict or root == "system" or (binding and public)
    root = None if root == "system" else root
    if mode == "no-verify":
        mode, root = "require", None
    else:
        if mode is None:
            mode = "require" if public or strict or root else "prefer"
        if mode in _OPTIONAL and demanding:
            mode = "require"
        if mode in _WEAK and strict:
            mode = "verify-full"
        elif mode == "require" and root:
            mode = "verify-ca"  # as libpq does once it has a file of authorities
    return Tls(
        mode,
        root if mode.startswith("verify-") else None,
        binding,
        certificate=certificate,
        key=key,
        minimum=minimum,
        maximum=maximum,
        direct=direct,
    )


def _mode(parameters: Mapping[str, str]) -> str | None:
    """Returns the `sslmode` as it is written, or the one that a shorthand stands for."""
    shorthand = parameters.get("ssl", "").lower()
    mode = parameters.get("sslmode", _SHORTHANDS.get(shorthand, shorthand)).lower()
    if mode and mode not in SSL_MODES:
        raise Refused(f"has an sslmode that is none of {', '.join(SSL_MODES)}.")
    return mode or None


def _client_files(parameters: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Returns the files of the certificate that we show, and of its key."""
    if parameters.get("sslcertmode", "").lower() == "disable":
        return None, None
    certificate, key = parameters.get("sslcert"), parameters.get("sslkey")
    if key is not None and certificate is None:
        raise Refused("has an sslkey without an sslcert, the certificate that it belongs to.")
    for name, path in (("sslcert", certificate), ("sslkey", key)):
        if path is not None and not Path(path).is_file():
            raise Refused(f"has an {name} that is not a file here.")
    return certificate, key


def _versions(parameters: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Returns the versions that bound what is spoken anyway, 1.2 and 1.3."""
    low = _one_of("ssl_min_protocol_version", parameters, VERSIONS)
    high = _one_of("ssl_max_protocol_version", parameters, VERSIONS)
    if high in VERSIONS[:2]:
        raise Refused("has an ssl_max_protocol_version below TLSv1.2, which is the least we speak.")
    minimum = low if low == "TLSv1.3" else None
    maximum = high if high == "TLSv1.2" else None
    if minimum and maximum:
        raise Refused("has an ssl_min_protocol_version above its ssl_max_protocol_version.")
    return minimum, maximum


def _one_of(name: str, parameters: Mapping[str, str], words: Sequence[str]) -> str | None:
    given = parameters.get(name)
    if given is None:
        return None
    for word in words:
        if word.lower() == given.lower():
            return word
    raise Refused(f"has an {name} that is none of {', '.join(words)}.")


def _check_files(tls: Tls) -> None:
    import ssl

    wrong = ""
    try:
        _context(tls)
    except _AuthorityError:
        wrong = "has an sslrootcert that does not hold a readable certificate."
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            wrong = "has an sslkey that does not belong to its sslcert."
        elif tls.key is None:
            wrong = (
                "has an sslcert without an sslkey, and no key is in the certificate's own file. For"
                " the authority of the server's certificate, write sslrootcert."
            )
        else:
            wrong = "has an sslcert or sslkey that is no readable PEM file."
    except _EncryptedKeyError:
        wrong = "has an sslkey with a passphrase: write the key without one (openssl pkey)."
    except OSError:
        wrong = "has an sslcert or sslkey that this process may not read."
    if wrong:  # raised out here, because those exceptions hold what they choked on
        raise Refused(wrong)


class _AuthorityError(OSError):
    """The file of the authorities cannot be read."""


class _EncryptedKeyError(Exception):
    """The key asks for a passphrase."""


def _no_passphrase() -> str:
    raise _EncryptedKeyError  # or OpenSSL would ask at the terminal


@functools.cache
def _context(tls: Tls) -> ssl.SSLContext:
    """Returns one context per kind: reading the system's authorities takes about 20 ms."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = tls.mode == "verify-full"
    if not tls.verified:
        context.verify_mode = ssl.CERT_NONE
    elif tls.root is None:
        context.load_default_certs()
    else:
        try:
            context.load_verify_locations(cafile=tls.root)
        except OSError:  # ssl.SSLError is one
            raise _AuthorityError from None
    if tls.certificate is not None:
        context.load_cert_chain(tls.certificate, tls.key, password=_no_passphrase)
    if tls.minimum is not None:
        context.minimum_version = ssl.TLSVersion.TLSv1_3
    if tls.maximum is not None:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    if tls.direct:
        context.set_alpn_protocols(["postgresql"])  # without it, the server hangs up
    return context
