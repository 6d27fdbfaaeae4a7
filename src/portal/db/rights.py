"""Who may read and write the portal's tables: their owner, the roles that serve, and nobody else.

Providers hand every new table to roles of their own; Supabase to `anon`, in whose name anyone may
ask its API. So whatever was granted on what the migrations make, to PUBLIC too, is taken back after
each migration, together with the default grants of the role that migrates. Roles that serve keep
theirs and get what new tables ask for. Which those are stands in the comment of the table
`migration`: it goes along in every backup.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from portal.db.migrations import migration_ids
from portal.db.schema import Fetch

if TYPE_CHECKING:
    import asyncpg

    Connection: TypeAlias = asyncpg.Connection[Any]

MADE = Path(__file__).with_name("schema.json")
EVERYONE = "everyone (PUBLIC)"

_USE = "SELECT, INSERT, UPDATE, DELETE"
# What only grows, and what migrations alone write.
_LESS = {"audit_event": "SELECT, INSERT", "quiz_version": "SELECT, INSERT", "migration": "SELECT"}

_SEQUENCE_OF_TABLE = """
    JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid
        AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
    JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
"""
# $1: tables and views, $2: functions with their arguments. `owned` is false where the role here may
# not take anything back.
_OURS = f"""
    WITH relation AS (
        SELECT c.oid, c.relname, c.relkind, c.relowner AS owner, c.relacl AS acl FROM pg_class c
        WHERE c.relnamespace = quote_ident(current_schema())::regnamespace
            AND c.relname = ANY ($1::text[]) AND c.relkind IN ('r', 'p', 'v')
    ), sequence AS (
        SELECT s.oid, s.relname, s.relowner AS owner, s.relacl AS acl
        FROM relation c {_SEQUENCE_OF_TABLE}
    ), routine AS (
        SELECT p.oid, p.proowner AS owner, coalesce(p.proacl, acldefault('f', p.proowner)) AS acl
        FROM pg_proc p WHERE p.pronamespace = quote_ident(current_schema())::regnamespace
            AND p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')'
                = ANY ($2::text[])
    ), granted AS (
        SELECT 'TABLE ' || r.oid::regclass AS object, r.owner, (aclexplode(r.acl)).grantee
        FROM relation r
        UNION SELECT 'TABLE ' || r.oid::regclass, r.owner, (aclexplode(a.attacl)).grantee
        FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid AND NOT a.attisdropped
        UNION SELECT 'SEQUENCE ' || s.oid::regclass, s.owner, (aclexplode(s.acl)).grantee
        FROM sequence s
        UNION SELECT 'FUNCTION ' || f.oid::regprocedure, f.owner, (aclexplode(f.acl)).grantee
        FROM routine f
    )
"""  # noqa: S608 - constants only, here and below
# $3: roles that serve. They may have their rights through groups.
_IS_OTHER = """
    g.grantee <> g.owner
    AND g.grantee <> (SELECT oid FROM pg_roles WHERE rolname = current_user)
    AND NOT EXISTS (
        SELECT FROM pg_roles s WHERE s.rolname = ANY ($3::text[]) AND g.grantee <> 0
            AND pg_has_role(s.oid, g.grantee, 'USAGE'))
"""
_NAME = "CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END"
_REVOKE = f"""{_OURS}
    SELECT 'REVOKE ALL ON ' || g.object || ' FROM ' || {_NAME} || ' CASCADE' AS statement
    FROM granted g WHERE {_IS_OTHER} AND pg_has_role(g.owner, 'USAGE')
    ORDER BY 1
"""  # noqa: S608
# The default of PostgreSQL itself, that everyone may call new functions, is nobody's grant.
_REVOKE_DEFAULTS = f"""
    SELECT concat_ws(' ', 'ALTER DEFAULT PRIVILEGES', 'IN SCHEMA ' || quote_ident(n.nspname),
                     'REVOKE ALL ON',
                     CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES'
                          ELSE 'FUNCTIONS' END, 'FROM', {_NAME}) AS statement
    FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
    CROSS JOIN LATERAL (SELECT DISTINCT x.grantee, d.defaclrole AS owner
                        FROM aclexplode(d.defaclacl) x) g
    WHERE d.defaclrole = (SELECT oid FROM pg_roles WHERE rolname = current_user)
        AND d.defaclobjtype IN ('r', 'S', 'f')
        AND (n.oid IS NULL OR n.nspname = current_schema())
        AND NOT (n.oid IS NULL AND d.defaclobjtype = 'f' AND g.grantee = 0)
        AND cardinality($1::text[]) + cardinality($2::text[]) >= 0 AND {_IS_OTHER}
    ORDER BY 1
