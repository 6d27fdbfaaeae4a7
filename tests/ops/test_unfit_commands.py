"""A command whose role may not do its work says so in one line."""

from __future__ import annotations

from tests.ops.command import only_line, run_portal
from tests.support import Database, execute

ROLE = "clerk"


async def test_a_role_that_lacks_a_right(database: Database) -> None:
    grants = (
        f"CREATE ROLE {ROLE} LOGIN",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {ROLE}",
    )
    await execute(database.url, *grants)
    try:
        url = database.url.replace("postgres@", f"{ROLE}@")
        done = run_portal(url, "user", "disable", "alex")
    finally:
        await execute(database.url, f"DROP OWNED BY {ROLE}", f"DROP ROLE {ROLE}")
    assert done.returncode == 1
    line = only_line(done.stderr)
    assert line.startswith("The database cannot be used: its role lacks a right"), line
