"""How far the database's schema is from the migration files of this version."""

from __future__ import annotations

import msgspec

from portal.db import sql
from portal.db.migrations import migration_ids
from portal.errors import PortalError

APP = "portal"
_APPLIED = "SELECT name FROM migration WHERE app_name = $1"
_TABLE_EXISTS = "SELECT to_regclass('migration') IS NOT NULL"


class Standing(msgspec.Struct, frozen=True):
    """`pending`: files not yet applied. `unknown`: applied, but not a file of this version."""

    pending: list[str]
    unknown: list[str]


def compare(applied: set[str], files: list[str]) -> Standing:
    """Returns the standing. A schema with unknown migrations is newer: an image was rolled back."""
    return Standing(
        pending=[name for name in files if name not in applied],
        unknown=sorted(applied.difference(files)),
    )


async def standing() -> Standing:
    """Returns the standing of the bound engine's database."""
    if not await sql.fetch_value(_TABLE_EXISTS):
        return compare(set(), migration_ids())
    rows = await sql.execute(_APPLIED, APP, retry=True)
    return compare({row["name"] for row in rows}, migration_ids())


def reason(error: PortalError) -> str:
    """Returns in plain words why the database could not be reached, from the error behind `error`.

    Only the kind of failure is told: a message of the server may quote what it was sent.
    """
    cause = error.__cause__
    name = type(cause).__name__
    known = {
        "ConnectionRefusedError": "nothing listens at its address.",
        "gaierror": "its host name cannot be resolved.",
        "TimeoutError": "no answer in time.",
        "InvalidPasswordError": "it refuses the user or the password.",
        "InvalidAuthorizationSpecificationError": "it refuses the user or the password.",
        "InvalidCatalogNameError": "there is no database of that name.",
        "CannotConnectNowError": "it is starting up or shutting down.",
        "TooManyConnectionsError": "it has no connection left.",
        "DiskFullError": "its disk is full.",
        "FileNotFoundError": "its socket does not exist.",
        "SSLCertVerificationError": "its certificate is not trusted.",
    }
    return known.get(name, f"{name}." if cause is not None else "unknown reason.")