"""  # noqa: S608
_OTHERS = f"""{_OURS}
    SELECT {_NAME} AS name, true AS granted FROM granted g
    WHERE {_IS_OTHER} AND NOT g.object LIKE 'FUNCTION %'
    UNION
    SELECT quote_ident(o.rolname), false FROM pg_roles o CROSS JOIN relation r
    WHERE NOT o.rolsuper AND o.oid <> r.owner AND o.rolname <> current_user
        AND o.rolname NOT LIKE 'pg\\_%' AND NOT o.rolname = ANY ($3::text[])
        AND NOT EXISTS (SELECT FROM pg_roles s WHERE s.rolname = ANY ($3::text[])
                        AND pg_has_role(s.oid, o.oid, 'USAGE'))
        AND NOT EXISTS (SELECT FROM granted g WHERE g.grantee IN (0, o.oid))
        AND (has_any_column_privilege(o.oid, r.oid, 'SELECT, INSERT, UPDATE')
             OR has_table_privilege(o.oid, r.oid, 'DELETE, TRUNCATE'))
    ORDER BY 2 DESC, 1
"""  # noqa: S608
# Of the role $1: $2 names, $3 the rights that it needs on each.
_LACKING = f"""
    SELECT c.relname AS name
    FROM unnest($2::text[], $3::text[]) AS w (name, rights)
    JOIN pg_class c ON c.relname = w.name
        AND c.relnamespace = quote_ident(current_schema())::regnamespace
    WHERE EXISTS (SELECT FROM unnest(string_to_array(w.rights, ', ')) AS needed
                  WHERE NOT has_table_privilege($1::text::name, c.oid, needed))
    UNION
    SELECT s.relname FROM pg_class c {_SEQUENCE_OF_TABLE}
    WHERE c.relname = ANY ($2::text[])
        AND c.relnamespace = quote_ident(current_schema())::regnamespace
        AND c.relname <> 'migration'
        AND CASE s.relkind WHEN 'S' THEN NOT has_sequence_privilege($1::text::name, s.oid, 'USAGE')
            END
    UNION
    SELECT 'the schema itself'
    WHERE current_schema() IS NULL
        OR NOT has_schema_privilege($1::text::name, current_schema(), 'USAGE')
    ORDER BY 1
"""  # noqa: S608
# Before there was a record of who serves: who is serving now, and those who may write and sign in.
_SERVING = """
    SELECT r.rolname FROM pg_roles r
    WHERE r.rolcanlogin AND NOT r.rolsuper AND r.rolname <> current_user AND (
        EXISTS (SELECT FROM pg_stat_activity a WHERE a.datname = current_database()
                AND a.usesysid = r.oid AND a.application_name = 'portal')
        OR (SELECT count(DISTINCT x.privilege_type) = 3
            FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) x
            WHERE c.oid = to_regclass('app_user') AND x.grantee NOT IN (0, c.relowner)
                AND x.privilege_type IN ('SELECT', 'INSERT', 'UPDATE')
                AND pg_has_role(r.oid, x.grantee, 'USAGE')))
"""
# Poolers for many customers want theirs behind the role's name, as in `postgres.abcdef`.
_ROLE = """
    SELECT rolname FROM pg_roles WHERE rolname IN ($1::text, split_part($1::text, '.', 1))
    ORDER BY rolname <> $1::text LIMIT 1
"""

_SEQUENCES = f"""
    SELECT quote_ident(n.nspname) || '.' || quote_ident(s.relname) AS name
    FROM pg_class c {_SEQUENCE_OF_TABLE}
    JOIN pg_namespace n ON n.oid = s.relnamespace
    WHERE c.relname = ANY ($1::text[])
        AND c.relnamespace = quote_ident(current_schema())::regnamespace
        AND c.relname <> 'migration'
    ORDER BY 1
