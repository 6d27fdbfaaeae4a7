"""What all commands share: the program they belong to, their arguments, and how they work."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Coroutine
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import click

from portal import __version__

if TYPE_CHECKING:
    from portal.config.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")
Work = Coroutine[Any, Any, int | None]


class Command(click.Command):
    """A command that first rejects arguments that are almost certainly mistakes."""

    allow_extra_args = True  # they are refused here, each cut to a readable length

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        self._refuse_options_as_values(ctx, args)
        extra = super().parse_args(ctx, args)
        if extra:
            ctx.fail(f"too many words: {' '.join(word[:40] for word in extra)}")
        for value in ctx.params.values():
            for text in value if isinstance(value, tuple) else [value]:
                if isinstance(text, str) and not _is_utf_8(text):
                    ctx.fail(f"{ascii(text)[:80]} is not readable as UTF-8")
        return extra

    def _refuse_options_as_values(self, ctx: click.Context, args: list[str]) -> None:
        """`--name --email x` lacks a name. `--name=--email` has one, and so has `--name "- x"`."""
        options = (param for param in self.params if isinstance(param, click.Option))
        takes_value = {name for option in options if not option.is_flag for name in option.opts}
        end = args.index("--") if "--" in args else len(args)
        for word, following in pairwise([*args[:end], "--"]):
            if word in takes_value and re.fullmatch(r"-(?![0-9.]+$)[^ ]+", following):
                ctx.fail(f"option {word} needs a value")


class Group(click.Group):
    """Commands under one word. Without a command it fails with one line, as every command does."""

    command_class = Command
    group_class = type

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.no_args_is_help = False


def _is_utf_8(text: str) -> bool:
    """Whether an argument came as UTF-8. A path is none of these texts: it may be of any bytes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="portal %(version)s")
def program() -> None:
    """AI Training Portal"""


def whole_number(text: str) -> int:
    # int() would take the digits of other scripts, and underscores
    if not re.fullmatch("[0-9]{1,4}", text) or int(text) == 0:
        raise click.BadParameter(f"{text[:80]} is no whole number from 1 to 9999")
    return int(text)


def port_number(text: str) -> int:
    known = text.isascii() and text.isdigit() and len(text) <= 5
    if not (known and 1 <= int(text) <= 65535):
        raise click.BadParameter(f"{text[:40]} is not a port: give a number from 1 to 65535")
    return int(text)


def duration(text: str) -> float:
    """Returns seconds."""
    try:
        seconds = float(text) if text.isascii() else 0
    except ValueError:
        seconds = 0
    if not 0 < seconds <= 600:  # nor what is no number, which compares with nothing
        raise click.BadParameter(f"{text[:40]} is not a number of seconds up to 600")
    return seconds


def path(text: str) -> Path:
    if not text:  # Path would make it the current folder
        raise click.BadParameter("the path is empty")
    return Path(text)


def existing_folder(text: str) -> Path:
    folder = path(text)
    if not folder.is_dir():
        raise click.BadParameter(f"{text} is not a folder")
    return folder


def echo(line: str) -> None:
    print(line, flush=True)


def load_settings() -> Settings:
    from portal.config.settings import Settings

    return Settings.from_env()


def run_async(work: Coroutine[Any, Any, T]) -> T:
    import asyncio

    return asyncio.run(work)


def run_on_engine(work: Callable[[Settings], Work], *, direct: bool = False) -> int | None:
    """Returns what `work` does, with the tables bound to an engine of its own, closed afterwards.

    `direct` makes it an engine on the direct address.
    """
    import logging

    from portal.accounts import passwords
    from portal.db import reasons, schema, sql
    from portal.db.engine import Engine
    from portal.errors import CommandFailed, Unavailable
    from portal.tables import TABLES
    from portal.web import log

    settings = load_settings()
    log.configure(app_env=settings.app_env, log_format=settings.log_format, access_log=False)
    logging.getLogger("db/engine").setLevel(logging.CRITICAL)  # the command's only line says it
    dsn = settings.require_direct() if direct else settings.database
    assert dsn is not None
    # No request waits for this, so a statement may take long.
    engine = Engine(dsn, pool_size=2, statement_seconds=600, misfits_reported=True)
    sql.bind(engine, TABLES)

    async def run() -> int | None:
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

    return run_async(run())


def on_engine(work: Callable[Concatenate[Settings, P], Work]) -> Callable[P, int | None]:
    """Makes a command of a coroutine function that needs the settings and the tables."""

    @functools.wraps(work)
    def command(*args: P.args, **options: P.kwargs) -> int | None:
        return run_on_engine(lambda settings: work(settings, *args, **options))

    return command
