"""The commands for the database: its schema, its rights, its copies."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from portal.cli.base import echo, load_settings, on_engine, path, program, run_async

if TYPE_CHECKING:
    from portal.config.settings import Settings


def apply_migrations() -> None:
    from portal.db.migrate import forwards

    applied = run_async(forwards(load_settings()))
    for name in applied:
        echo(f"Migration {name}: applied.")
    if not applied:
        echo("The schema is at head.")


@program.group("migrate", invoke_without_command=True)
@click.pass_context
def migrate_group(ctx: click.Context) -> None:
    """Bring the schema to head."""
    if ctx.invoked_subcommand is None:
        apply_migrations()


@migrate_group.command("status")
def migrate_status() -> int:
    """Exit 1 when the schema is behind."""
    from portal.db import schema
    from portal.db.migrate import direct_connection
    from portal.web.formats import plural

    async def look() -> int:
        async with direct_connection(load_settings()) as connection:
            position = await schema.migration_status(connection.fetch)
        for name in position.pending:
            echo(f"Migration {name}: pending.")
        for name in position.unknown:
            echo(f"Migration {name}: applied, but not known to this version.")
        if position.pending:
            echo(f"The schema is {plural(len(position.pending), 'migration')} behind.")
            return 1
        echo("The schema is newer than this version." if position.unknown else "At head.")
        return 0

    return run_async(look())


def _rollback_count(text: str) -> int | None:
    if text != "all" and not re.fullmatch("0{0,3}[1-9][0-9]{0,3}", text):
        raise click.BadParameter(f"{text[:80]} is neither a number from 1 on nor all")
    return None if text == "all" else int(text)


@migrate_group.command("rollback")
@click.argument("count", type=_rollback_count, default="1", metavar="[N|all]")
@click.option("--yes", is_flag=True, help="drop data, too")
def migrate_rollback(count: int | None, yes: bool) -> None:
    """Undo the newest migrations."""
    from portal.db.migrate import backwards

    undone = run_async(backwards(load_settings(), count, agreed=yes))
    for name in undone:
        echo(f"Migration {name}: rolled back.")
    if not undone:
        echo("There is nothing to roll back.")


@program.command("seed")
@click.option(
    "--refresh", is_flag=True, help="move the past to today, but of those who learned since"
)
@on_engine
async def seed_command(settings: Settings, refresh: bool) -> None:
    """Make the demo teams and accounts, and their past, once."""
    from portal.serving import seed as demo

    if refresh:
        echo(str(await demo.refresh(settings)))
        return
    made = await demo.seed(settings)
    echo(f"Seeded {made}." if made else "Everything was seeded before.")


@program.group("db")
def db_group() -> None:
    """Look at the database."""


@db_group.command("check")
def db_check() -> int:
    """Both DSNs: reachable, version, pooled or direct, schema."""
    from portal.ops.doctor import db_check

    return db_check.db_check(load_settings(), echo)


@db_group.command("diff")
def db_diff() -> int:
    """The live schema against what the migrations make."""
    from portal.ops.diff import diff

    return diff(load_settings(), echo)


def _role_name(text: str) -> str:
    if not text.strip():
        raise click.BadParameter("the name is empty")
    return text


@db_group.command("grants")
@click.argument("role", type=_role_name, required=False)
@click.option("--apply", is_flag=True, help="run the statements, too")
def db_grants(role: str | None, apply: bool) -> int:
    """Print what a role needs that serves. Without a role: what is taken from all others."""
    from portal.ops.grants import grants

    return grants(load_settings(), role, apply=apply, echo=echo)


@db_group.command("service")
@click.argument("folder", type=path)
def db_service(folder: Path) -> int:
    """Write the direct address for pg_dump. FOLDER gets pg_service.conf and pgpass."""
    from portal.ops.service import service

    return service(load_settings(), folder, echo)


@program.command("studio")
def studio_command() -> int:
    """Browse the tables on 127.0.0.1:5555."""
    from portal.ops.studio.run import studio

    return studio(load_settings(), echo)


@program.command("prune")
def prune_command() -> int:
    """Remove what is older than RETAIN_DAYS."""
    from portal.ops.prune import prune

    return prune(load_settings(), echo)


@program.command("backup")
@click.argument("words", nargs=-1, metavar="[verify] FILE")
@click.pass_context
def backup_command(ctx: click.Context, words: tuple[str, ...]) -> int:
    """Write a backup and its manifest, or verify one."""
    from portal.ops.backup import dump

    if not words or words[:-1] not in ((), ("verify",)):
        ctx.fail("give a FILE, or verify and a FILE")
    file = path(words[-1])
    if words[:-1]:
        return dump.verify_backup(file, echo)
    return dump.backup(load_settings(), file, echo)


@program.command("restore")
@click.argument("file", type=path)
@click.option("--replace", is_flag=True, help="replace what the database holds")
def restore_command(file: Path, replace: bool) -> int:
    """Restore a backup and compare it."""
    from portal.ops.backup.restore import restore

    return restore(load_settings(), file, replace=replace, echo=echo)