"""  # noqa: S608
_OWNED = """
    SELECT bool_and(pg_has_role(relowner, 'USAGE')) FROM pg_class
    WHERE oid IN (to_regclass('migration'), to_regclass('app_user')) HAVING count(*) = 2
"""
_PRESENT = """
    SELECT relname, quote_ident(relname) AS quoted FROM pg_class
    WHERE relnamespace = quote_ident(current_schema())::regnamespace AND relkind IN ('r', 'p', 'v')
        AND relname = ANY ($1::text[]) AND pg_has_role(relowner, 'USAGE')
    ORDER BY relname
"""
_PLACES = """
    SELECT quote_ident($1::text) AS name, quote_ident(current_schema()) AS place,
           quote_ident(current_database()) AS base,
           has_database_privilege($1::text::name, current_database(), 'CONNECT') AS connects,
           has_schema_privilege($1::text::name, current_schema(), 'USAGE') AS enters
"""


class Memo(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the comment of `migration` holds: the roles that serve, the users of DATABASE_URL that
    were looked at, and the newest migration by then."""

    serving: list[str] = []
    users: list[str] = []
    settled: str = ""


def read_memo(comment: str | None) -> Memo | None:
    """Returns what the comment says, None where nothing can be read in it."""
    try:
        return msgspec.json.decode(comment or "", type=Memo)
    except msgspec.MsgspecError:
        return None


def is_settled(comment: str | None, role: str, user: str | None) -> bool:
    """Returns whether everything was settled at this version's newest migration. `role` is the one
    that migrates, `user` that of DATABASE_URL."""
    memo = read_memo(comment)
    if memo is None or memo.settled < migration_ids()[-1]:
        return False
    return user in (None, role, *memo.users)


@functools.cache
def _made(kind: str) -> list[str]:
    """Returns the names of what the migrations make: of every "table", "view" or "function"."""
    keys = msgspec.json.decode(MADE.read_bytes(), type=dict[str, Any])
    return [key.partition(" ")[2] for key in keys if key.partition(" ")[0] == kind]


def _relations() -> list[str]:
    return [*_made("table"), *_made("view"), "migration"]


def needed_rights() -> dict[str, str]:
    """Returns the rights that serving needs, by table. The view is for people at psql."""
    return {table: _LESS.get(table, _USE) for table in [*_made("table"), "migration"]}


async def memo_of(connection: Connection) -> Memo | None:
    """Returns what is remembered in this database."""
    comment = "SELECT obj_description(to_regclass('migration'), 'pg_class')"
    return read_memo(await connection.fetchval(comment))


async def missing_rights(fetch: Fetch, role: str) -> list[str]:
    """Returns what `role` lacks a right on that serving needs; empty when nothing."""
    rights = needed_rights()
    return [row["name"] for row in await fetch(_LACKING, role, list(rights), list(rights.values()))]


async def other_grantees(connection: Connection, serving: list[str]) -> tuple[list[str], list[str]]:
    """Returns who else can read or write a table of the portal: those to whom it was granted, and
    those who can do so by a membership. Superusers can do everything."""
    rows = await connection.fetch(_OTHERS, _relations(), _made("function"), serving)
    granted = [row["name"] for row in rows if row["granted"]]
    return (
        [EVERYONE if name == "PUBLIC" else name for name in granted],
        [row["name"] for row in rows if not row["granted"] and row["name"] not in granted],
    )


async def close_defaults(connection: Connection, user: str | None) -> None:
    """Revoke the default grants before tables are made, so that they are never open."""
    serving = await roles_that_serve(connection, user)
    await run_statements(connection, await _statements_from(connection, _REVOKE_DEFAULTS, serving))


async def settle(connection: Connection, user: str | None, serving: Sequence[str] = ()) -> None:
    """Revoke what others were granted, grant what the roles that serve need, and remember them.

    `user` is that of DATABASE_URL, `serving` further roles. In one transaction. Does nothing when
    the role here does not own the tables.
    """
    async with connection.transaction():
        if not await is_owner(connection):
            return
        memo = await memo_of(connection)
        roles = sorted({*serving, *await roles_that_serve(connection, user)})
        await run_statements(connection, await revoke_statements(connection, roles))
        for role in roles:
            await run_statements(connection, await grant_statements(connection, role))
        users = {*(memo.users if memo else ()), *filter(None, [user])}
        new = Memo(roles, sorted(users), migration_ids()[-1])
        await run_statements(connection, [await memo_statement(connection, new)])


