"""Which addresses lead through a connection pooler, as far as their names show it.

What is recognised is what the providers document; the table in docs/SETTINGS.md has the sources.
Names tell a part only: whoever needs a session asks (`portal.db.pooling`), whatever is found here.
"""

from __future__ import annotations

import re

# PgBouncer's own default, PgCat's and Odyssey's. Azure, Cloud SQL, AlloyDB and PlanetScale have
# their pooler there, beside the server, under the same name.
POOLER_PORT = 6432

# A part of the first label, between hyphens: `ep-x-pooler.…`, `pgbouncer.…`, `shop-pooler-rw.ns`.
# Further right it is no sign: Supabase's `….pooler.supabase.com` keeps sessions on port 5432.
_WORDS = frozenset({"pgbouncer", "pgcat", "pooled", "pooler", "supavisor"})

# What comes to the same host by another port.
_PORTS = {
    ".pooler.supabase.com": {6543},
    ".supabase.co": {6543},
    ".db.ondigitalocean.com": {25061},
    ".db.postgresbridge.com": {5431},
    ".postgres.database.azure.com": {8432},  # the workers of an elastic cluster
}

# `NAME.proxy-….REGION.rds.amazonaws.com`, and further endpoints of a proxy with one label more.
_RDS_PROXY = re.compile(r"(.+\.)?proxy-[a-z0-9]+\.[a-z0-9-]+\.rds\.amazonaws\.com(\.cn)?")

# Tiger Cloud gives the transactions a database of their own on the pooler's port.
_TIGER = (".cloud.timescale.com", ".cloud.tigerdata.com")
_TIGER_DATABASE = re.compile(r".+_transaction")


def looks_pooled(host: str, port: int, database: str) -> bool:
    """Returns whether an address is that of a pooler; False where its name does not tell."""
    name = host.lower().rstrip(".")
    if port == POOLER_PORT:
        return True
    if name.startswith("/"):
        return False  # a folder may be called after anything
    if not _WORDS.isdisjoint(re.split(r"[-_]", name.partition(".")[0])):
        return True
    if any(name.endswith(suffix) and port in ports for suffix, ports in _PORTS.items()):
        return True
    if name.endswith(_TIGER) and _TIGER_DATABASE.fullmatch(database):
        return True
    return bool(_RDS_PROXY.fullmatch(name))
