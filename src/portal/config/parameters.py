"""The parameters that an address of a database may carry.

What libpq knows and the driver cannot keep to is refused with what to do instead: dropping it in
silence would mean another connection than the one that was asked for.
"""

from __future__ import annotations

from collections.abc import Mapping

from portal.config.environment import Refused

NO = frozenset({"false", "0", "no", "off"})
_YES = frozenset({"true", "1", "yes", "on"})

# What the address is read by; of anything else the name is told, as having no effect.
USED = frozenset({
    *("host", "hostaddr", "port", "user", "password", "dbname", "database"),
    *("application_name", "fallback_application_name", "schema", "options", "target_session_attrs"),
    *("sslmode", "ssl", "sslrootcert", "sslaccept", "sslcert", "sslkey", "sslcertmode"),
    *("sslnegotiation", "ssl_min_protocol_version", "ssl_max_protocol_version", "channel_binding"),
    *("pgbouncer", "connection_limit", "pool_timeout", "connect_timeout", "socket_timeout"),
})  # fmt: skip

_NONE: frozenset[str] = frozenset()
_SIGN_IN = "write a user and a password, or a client certificate (sslcert and sslkey)."
# For each, the values that ask for what happens anyway, and what to do about any other.
_UNKEPT: dict[str, tuple[frozenset[str], str]] = {
    "client_encoding": (
        frozenset({"utf8", "utf-8", "unicode", "auto"}),
        "which can only be UTF8: take it out.",
    ),
    "gssencmode": (
        frozenset({"disable", "prefer"}),
        "and there is no Kerberos here: use TLS, with sslmode=verify-full.",
    ),
    "load_balance_hosts": (
        frozenset({"disable"}),
        "and hosts are tried in their order: take it out.",
    ),
    "max_protocol_version": (
        frozenset({"3.0", "3.2", "latest"}),
        "and version 3.0 is spoken here: take it out.",
    ),
    "min_protocol_version": (
        frozenset({"3.0"}),
        "and version 3.0 is spoken here: take it out.",
    ),
    "passfile": (
        _NONE,
        "which is not read: write the password into the address, or name a file that holds the"
        " whole address (DATABASE_URL_FILE, DATABASE_URL_UNPOOLED_FILE).",
    ),
    "replication": (NO, "which opens no ordinary session: take it out."),
    "require_auth": (
        _NONE,
        "which the driver cannot keep to: take it out. sslmode=verify-full keeps the password from"
        " anybody else.",
    ),
    "requirepeer": (
        _NONE,
        "which the driver cannot keep to: take it out, and let nobody else write to the folder of"
        " the socket.",
    ),
    "requiressl": (NO, "which is out of use: write sslmode=require."),
    "sslcertmode": (
        frozenset({"allow", "disable"}),
        "which the driver cannot keep to: take it out. A certificate is shown to a server that"
        " asks for one.",
    ),
    "sslcrl": (_NONE, "and lists of revoked certificates are not read: take it out."),
    "sslcrldir": (_NONE, "and lists of revoked certificates are not read: take it out."),
    "sslidentity": (
        _NONE,
        "and only PEM files are read: write the certificate as sslcert and its key as sslkey.",
    ),
    "sslkeylogfile": (_NONE, "which would let others read everything: take it out."),
    "sslpassword": (
        _NONE,
        "and keys with a passphrase are not read: write the key without one (openssl pkey), and"
        " take this out.",
    ),
    "sslsni": (_YES, "and the name of the host is always sent: take it out."),
    **dict.fromkeys(
        ("service", "servicefile"),
        (_NONE, "and no service file is read: write host, user and database into the address."),
    ),
    **dict.fromkeys(
        (
            *("scram_client_key", "scram_server_key"),
            *("oauth_issuer", "oauth_client_id", "oauth_client_secret", "oauth_scope"),
        ),
        (_NONE, f"a way to sign in that the driver does not know: {_SIGN_IN}"),
    ),
}


def check_parameters(parameters: Mapping[str, str]) -> None:
    """Raises Refused for the first one that asks for what cannot be kept. The names are known ones
    and no value is told."""
    for name, (kept, remedy) in _UNKEPT.items():
        if name in parameters and parameters[name].lower() not in kept:
            article = "an" if name[0] in "aeio" or name.startswith("ss") else "a"
            raise Refused(f"has {article} {name}, {remedy}")
