"""What went wrong with the database, in words that say what to do about it.

Decided by the kind of the error, its SQLSTATE or its number, never by the server's own words: they
may quote what it was sent, and be in any language. The exceptions are the texts of asyncpg and of
poolers, which have nothing else to tell them apart by.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Sequence

import asyncpg

from portal.db import pooler_refusals
from portal.db.failures import NoConnectionFree
from portal.errors import PortalError

Sentences = Sequence[tuple[type[BaseException], str]]

LOCKED = "a lock was not to be had in time: look for the transaction that holds it."
NO_ANSWER = "no answer in time."
NO_TLS = (
    "it does not offer TLS, or is not PostgreSQL: turn TLS on in it, correct host and port, or"
    " write sslmode=disable into its address."
)
CUT = (
    "it closed the connection: it restarts, it wants a client certificate or refuses the one that"
    " it is shown (sslcert), a proxy or firewall is in between, or what listens at its address is"
    " not PostgreSQL."
)
NO_ROUTE = (
    "there is no way to its address from here: use one that this machine reaches, such as IPv4"
    " instead of IPv6."
)
READ_ONLY = "it takes no writes: it is set to read-only, or is a standby."

_BY_NUMBER = {
    errno.ECONNREFUSED: "nothing listens at its address.",
    errno.ETIMEDOUT: NO_ANSWER,
    errno.ENETUNREACH: NO_ROUTE,
    errno.EHOSTUNREACH: NO_ROUTE,
    errno.EADDRNOTAVAIL: NO_ROUTE,
    errno.EAFNOSUPPORT: NO_ROUTE,
    errno.ENETDOWN: NO_ROUTE,
    errno.EHOSTDOWN: NO_ROUTE,
    errno.ECONNRESET: CUT,
    errno.ECONNABORTED: CUT,
    errno.EPIPE: CUT,
    errno.ENOENT: "its socket does not exist.",
    errno.ENOTDIR: "its socket does not exist.",
    errno.EACCES: "this process may not open it: check the rights on its socket, or the firewall.",
    errno.EPERM: "this process may not open it: check the rights on its socket, or the firewall.",
    errno.EMFILE: "this process has too many files open: raise its limit (ulimit -n).",
    errno.ENFILE: "this machine has too many files open.",
}

_REFUSES_CERTIFICATE = "it refuses the client certificate (sslcert):"
# What the other side's TLS says of the client certificate, by OpenSSL's names.
_BY_ALERT = (
    (
        "CERTIFICATE_REQUIRED",
        "it wants a client certificate: name it in its address, with sslcert and sslkey.",
    ),
    ("CERTIFICATE_EXPIRED", f"{_REFUSES_CERTIFICATE} it has expired: renew it."),
    ("CERTIFICATE_REVOKED", f"{_REFUSES_CERTIFICATE} it was revoked: renew it."),
    ("UNKNOWN_CA", f"{_REFUSES_CERTIFICATE} it does not know the authority that signed it."),
    ("CERTIFICATE", f"{_REFUSES_CERTIFICATE} its log says why."),
)

# Of certificates, by OpenSSL's numbers.
_OTHER_NAME = (62, 64)  # host name, address
_OTHER_TIME = (9, 10)  # not yet valid, expired

# The first that fits.
_BY_KIND: Sentences = (
    (asyncpg.InvalidPasswordError, "it refuses the user or the password."),
    (
        asyncpg.InvalidAuthorizationSpecificationError,
        "it refuses the user or the password, or this machine (pg_hba.conf, which may also ask for"
        " TLS or a client certificate).",
    ),
    (asyncpg.InvalidCatalogNameError, "there is no database of that name."),
    (asyncpg.CannotConnectNowError, "it is starting up or shutting down."),
    (asyncpg.AdminShutdownError, "it was shut down, or somebody ended the connection."),
    (asyncpg.CrashShutdownError, "one of its processes crashed, and it restarts."),
    (asyncpg.DatabaseDroppedError, "the database was dropped."),
    (asyncpg.IdleSessionTimeoutError, "it ended an idle connection (idle_session_timeout)."),
    (
        asyncpg.QueryCanceledError,
        "it ended a statement at its own limit (statement_timeout), or somebody did.",
    ),
    (
        asyncpg.IdleInTransactionSessionTimeoutError,
        "it ended a transaction that paused: raise idle_in_transaction_session_timeout.",
    ),
    (
        asyncpg.TransactionTimeoutError,
        "it ended a transaction that took too long: raise transaction_timeout.",
    ),
    (asyncpg.OperatorInterventionError, "somebody interrupted it."),
    (asyncpg.DiskFullError, "its disk is full."),
    (asyncpg.OutOfMemoryError, "it has no memory left."),
    (asyncpg.InsufficientResourcesError, "one of its limits is reached: its log names it."),
    (asyncpg.LockNotAvailableError, LOCKED),
    (
        asyncpg.ObjectNotInPrerequisiteStateError,
        "it takes no connections: ALTER DATABASE … ALLOW_CONNECTIONS true.",
    ),
    (asyncpg.DeadlockDetectedError, "transactions waited for each other, and one had to give way."),
    (asyncpg.TransactionRollbackError, "transactions stood in each other's way."),
    (asyncpg.ReadOnlySQLTransactionError, READ_ONLY),
    (asyncpg.UndefinedTableError, "a table is missing, or its schema is not in the search_path."),
    (asyncpg.UndefinedColumnError, "a column is missing: compare with portal db diff."),
    (asyncpg.InvalidSchemaNameError, "the schema is missing."),
    (
        asyncpg.UndefinedObjectError,
        "it does not know a parameter of its address: take it out.",
    ),
    (
        asyncpg.FeatureNotSupportedError,
        "it cannot do what it was asked for: PostgreSQL 15 to 18 is needed.",
    ),
    (asyncpg.ConnectionDoesNotExistError, CUT),
    (
        asyncpg.ProtocolViolationError,
        "a pooler or proxy in front of it refused: the log of that one says why.",
    ),
    (asyncpg.PostgresConnectionError, "the connection to it failed: its log says why."),
)


def explain(error: BaseException | None) -> str:  # noqa: C901 - one line for each kind
    """Returns the sentence for an error of asyncpg, of TLS or of the network, or for the one behind
    an error of the portal, ending in a full stop. Nothing of what the server was sent is in it."""
    cause = error.__cause__ if isinstance(error, PortalError) else error
    if isinstance(cause, asyncpg.ConnectionDoesNotExistError) and _on_certificate(cause.__cause__):
        cause = cause.__cause__
    if cause is None:
        return "unknown reason."
    said = pooler_refusals.refusal_in(cause)
    if said is not None:
        return said
    if isinstance(cause, asyncpg.TooManyConnectionsError):
        return _of_connections(cause)
    if isinstance(cause, asyncpg.InsufficientPrivilegeError):
        return _of_rights(cause)
    for kind, sentence in _BY_KIND:
        if isinstance(cause, kind):
            return sentence
    if isinstance(cause, ssl.SSLError):
        return _of_tls(cause)
    if isinstance(cause, OSError):
        return _of_network(cause)
    if isinstance(cause, (asyncpg.InterfaceError, asyncpg.InternalClientError)):
        return _of_client(cause)
    if isinstance(cause, asyncpg.PostgresError) and cause.sqlstate:
        return f"it refused with SQLSTATE {cause.sqlstate}: its log says why."
    return "something unexpected happened: its log may say more."


def _on_certificate(cause: BaseException | None) -> str | None:
    """Returns the sentence for an alert about the certificate that we show. That of TLS 1.3 comes
    when the connection seems made."""
    if not isinstance(cause, ssl.SSLError) or "_ALERT_" not in str(cause):
        return None
    return next((said for word, said in _BY_ALERT if word in str(cause)), None)


def _of_tls(cause: ssl.SSLError) -> str:
    said = _on_certificate(cause)
    if said is not None:
        return said
    if not isinstance(cause, ssl.SSLCertVerificationError):
        return "TLS could not be agreed upon: it has another version of TLS, or none."
    if cause.verify_code in _OTHER_NAME:
        return "its certificate is for another name: correct the host name."
    if cause.verify_code in _OTHER_TIME:
        return "its certificate has expired or is not valid yet: renew it, and compare the clocks."
    return "its certificate is not trusted: let sslrootcert name the authority that signed it."


def _of_network(cause: OSError) -> str:
    if isinstance(cause, socket.gaierror):
        if cause.errno == socket.EAI_AGAIN:
            return "its host name cannot be resolved right now: no name server answers."
        return "its host name cannot be resolved."
    if isinstance(cause, NoConnectionFree):
        return (
            "all connections of the pool were in use: raise DB_POOL_SIZE, or find what holds them."
        )
    if isinstance(cause, TimeoutError):
        return NO_ANSWER
    if cause.errno is None:  # asyncpg's own, before the server has said anything in its protocol
        return NO_TLS if "SSL" in str(cause) else CUT
    known = _BY_NUMBER.get(cause.errno)
    return known or f"the system says: {os.strerror(cause.errno).lower()}."


def _of_client(cause: Exception) -> str:
    text = str(cause)
    if "authentication" in text or "SCRAM" in text or "SASL" in text:
        return (
            "it asks for a way to sign in that the portal does not know: use scram-sha-256 in"
            " pg_hba.conf."
        )
    if isinstance(cause, asyncpg.TargetServerAttributeNotMatched):
        return "none of its hosts is what target_session_attrs asks for."
    if isinstance(cause, asyncpg.ProtocolError):
        return "what it said is not PostgreSQL's protocol: correct host and port."
    return CUT


def _of_connections(cause: asyncpg.PostgresError) -> str:
    place = _function(cause)
    if place == "InitializeSessionUserId":
        return "it has no connection left for this role (CONNECTION LIMIT)."
    if place == "CheckMyDatabase":
        return "it has no connection left for this database (CONNECTION LIMIT)."
    return "it has no connection left."


def _of_rights(cause: asyncpg.PostgresError) -> str:
    if _function(cause) == "CheckMyDatabase":
        return "its role may not connect to this database: GRANT CONNECT."
    return "its role lacks a right on a table or schema: compare the grants."


def _function(cause: asyncpg.PostgresError) -> str:
    """Returns the server's function that refused, which is in no language."""
    return str(getattr(cause, "server_source_function", "") or "")
