"""What a pooler refuses, in words that say what to do about it.

A pooler has one SQLSTATE for nearly everything, and tells by its text alone. These texts are its
own, in English whatever the server's language, and no part of them but the name of a parameter is
repeated: they may quote what it was sent.
"""

from __future__ import annotations

import re

import asyncpg

# PgBouncer answers with the first, and the driver repeats its last words in the second; Supavisor
# and PgCat with the others. Servers raise them all as well.
_KINDS = (
    asyncpg.ProtocolViolationError,
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.InternalServerError,
    asyncpg.PostgresSystemError,
)

_PARAMETER = re.compile(r"unsupported startup parameter(?: in options)?: ([a-z_][a-z0-9_.]{0,62})")

_PASSWORD = "the pooler in front of it refuses the user or the password."  # noqa: S105 - a sentence
# PgBouncer repeats this one of the database in the same words as its own.
_OF_EITHER = (
    "the pooler in front of it, or the database behind that, refuses the user or the password:"
    " correct the address, or what the pooler signs in with (its auth_file) where the password was"
    " changed."
)
_CERTIFICATE = (
    "the pooler in front of it wants a client certificate of this user: name it in its address,"
    " with sslcert and sslkey."
)
_FULL = (
    "the pooler in front of it has no place for another client: raise its max_client_conn, or lower"
    " DB_POOL_SIZE."
)
_WAITED = (
    "the pooler in front of it got no connection to the database in time: all of its own are in"
    " use, it is paused or shutting down, or it cannot sign in there (SHOW POOLS and its log tell)."
    " A wrong name of the database ends like this, too."
)
_BEHIND = "the pooler in front of it cannot connect to the database behind it: its log says why."
_SIGN_IN_BEHIND = (
    "the database behind the pooler refuses the user or the password that the pooler signs in with:"
    " correct what the pooler has (its auth_file)."
)
# What a pooler repeats of the database behind it; the words may be any of those further down.
_REPEATED = ("server_login_retry", "server login")
# The first whose words are in the text.
_BY_WORDS = (
    ("sasl authentication failed", _PASSWORD),
    ("password authentication failed", _OF_EITHER),
    ("no such user", _PASSWORD),
    ("login rejected", _PASSWORD),
    (
        "tenant or user not found",
        "the pooler in front of it does not know the user: for Supabase's, postgres.PROJECT.",
    ),
    (
        "endpoint id is not specified",
        "the proxy in front of it was not told the host: write the host's name into its address,"
        " not a number, or add options=endpoint%3D and the first part of that name.",
    ),
    ("certificate", _CERTIFICATE),
    (
        "ssl required",
        "the pooler in front of it wants TLS: write sslmode=verify-full, or at least require, into"
        " its address.",
    ),
    ("no such database", "the pooler in front of it has no database of that name."),
    ("no pool configured", "the pooler in front of it has no database of that name."),
    (
        "is disabled",
        "the pooler in front of it has this database disabled: ENABLE at its console lets clients"
        " in.",
    ),
    ("no more connections allowed", _FULL),
    ("client connections exceeded", _FULL),
    ("max clients reached", _FULL),
    ("max client connections reached", _FULL),
    ("shutting down", "the pooler in front of it is shutting down."),
    ("query_wait_timeout", _WAITED),
    ("client_login_timeout", _WAITED),
    ("echeckouttimeout", _WAITED),
    ("connect failed", _BEHIND),
    ("allserversdown", _BEHIND),
    (
        "bouncer config error",
        "the pooler in front of it cannot look up users: its auth_query fails, and its log says"
        " why (at Crunchy Bridge, CREATE EXTENSION crunchy_pooler is missing).",
    ),
    ("server conn crashed", "the pooler in front of it lost its connection to the database."),
    (
        "transaction blocks not allowed",
        "the pooler in front of it lends its connections for single statements: set its pool_mode"
        " to transaction.",
    ),
    (
        "idle transaction timeout",
        "the pooler in front of it ended a transaction that paused: raise its"
        " idle_transaction_timeout.",
    ),
    (
        "query timeout",
        "the pooler in front of it ended a statement at its own limit: raise its query_timeout.",
    ),
)


def refusal_in(error: BaseException) -> str | None:
    """Returns the sentence for what a pooler says in the text of an error; None when it is another
    kind of error, or its words are not known."""
    if not isinstance(error, _KINDS):
        return None
    text = str(error).lower()
    parameter = _PARAMETER.search(text)
    if parameter:
        return (
            f"the pooler in front of it refuses the parameter {parameter[1]}: take it out of the"
            " address and set it for the role, with ALTER ROLE … SET."
        )
    if any(words in text for words in _REPEATED):
        return _SIGN_IN_BEHIND if "password authentication failed" in text else _BEHIND
    return next((sentence for words, sentence in _BY_WORDS if words in text), None)
