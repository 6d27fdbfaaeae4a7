"""What each `portal …` command does. Imports happen inside: `portal --help` loads no framework."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from portal.config.settings import Settings


def _settings(*, need_database: bool = True) -> Settings:
    from portal.config.settings import Settings

    return Settings.from_env(need_database=need_database)


def _has_database() -> bool:
    """Whether a database is named at all; how it is named is the business of who uses it."""
    from portal.config.settings import SettingsError

    try:
        _settings()
    except SettingsError as error:
        return not any(line.startswith("DATABASE_URL is not set") for line in error.problems)
    return True


def _with_engine(work: Callable[[Settings], Coroutine[Any, Any, int]], *, direct: bool) -> int:
    """Run `work` with the tables bound to an engine of its own, closed afterwards."""
    import asyncio
    import logging

    from portal.accounts import passwords
    from portal.db import reasons, schema, sql
    from portal.db.engine import Engine
    from portal.errors import CommandFailed, Unavailable
    from portal.tables import TABLES
    from portal.web import log

    settings = _settings()
    log.configure(app_env=settings.app_env, log_format=settings.log_format, access_log=False)
    logging.getLogger("db/engine").setLevel(logging.CRITICAL)  # the command's only line says it
    dsn = settings.require_direct() if direct else settings.database
    assert dsn is not None
    # nobody waits at a page
    engine = Engine(dsn, pool_size=2, statement_seconds=600, misfits_reported=True)
    sql.bind(engine, TABLES)

    async def run() -> int:
        try:
            (await schema.read_status(sql.fetch_records)).require_head()
            return await work(settings)
        except Unavailable as error:
            if error.__cause__ is None:
                raise
            raise CommandFailed(f"The database cannot be used: {reasons.explain(error)}") from error
        finally:
            await engine.close_connection_pool()
            passwords.close()

    return asyncio.run(run())


def serve(_: argparse.Namespace) -> int:
    from portal.cli.server import serve as run

    return run(_settings())


def dev(args: argparse.Namespace) -> int:
    from portal.cli.dev import dev as run

    return run(port=args.port, data_dir=args.data_dir, reset=args.reset)


def test(args: argparse.Namespace) -> int:
    from portal.cli.dev import run_tests

    return run_tests(args.pytest_args)


def release(_: argparse.Namespace) -> int:
    """Migrate, make the first admin, then seed if `SEED_DB` is true."""
    from portal.accounts import demo
    from portal.errors import CommandFailed

    settings = _settings()
    if settings.seed_db and settings.demo_refused:
        raise CommandFailed(demo.REFUSED)
    code = migrate(argparse.Namespace())
    if code:
        return code

    async def rest(settings: Settings) -> int:
        from portal.serving.release import ensure_first_admin
        from portal.serving.seed import seed
        from portal.web.formats import plural

        await ensure_first_admin(settings)
        if settings.seed_db:
            _say(f"Seeded {plural(await seed(settings), 'demo account')}.")
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

    from portal.db import schema
    from portal.db.migrate import direct_connection
    from portal.web.formats import plural

    async def look() -> int:
        async with direct_connection(_settings()) as connection:
            position = await schema.migration_status(connection.fetch)
        for name in position.pending:
            _say(f"Migration {name}: pending.")
        for name in position.unknown:
            _say(f"Migration {name}: applied, but not known to this version.")
        if position.pending:
            _say(f"The schema is {plural(len(position.pending), 'migration')} behind.")
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
        from portal.serving.seed import seed as make
        from portal.web.formats import plural

        made = await make(settings)
        seeded = f"Seeded {plural(made, 'demo account')}."
        _say(seeded if made else "Everything was seeded before.")
        return 0

    return _with_engine(run, direct=False)


def db_check(_: argparse.Namespace) -> int:
    from portal.ops.doctor.db_check import db_check as run

    return run(_settings(), _say)


def db_diff(_: argparse.Namespace) -> int:
    from portal.ops.diff import diff

    return diff(_settings(), _say)


def db_grants(args: argparse.Namespace) -> int:
    from portal.ops.grants import grants

    return grants(_settings(), args.role, apply=args.apply, say=_say)


def db_service(args: argparse.Namespace) -> int:
    from portal.ops.service import service

    return service(_settings(), args.folder, _say)


def studio(_: argparse.Namespace) -> int:
    from portal.ops.studio.run import studio as run

    return run(_settings(), _say)


def prune(_: argparse.Namespace) -> int:
    from portal.ops.prune import prune as run

    return run(_settings(), _say)


def backup(args: argparse.Namespace) -> int:
    """Write a backup, or with the word `verify` look whether one can be relied on."""
    from portal.ops.backup import dump as copies

    if args.verify:
        return copies.verify_backup(args.file, _say)
    return copies.backup(_settings(), args.file, _say)


def restore(args: argparse.Namespace) -> int:
    from portal.ops.backup.restore import restore as run

    return run(_settings(), args.file, replace=args.replace, say=_say)


def doctor(_: argparse.Namespace) -> int:
    """Reads the settings itself: a broken one is a finding, not an end."""
    from portal.ops.doctor.run import doctor as run

    return run(_say)


def content_check(args: argparse.Namespace) -> int:
    from portal.authoring.compiler import inspect
    from portal.web.formats import plural

    findings = inspect(args.folder)
    for finding in findings:
        print(finding.line, file=sys.stderr)
    faults = sum(finding.is_fault for finding in findings)
    to_do = sum(finding.to_do for finding in findings)
    notes = sum(finding.note for finding in findings)
    found = plural(faults, "finding") if faults else "The course has no findings"
    rest = [f"{to_do} to do"] * bool(to_do) + [f"{notes} left out"] * bool(notes)
    _say(", ".join((found, *rest)) + ".")
    return 1 if faults else 0


def content_build(args: argparse.Namespace) -> int:
    from portal.authoring.compiler import build

    out = args.out or args.folder / "course.json"
    build(args.folder, out)
    _say(f"Wrote {out}.")
    return 0


def content_plan(args: argparse.Namespace) -> int:
    """What a change touches; with a database also whom."""
    import asyncio

    from portal.authoring.changes.impact import changes_between, report

    changes = changes_between(args.old, args.new)
    if not _has_database():
        return asyncio.run(report(changes, _say, reach=False))
    return _with_engine(lambda _: report(changes, _say, reach=True), direct=False)


def content_schema(args: argparse.Namespace) -> int:
    import json

    from portal.authoring.schema import schema

    _say(json.dumps(schema(args.file), indent=2))
    return 0


def content_new(args: argparse.Namespace) -> int:
    from portal.authoring.scaffold.drafts import new

    for path in new(args.folder, step=args.step, title=args.title):
        _say(f"Wrote {path}.")
    _say(f"portal content check {args.folder} lists what is still to be written.")
    return 0


def content_import(args: argparse.Namespace) -> int:
    from portal.authoring.importing.files import import_file

    return import_file(args.file, args.out, _say)


def content_links(args: argparse.Namespace) -> int:
    """Ask the providers which videos may be shown here, and keep the answers."""

    async def run(settings: Settings) -> int:
        from portal.authoring.loading import course_in
        from portal.authoring.oembed import check_links

        course = course_in(args.folder or settings.content_dir)
        site = str(settings.public_url) if settings.public_url else None
        return await check_links(course, _say, args.endpoint, site=site, seconds=args.timeout)

    return _with_engine(run, direct=False)


def scores_check(_: argparse.Namespace) -> int:
    async def run(_: Settings) -> int:
        from portal.quiz.regrade import check_scores
        from portal.web.formats import plural

        count = 0
        async for difference in check_scores():
            _say(str(difference))
            count += 1
        _say(f"{plural(count, 'difference')}.")
        return 1 if count else 0

    return _with_engine(run, direct=False)


def scores_rebuild(_: argparse.Namespace) -> int:
    async def run(_: Settings) -> int:
        from portal.quiz.regrade import rebuild
        from portal.web.formats import plural

        _say(f"Mended the scores of {plural(await rebuild(), 'person', 'people')}.")
        return 0

    return _with_engine(run, direct=False)


def healthcheck(_: argparse.Namespace) -> int:
    """Exit 0 when `/api/health` answers 200. Reads HOST and PORT only."""
    from portal.serving.healthcheck import healthcheck as run

    return run()


def _say(line: str) -> None:
    print(line, flush=True)
