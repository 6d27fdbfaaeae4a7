"""Every `portal …` command. Imports lazily: `portal --help` must not load a web framework."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from portal import __version__

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

        count = 0
        async for difference in check():
            _say(str(difference))
            count += 1
        _say(f"{count} differences.")
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


def _rollback_count(text: str) -> str:
    if text != "all" and not (text.isdigit() and 0 < int(text) < 10_000):
        raise argparse.ArgumentTypeError(f"{text} is neither a number from 1 on nor all")
    return text


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is not a folder")
    return path


def _terminated(*_: object) -> NoReturn:
    sys.exit(128 + signal.SIGTERM)


def build_parser() -> argparse.ArgumentParser:
    """Returns the parser of all commands."""
    shipped = Path(__file__).parent / "content"
    parser = argparse.ArgumentParser(prog="portal", description="AI Training Portal")
    parser.add_argument("--version", action="version", version=f"portal {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)

    def add(
        parent: Any, name: str, run: Callable[[argparse.Namespace], int] | None, text: str
    ) -> argparse.ArgumentParser:
        sub: argparse.ArgumentParser = parent.add_parser(name, help=text, description=text)
        if run is not None:
            sub.set_defaults(run=run)
        return sub

    sub = add(commands, "dev", dev, "run everything here, with an embedded PostgreSQL")
    sub.add_argument("--port", type=int, default=3000)
    sub.add_argument("--data-dir", type=Path, default=Path(".data"))
    sub.add_argument("--reset", action="store_true", help="delete the data first")
    sub = add(commands, "test", test, "run the tests on an embedded PostgreSQL")
    sub.add_argument("pytest_args", nargs=argparse.REMAINDER)
    add(commands, "serve", serve, "serve requests (the container's command)")
    add(commands, "release", release, "migrate, then seed if SEED_DB is true")

    group = add(commands, "migrate", migrate, "bring the schema to head")
    parts = group.add_subparsers(metavar="status | rollback")
    add(parts, "status", migrate_status, "exit 1 when the schema is behind")
    sub = add(parts, "rollback", migrate_rollback, "undo the newest migrations")
    sub.add_argument("count", nargs="?", default="1", type=_rollback_count, metavar="N|all")
    sub.add_argument("--yes", action="store_true", help="drop data, too")

    add(commands, "seed", seed, "make the demo teams and accounts, once")
    parts = add(commands, "db", None, "look at the database").add_subparsers(required=True)
    add(parts, "check", db_check, "both DSNs: reachable, version, pooled or direct, schema")

    parts = add(commands, "content", None, "check or compile the course").add_subparsers(
        required=True
    )
    sub = add(parts, "check", content_check, "check the sources of a course")
    sub.add_argument("folder", nargs="?", type=_folder, default=shipped)
    sub = add(parts, "build", content_build, "compile the sources into course.json")
    sub.add_argument("folder", nargs="?", type=_folder, default=shipped)
    sub.add_argument("--out", type=Path)

    parts = add(commands, "scores", None, "check or mend all scores").add_subparsers(required=True)
    add(parts, "check", scores_check, "recompute everything and print what differs")
    add(parts, "rebuild", scores_rebuild, "mend what check finds")

    parts = add(commands, "user", None, "make people, set passwords").add_subparsers(required=True)
    sub = add(parts, "create", user_create, "make a person; the password is asked for")
    sub.add_argument("id")
    sub.add_argument("--name", required=True)
    sub.add_argument("--role", choices=("learner", "manager", "admin"), default="learner")
    sub.add_argument("--team")
    sub.add_argument("--email")
    sub.add_argument("--password-stdin", action="store_true")
    sub.add_argument("--no-password", action="store_true")
    sub = add(parts, "set-role", user_set_role, "change a role; the last admin stays one")
    sub.add_argument("id")
    sub.add_argument("role", choices=("learner", "manager", "admin"))
    sub = add(parts, "disable", user_disable, "keep a person out; nothing is deleted")
    sub.add_argument("id")
    sub = add(parts, "set-password", user_set_password, "set a password; ends open sessions")
    sub.add_argument("id")
    sub.add_argument("--password-stdin", action="store_true")

    add(commands, "healthcheck", healthcheck, "exit 0 when the service answers")
    return parser


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command. What a user can cause ends in one line on stderr and exit code 1."""
    # Before anything is imported: process 1 of a container ignores a signal without a handler, and
    # what is open (an embedded server, a migration's child) must be closed on the way out.
    signal.signal(signal.SIGTERM, _terminated)
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if arguments[:1] == ["test"]:  # everything after it is pytest's, options included
        args = argparse.Namespace(run=test, pytest_args=arguments[1:])
    else:
        args = build_parser().parse_args(arguments)
    from portal.errors import PortalError

    try:
        code = args.run(args)
    except PortalError as error:
        print(error.sentence, file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        code = 141
    sys.exit(code)