async def is_owner(connection: Connection) -> bool | None:
    """Returns whether the role here can do everything with the portal's tables, None when there
    are none yet."""
    return await connection.fetchval(_OWNED)  # type: ignore[no-any-return]


async def revoke_statements(connection: Connection, serving: list[str]) -> list[str]:
    """Returns the statements that revoke what everybody else was granted."""
    return [
        *await _statements_from(connection, _REVOKE_DEFAULTS, serving),
        *await _statements_from(connection, _REVOKE, serving),
    ]


async def grant_statements(connection: Connection, role: str, *, only: bool = False) -> list[str]:
    """Returns the statements that give `role` what serving needs, and with `only` no more."""
    row = await connection.fetchrow(_PLACES, role)
    name, place = row["name"], row["place"]
    rights = needed_rights()
    present = await connection.fetch(_PRESENT, _relations())
    by_rights: dict[str, list[str]] = {}
    for table in present:
        if table["relname"] in rights:
            names = by_rights.setdefault(rights[table["relname"]], [])
            names.append(f"{place}.{table['quoted']}")
    sequences = [row["name"] for row in await connection.fetch(_SEQUENCES, list(rights))]
    everything = [f"{place}.{table['quoted']}" for table in present]
    statements = []
    if not row["connects"]:
        statements.append(f"GRANT CONNECT ON DATABASE {row['base']} TO {name}")
    if not row["enters"]:
        statements.append(f"GRANT USAGE ON SCHEMA {place} TO {name}")
    if only and everything:
        statements.append(f"REVOKE ALL ON TABLE {', '.join(everything)} FROM {name}")
    if only and sequences:
        statements.append(f"REVOKE ALL ON SEQUENCE {', '.join(sequences)} FROM {name}")
    statements += [
        f"GRANT {rights} ON TABLE {', '.join(names)} TO {name}"
        for rights, names in by_rights.items()
    ]
    if sequences:
        statements.append(f"GRANT USAGE ON SEQUENCE {', '.join(sequences)} TO {name}")
    return statements


async def memo_statement(connection: Connection, memo: Memo) -> str:
    """Returns the statement that writes the memo."""
    text = msgspec.json.encode(memo).decode()
    quoted = await connection.fetchval("SELECT quote_literal($1::text)", text)
    place = await connection.fetchval("SELECT quote_ident(current_schema())")
    return f"COMMENT ON TABLE {place}.migration IS {quoted}"


async def roles_that_serve(connection: Connection, user: str | None) -> list[str]:
    """Returns the roles that are remembered and that of `user`. The role here and superusers are
    left out: they need no grant."""
    memo = await memo_of(connection)
    if memo is None:
        names = [row["rolname"] for row in await connection.fetch(_SERVING)]
    else:
        names = memo.serving
    own = await connection.fetchval(_ROLE, user) if user else None
    known = await connection.fetch(
        "SELECT rolname FROM pg_roles WHERE rolname = ANY ($1::text[]) AND NOT rolsuper"
        " AND rolname <> current_user ORDER BY rolname",
        [*names, *filter(None, [own])],
    )
    return [row["rolname"] for row in known]


async def _statements_from(connection: Connection, query: str, serving: list[str]) -> list[str]:
    return [
        row["statement"]
        for row in await connection.fetch(query, _relations(), _made("function"), serving)
    ]


async def run_statements(connection: Connection, statements: list[str]) -> None:
    """Run the statements one after the other."""
    for statement in statements:
        await connection.execute(statement)


SHOWN = 3


def some_of(names: list[str]) -> str:
    """Returns the first names, and how many more there are."""
    shown = ", ".join(names[:SHOWN])
    return f"{shown} and {len(names) - SHOWN} more" if len(names) > SHOWN else shown


def needs_grants(role: str, names: list[str]) -> str:
    """Returns what is wrong when `role` lacks rights on these, and how to correct it."""
    return (
        f"The role {role} of DATABASE_URL lacks rights on {some_of(names)}: portal db grants"
        f" {role} prints the GRANTs, and with --apply runs them."
    )
