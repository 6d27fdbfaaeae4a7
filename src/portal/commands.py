"""What each `portal …` command does. Imports happen inside: `portal --help` loads no framework."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from portal.config import Settings


def _settings(*, need_database: bool = True) -> Settings:
    from portal.config import Settings

    return Settings.from_env(need_database=need_database)


def _with_engine(work: Callable[[Settings], Coroutine[Any, Any, int]], *, direct: bool) -> int:
    """Run `work` with the tables bound to an engine of its own, closed afterwards."""
    import asyncio

    from portal.accounts import passwords
    from portal.db import schema, sql
    from portal.db.engine import Engine
    from portal.db.migrate import direct_dsn
    from portal.errors import CommandFailed
    from portal.tables import TABLES
    from portal.web import log

    settings = _settings()
    log.configure(app_env=settings.app_env, log_format=settings.log_format, access_log=False)
    dsn = direct_dsn(settings) if direct else settings.database
    assert dsn is not None
    engine = Engine(dsn, pool_size=2)
    sql.bind(engine, TABLES)

    async def run() -> int:
        try:
            if (await schema.standing()).pending:
                raise CommandFailed("The schema is behind: run portal migrate first.")
            return await work(settings)
        finally:
            await engine.close_connection_pool()
            passwords.close()

    return asyncio.run(run())


def serve(_: argparse.Namespace) -> int:
    from portal.serve import serve as run

    return run(_settings())


def dev(args: argparse.Namespace) -> int:
    from portal.dev import dev as run

    return run(port=args.port, data_dir=args.data_dir, reset=args.reset)


def test(args: argparse.Namespace) -> int:
    from portal.dev import run_tests

    return run_tests(args.pytest_args)


def release(_: argparse.Namespace) -> int:
    """Migrate, make the first admin, then seed if `SEED_DB` is true."""
    from portal.errors import CommandFailed
    from portal.ops.seed import REFUSED

    settings = _settings()
    if settings.seed_db and settings.demo_refused:
        raise CommandFailed(REFUSED)
    code = migrate(argparse.Namespace())
    if code:
        return code

    async def rest(settings: Settings) -> int:
        from portal.ops.release import ensure_first_admin
        from portal.ops.seed import seed

        await ensure_first_admin(settings)
        if settings.seed_db:
            _say(f"Seeded {await seed(settings)} demo accounts.")
        return 0

    return _with_engine(rest, direct=True)


def migrate(_: argparse.Namespace) -> int:
    import asyncio

    from portal.db.migrate import forwards

    applied = asyncio.run(forwards(_settings()))
    for name in applied:
        _say(f"Migration {name}: applied.")
    if not applied:
        _say("The schema is at head.")
    return 0


def migrate_status(_: argparse.Namespace) -> int:
    import asyncio

    from portal.db.migrate import direct_connection, standing

    async def look() -> int:
        async with direct_connection(_settings()) as connection:
            position = await standing(connection)
        for name in position.pending:
            _say(f"Migration {name}: pending.")
        for name in position.unknown:
            _say(f"Migration {name}: applied, but not known to this version.")
        if position.pending:
            _say(f"The schema is {len(position.pending)} migrations behind.")
            return 1
        _say("The schema is newer than this version." if position.unknown else "At head.")
        return 0

    return asyncio.run(look())


def migrate_rollback(args: argparse.Namespace) -> int:
    import asyncio

    from portal.db.migrate import backwards

    count = None if args.count == "all" else int(args.count)
    undone = asyncio.run(backwards(_settings(), count, agreed=args.yes))
    for name in undone:
        _say(f"Migration {name}: rolled back.")
    if not undone:
        _say("There is nothing to roll back.")
    return 0


def seed(_: argparse.Namespace) -> int:
    async def run(settings: Settings) -> int:
        from portal.ops.seed import seed as make

        made = await make(settings)
        _say(f"Seeded {made} demo accounts." if made else "Everything was seeded before.")
        return 0

    return _with_engine(run, direct=False)


def db_check(_: argparse.Namespace) -> int:
    from portal.ops.check import check

    return check(_settings(), _say)


def content_check(args: argparse.Namespace) -> int:
    from portal.learning.authoring import check

    findings = check(args.folder)
    for finding in findings:
        print(finding, file=sys.stderr)
    _say(f"{len(findings)} findings." if findings else "The course has no findings.")
    return 1 if findings else 0


def content_build(args: argparse.Namespace) -> int:
    from portal.learning.authoring import build

    out = args.out or args.folder / "course.json"
    build(args.folder, out)
    _say(f"Wrote {out}.")
    return 0


def scores_check(_: argparse.Namespace) -> int:
    async def run(_: Settings) -> int:
        from portal.quiz.recompute import check
        from portal.web.formats import plural

        count = 0
        async for difference in check():
            _say(str(difference))
            count += 1
        _say(f"{plural(count, 'difference')}.")
        return 1 if count else 0

    return _with_engine(run, direct=False)


def scores_rebuild(_: argparse.Namespace) -> int:
    async def run(_: Settings) -> int:
        from portal.quiz.recompute import rebuild

        _say(f"Mended the scores of {await rebuild()} people.")
        return 0

    return _with_engine(run, direct=False)


def user_create(args: argparse.Namespace) -> int:
    async def run(_: Settings) -> int:
        from portal.accounts.actions import create_user
        from portal.accounts.rules import NewUser

        password = None if args.no_password else _read_password(args.password_stdin)
        await create_user(
            NewUser(
                external_id=args.id,
                name=args.name,
                role=args.role,
                team=args.team,
                email=args.email.lower() if args.email else None,
                password=password,
            )
        )
        _say(f"Created {args.role} {args.id}.")
        return 0

    return _with_engine(run, direct=False)


def user_set_password(args: argparse.Namespace) -> int:
    async def run(_: Settings) -> int:
        from portal.accounts.actions import set_password

        await set_password(args.id, _read_password(args.password_stdin))
        _say(f"{args.id} has a new password; open sessions were ended.")
        return 0

    return _with_engine(run, direct=False)


def user_set_role(args: argparse.Namespace) -> int:
    async def run(_: Settings) -> int:
        from portal.admin.actions import set_role

        await set_role(args.id, args.role)
        _say(f"{args.id} is now {args.role}; open sessions were ended.")
        return 0

    return _with_engine(run, direct=False)


def user_disable(args: argparse.Namespace) -> int:
    async def run(_: Settings) -> int:
        from portal.admin.actions import disable

        await disable(args.id)
        _say(f"{args.id} is disabled; open sessions were ended.")
        return 0

    return _with_engine(run, direct=False)


def _read_password(from_stdin: bool) -> str:
    """Never from an argument: those are seen by every process of the machine."""
    import getpass

    if from_stdin or not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return getpass.getpass("Password: ")


def healthcheck(_: argparse.Namespace) -> int:
    """Exit 0 when `/api/health` answers 200. Reads HOST and PORT only."""
    from portal.ops.healthcheck import healthcheck as run

    return run()


def _say(line: str) -> None:
    print(line, flush=True)
