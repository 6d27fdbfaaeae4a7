"""`portal db diff`: the live schema against what the migrations make.

What they make is kept in a file, read from a migrated database and held to it by a test:
neither Piccolo nor a second database is needed to compare.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from typing import Any

import asyncpg
import msgspec

from portal.config.settings import Settings
from portal.db import rights, schema
from portal.db.connect import connection_to
from portal.web.formats import plural

EXPECTED = rights.MADE

# A table, view or function → what belongs to it → how it is defined.
Schema = dict[str, dict[str, str]]

# Left out: what extensions brought, Piccolo's own table, the constraints of NOT NULL (PostgreSQL 18
# lists them, and columns tell the same), and indexes that are a constraint.
_OURS = """
    c.relnamespace = current_schema()::regnamespace AND c.relname <> 'migration'
    AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = 'pg_class'::regclass
                    AND x.objid = c.oid AND x.deptype = 'e')
"""
_NAME = "CASE WHEN c.relkind IN ('v', 'm') THEN 'view ' ELSE 'table ' END || c.relname"
_QUERY = f"""
    SELECT {_NAME} AS object, 'kind' AS part,
           concat_ws(', ', CASE c.relkind WHEN 'r' THEN 'ordinary' WHEN 'p' THEN 'partitioned'
                           WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized' ELSE 'foreign' END,
                     CASE WHEN c.relpersistence = 'u' THEN 'unlogged' END,
                     CASE WHEN c.relrowsecurity THEN 'row security' END) AS definition
    FROM pg_class c WHERE {_OURS}
    UNION ALL
    SELECT {_NAME}, 'column ' || a.attname,
           concat_ws(' ', format_type(a.atttypid, a.atttypmod),
                     CASE WHEN a.attnotnull THEN 'NOT NULL' END,
                     'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid))
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE {_OURS} AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT {_NAME}, 'constraint ' || o.conname, pg_get_constraintdef(o.oid)
    FROM pg_class c JOIN pg_constraint o ON o.conrelid = c.oid
    WHERE {_OURS} AND o.contype IN ('p', 'u', 'f', 'c', 'x')
    UNION ALL
    SELECT {_NAME}, 'index ' || r.relname,
           CASE WHEN i.indisvalid THEN '' ELSE 'invalid ' END || pg_get_indexdef(i.indexrelid)
    FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid JOIN pg_class r ON r.oid = i.indexrelid
    WHERE {_OURS} AND NOT EXISTS (
        SELECT FROM pg_constraint o WHERE o.conindid = i.indexrelid AND o.contype IN ('p', 'u'))
    UNION ALL
    SELECT {_NAME}, 'trigger ' || t.tgname,
           CASE WHEN t.tgenabled = 'D' THEN 'disabled ' ELSE '' END || pg_get_triggerdef(t.oid)
    FROM pg_class c JOIN pg_trigger t ON t.tgrelid = c.oid WHERE {_OURS} AND NOT t.tgisinternal
    UNION ALL
    SELECT {_NAME}, 'rule ' || w.rulename,
           CASE WHEN w.ev_enabled = 'D' THEN 'disabled ' ELSE '' END || pg_get_ruledef(w.oid)
    FROM pg_class c JOIN pg_rewrite w ON w.ev_class = c.oid WHERE {_OURS}
    UNION ALL
    SELECT 'function ' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
           'body', concat_ws(' ', l.lanname, 'returns', pg_get_function_result(p.oid), p.prosrc)
    FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
    WHERE p.pronamespace = current_schema()::regnamespace AND p.prokind IN ('f', 'p')
      AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = 'pg_proc'::regclass
                      AND x.objid = p.oid AND x.deptype = 'e')
    ORDER BY 1, 2
"""  # noqa: S608 - constants only


def diff(settings: Settings, echo: Callable[[str], None]) -> int:
    """Print one line per difference; returns 1 when there is any, also when the schema is behind.

    Raises `CommandFailed` when there is no direct DSN or the database cannot be reached.
    """
    return asyncio.run(_diff(settings, echo))


async def _diff(settings: Settings, echo: Callable[[str], None]) -> int:
    async with connection_to(settings.require_direct()) as connection:
        status = await schema.migration_status(connection.fetch)
        found = await differences_behind(connection)
    if status.pending:
        behind = plural(len(status.pending), "migration")
        echo(f"The schema is {behind} behind: run portal migrate, then look again.")
    elif status.unknown and found:
        echo("The schema is newer than this version, which does not know what it should be.")
    for line in found:
        echo(line)
    if not found:
        applied = "those that are applied make" if status.pending else "the migrations make"
        echo(f"The schema is what {applied}.")
    return 1 if found or status.pending else 0


async def differences_behind(connection: asyncpg.Connection[Any]) -> list[str]:
    """Returns `differences` of the schema behind a connection from what the migrations make."""
    return differences(await read_schema(connection), expected())


async def read_schema(connection: asyncpg.Connection[Any]) -> Schema:
    """Returns the schema behind a connection, in the same words for PostgreSQL 15 to 18."""
    prefix = await connection.fetchval("SELECT quote_ident(current_schema()) || '.'")
    schema: Schema = {}
    for row in await connection.fetch(_QUERY):
        schema.setdefault(row["object"], {})[row["part"]] = _normal(row["definition"], prefix)
    return schema


def _normal(definition: str, prefix: str) -> str:
    """Returns the definition on one line, without the schema's name, and without the table's name
    before columns, which PostgreSQL 15 writes into views and later versions do not."""
    text = " ".join(definition.split()).replace(prefix, "")
    return re.sub(r"\b[a-z_]+\.(?=[a-z_])", "", text) if "AS ON SELECT TO" in text else text


def expected() -> Schema:
    """Returns what the migrations of this version make."""
    return msgspec.json.decode(EXPECTED.read_bytes(), type=Schema)


def differences(live: Schema, wanted: Schema) -> list[str]:
    """Returns one sentence per difference, in the order of the objects' names."""
    found: list[str] = []
    for name in sorted(live.keys() | wanted.keys()):
        if name not in live:
            found.append(f"{name}: is missing")
        elif name not in wanted:
            found.append(f"{name}: no migration makes it")
        else:
            found.extend(_part_differences(name, live[name], wanted[name]))
    return found


def _part_differences(name: str, live: dict[str, str], wanted: dict[str, str]) -> Iterator[str]:
    for part in sorted(live.keys() | wanted.keys()):
        if part not in live:
            yield f"{name}: {part} is missing"
        elif part not in wanted:
            yield f"{name}: no migration makes {part}"
        elif part == "body":
            if live[part] != wanted[part]:
                yield f"{name}: {part} differs"
        elif live[part] != wanted[part]:
            yield f"{name}: {part} is {live[part]}, should be {wanted[part]}"
