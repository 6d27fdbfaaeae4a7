"""The command line: every `portal …` command, its options, and how it ends."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from portal.cli import content, database, mail, people, serving
from portal.cli.base import program
from portal.errors import PortalError

__all__ = ["content", "database", "mail", "main", "people", "program", "serving"]

MISSING = "Build the image again, or install again from locks/runtime.txt."


def _usage_line(error: click.UsageError) -> str:
    """Returns in one line what was wrong with the command. An unknown option is named without its
    value, which may be a password."""
    command = error.ctx.command_path if error.ctx else "portal"
    match error:
        case click.NoSuchOption():
            problem = f"there is no option {error.option_name} here"
        case click.MissingParameter(param=click.Parameter() as param):
            problem = f"{_argument_name(param)} is missing"
        case click.BadParameter(param=click.Parameter() as param):
            problem = f"argument {_argument_name(param)}: {error.message}"
        case _:
            problem = error.message[:1].lower() + error.message[1:]
    return f"{command}: {problem.removesuffix('.')}. {command} --help explains it."


def _argument_name(param: click.Parameter) -> str:
    return (
        param.opts[-1] if isinstance(param, click.Option) else param.human_readable_name.strip("[]")
    )


def _tell(command: str, error: Exception) -> None:
    """Report an unexpected error that ended a command. Where in the code it happened is for
    developers, and for whoever reads the log of a server."""
    is_server = command in ("serve", "dev")
    if isinstance(error, OSError) and error.strerror and not is_server:
        subject = f"portal {command} failed"
        if isinstance(error.filename, str):
            subject = f"{error.filename} cannot be used"
        print(f"{subject}: {error.strerror}.", file=sys.stderr)
    elif is_server or os.environ.get("APP_ENV", "").strip().lower() == "development":
        import logging

        from portal.web import log

        if not logging.getLogger().handlers:  # it ended before it knew its settings
            log.configure(app_env="production", log_format="text", access_log=False)
        log.tell_end(error, "serve/stop" if is_server else f"portal/{command}")
    else:
        print(
            f"portal {command} failed by a mistake in the portal. Please report it with the line"
            " that the same command prints under APP_ENV=development.",
            file=sys.stderr,
        )


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command. Whatever ends it does so in one line on stderr and exit code 1; only what
    is wrong with the command itself has exit code 2."""
    # A path that is not UTF-8 must not end what has been done already when it is told.
    for stream, errors in ((sys.stdin, "surrogateescape"), (sys.stdout, "backslashreplace")):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors=errors)
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        # not program.main(), which has other exit codes for signals and broken pipes
        with program.make_context("portal", arguments[:]) as context:
            code = program.invoke(context) or 0
    except click.exceptions.Exit as end:
        code = end.exit_code
    except click.UsageError as error:
        print(_usage_line(error), file=sys.stderr)
        code = 2
    except PortalError as error:
        print(error.sentence, file=sys.stderr)
        code = 1
    except ModuleNotFoundError as error:
        print(
            f"The module {error.name} is missing from this installation. {MISSING}", file=sys.stderr
        )
        code = 1
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        code = 141
    except Exception as error:  # noqa: BLE001 - a mistake of ours is a sentence too
        _tell(arguments[0] if arguments else "", error)
        code = 1
    sys.exit(code)
