"""The command line: every `portal …` command, its options, and how it ends."""

from __future__ import annotations

import argparse
import io
import os
import re
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from portal import __version__
from portal.cli import commands, teams, users

MISSING = "Build the image again, or install again from locks/runtime.txt."
SHIPPED_COURSE = Path(__file__).parent.parent / "content"


class _Parser(argparse.ArgumentParser):
    """Says in one line what was wrong with the command, as everything else here does."""

    def __init__(self, **options: Any) -> None:
        # The beginning of an option is not that option: `--password` must not be taken for
        # `--password-stdin`, nor an option of today for one that comes later.
        super().__init__(**options, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}. {self.prog} --help explains it.\n")


def _whole(text: str) -> int:
    # int() would take the digits of other scripts, and underscores
    if not re.fullmatch("[0-9]{1,4}", text) or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text[:80]} is no whole number from 1 to 9999")
    return int(text)


def _rollback_count(text: str) -> str:
    if text != "all" and not re.fullmatch("0{0,3}[1-9][0-9]{0,3}", text):
        raise argparse.ArgumentTypeError(f"{text[:80]} is neither a number from 1 on nor all")
    return text


def _port(text: str) -> int:
    known = text.isascii() and text.isdigit() and len(text) <= 5
    if not (known and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(
            f"{text[:40]} is not a port: give a number from 1 to 65535"
        )
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text) if text.isascii() else 0
    except ValueError:
        seconds = 0
    if not 0 < seconds <= 600:  # nor what is no number, which compares with nothing
        raise argparse.ArgumentTypeError(f"{text[:40]} is not a number of seconds up to 600")
    return seconds


def _role(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("the name is empty")
    return text


def _path(text: str) -> Path:
    if not text:  # Path would make it the current folder
        raise argparse.ArgumentTypeError("the path is empty")
    return Path(text)


def _folder(text: str) -> Path:
    path = _path(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is not a folder")
    return path


def _terminated(*_: object) -> NoReturn:
    sys.exit(128 + signal.SIGTERM)


def _add(
    parent: Any, name: str, run: Callable[[argparse.Namespace], int] | None, text: str
) -> argparse.ArgumentParser:
    sub: argparse.ArgumentParser = parent.add_parser(name, help=text, description=text)
    if run is not None:
        sub.set_defaults(run=run)
    return sub


def build_parser() -> argparse.ArgumentParser:
    """Returns the parser of all commands."""
    parser = _Parser(prog="portal", description="AI Training Portal")
    parser.add_argument("--version", action="version", version=f"portal {__version__}")
    top = parser.add_subparsers(dest="command", metavar="command", required=True)
    _add_running(top)
    _add_database(top)
    _add_copies(top)
    _add_course(top)
    _add_people(top)
    _add_teams(top)
    return parser


def _add_running(top: Any) -> None:
    sub = _add(top, "dev", commands.dev, "run everything here, with an embedded PostgreSQL")
    sub.add_argument("--port", type=_port, default=3000, help="1 to 65535; 3000 without it")
    sub.add_argument("--data-dir", type=_path, default=Path(".data"))
    sub.add_argument("--reset", action="store_true", help="delete the data first")
    sub = _add(top, "test", commands.test, "run the tests on an embedded PostgreSQL")
    sub.add_argument("pytest_args", nargs=argparse.REMAINDER)
    _add(top, "serve", commands.serve, "serve requests (the container's command)")
    _add(top, "release", commands.release, "migrate, then seed if SEED_DB is true")
    _add(top, "healthcheck", commands.healthcheck, "exit 0 when the service answers")
    _add(top, "doctor", commands.doctor, "look at everything: what is wrong, and what mends it")


def _add_database(top: Any) -> None:
    group = _add(top, "migrate", commands.migrate, "bring the schema to head")
    parts = group.add_subparsers(metavar="status | rollback")
    _add(parts, "status", commands.migrate_status, "exit 1 when the schema is behind")
    sub = _add(parts, "rollback", commands.migrate_rollback, "undo the newest migrations")
    sub.add_argument("count", nargs="?", default="1", type=_rollback_count, metavar="N|all")
    sub.add_argument("--yes", action="store_true", help="drop data, too")
    _add(top, "seed", commands.seed, "make the demo teams and accounts, once")
    parts = _add(top, "db", None, "look at the database").add_subparsers(required=True)
    _add(
        parts, "check", commands.db_check, "both DSNs: reachable, version, pooled or direct, schema"
    )
    _add(parts, "diff", commands.db_diff, "the live schema against what the migrations make")
    sub = _add(parts, "grants", commands.db_grants, "print what a role needs that serves")
    sub.add_argument(
        "role", nargs="?", type=_role, help="without it: what is taken from all other roles"
    )
    sub.add_argument("--apply", action="store_true", help="run the statements, too")
    sub = _add(parts, "service", commands.db_service, "write the direct address for pg_dump")
    sub.add_argument("folder", type=_path, help="gets pg_service.conf and pgpass")
    _add(top, "studio", commands.studio, "browse the tables on 127.0.0.1:5555")
    _add(top, "prune", commands.prune, "remove what is older than RETAIN_DAYS")


def _add_copies(top: Any) -> None:
    sub = _add(top, "backup", commands.backup, "write a backup and its manifest")
    sub.add_argument("verify", nargs="?", choices=["verify"], help="check a backup instead")
    sub.add_argument("file", type=_path)
    sub = _add(top, "restore", commands.restore, "restore a backup and compare it")
    sub.add_argument("file", type=_path)
    sub.add_argument("--replace", action="store_true", help="replace what the database holds")


def _add_course(top: Any) -> None:
    parts = _add(top, "content", None, "check, compile and make courses").add_subparsers(
        required=True
    )
    sub = _add(parts, "check", commands.content_check, "check the sources of a course")
    sub.add_argument("folder", nargs="?", type=_folder, default=SHIPPED_COURSE)
    sub = _add(parts, "build", commands.content_build, "compile the sources into course.json")
    sub.add_argument("folder", nargs="?", type=_folder, default=SHIPPED_COURSE)
    sub.add_argument("--out", type=_path)
    sub = _add(
        parts, "plan", commands.content_plan, "what a change of the course touches, and whom"
    )
    sub.add_argument("old", type=_path, help="a folder, or a course.json")
    sub.add_argument("new", type=_path)
    sub = _add(parts, "schema", commands.content_schema, "print the JSON Schema of course files")
    sub.add_argument("file", nargs="?", choices=("course", "step", "video"))
    sub = _add(parts, "new", commands.content_new, "begin a course, or the next step of one")
    sub.add_argument("folder", type=_path)
    sub.add_argument("--step", type=_whole)
    sub.add_argument("--title")
    sub = _add(parts, "import", commands.content_import, "course files from GIFT or JSON")
    sub.add_argument("file", type=_path)
    sub.add_argument("--out", type=_path, required=True, metavar="FOLDER")
    sub = _add(parts, "links", commands.content_links, "ask which videos may be shown here")
    sub.add_argument("folder", nargs="?", type=_folder)
    sub.add_argument("--timeout", type=_seconds, default=10, metavar="SECONDS")
    sub.add_argument("--endpoint", action="append", default=[], help=argparse.SUPPRESS)
    parts = _add(top, "scores", None, "check or mend all scores").add_subparsers(required=True)
    _add(parts, "check", commands.scores_check, "recompute everything and print what differs")
    _add(parts, "rebuild", commands.scores_rebuild, "mend what check finds")


def _add_people(top: Any) -> None:
    roles = ("learner", "manager", "admin")
    parts = _add(top, "user", None, "make people, let them in, keep them out").add_subparsers(
        required=True
    )
    sub = _add(parts, "list", users.user_list, "one line per person")
    sub.add_argument("--team", help="only the members of this team")
    sub = _add(parts, "create", users.user_create, "make a person; the password is asked for")
    sub.add_argument("id")
    sub.add_argument("--name", required=True)
    sub.add_argument("--role", choices=roles, default="learner")
    sub.add_argument("--team")
    sub.add_argument("--email")
    sub.add_argument("--password-stdin", action="store_true")
    sub.add_argument("--no-password", action="store_true")
    sub = _add(parts, "set-role", users.user_set_role, "change a role; ends open sessions")
    sub.add_argument("id")
    sub.add_argument("role", choices=roles)
    sub = _add(parts, "set-team", users.user_set_team, "another team, and with it its track")
    sub.add_argument("id")
    choice = sub.add_mutually_exclusive_group(required=True)
    choice.add_argument("team", nargs="?")
    choice.add_argument("--none", action="store_true", help="take the person off their team")
    sub = _add(parts, "disable", users.user_disable, "keep a person out; nothing is deleted")
    sub.add_argument("id")
    sub = _add(parts, "enable", users.user_enable, "let a disabled person in again")
    sub.add_argument("id")
    sub = _add(parts, "erase", users.user_erase, "forget who a person is, for good")
    sub.add_argument("id")
    sub.add_argument("--yes", action="store_true", help="do it")
    sub = _add(parts, "set-password", users.user_set_password, "set a password; ends sessions")
    sub.add_argument("id")
    sub.add_argument("--password-stdin", action="store_true")


def _add_teams(top: Any) -> None:
    tracks = ("dev", "business")
    parts = _add(top, "team", None, "make teams, set their working days").add_subparsers(
        required=True
    )
    _add(parts, "list", teams.team_list, "one line per team")
    sub = _add(parts, "create", teams.team_create, "make a team")
    sub.add_argument("id")
    sub.add_argument("--name", required=True)
    sub.add_argument("--track", choices=tracks, required=True)
    sub = _add(parts, "set-track", teams.team_set_track, "another track for all members")
    sub.add_argument("id")
    sub.add_argument("track", choices=tracks)
    sub = _add(parts, "set-days", teams.team_set_days, "on which days streaks count")
    sub.add_argument("id")
    sub.add_argument("days", help="such as mon,wed,fri or sun-thu or mon-wed,sat")
    sub = _add(parts, "delete", teams.team_delete, "delete a team without members")
    sub.add_argument("id")


def _parse(words: Sequence[str]) -> argparse.Namespace:
    """Returns what the words say. What is unknown is named without its value, which may be a
    password; ends the process with exit code 2 then."""
    parser = build_parser()
    args, unknown = parser.parse_known_args(words)
    options = [word.partition("=")[0] for word in unknown if word.startswith("--")]
    if options:
        parser.error(f"there is no option {' or '.join(options)} here")
    if unknown:
        parser.error(f"too many words: {' '.join(word[:40] for word in unknown)}")
    for value in vars(args).values():
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and not _is_readable(text):
                parser.error(f"{ascii(text)[:80]} is not readable as UTF-8")
    return args


def _is_readable(text: str) -> bool:
    """Whether an argument came as UTF-8. A path is none of these texts: it may be of any bytes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _tell(command: str, error: Exception) -> None:
    """Say that something ended a command that nobody had expected. Where in the code it did so is
    for developers, and for who reads the log of a server."""
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
    # Before anything is imported: process 1 of a container ignores a signal without a handler, and
    # what is open (an embedded server, a migration's child) must be closed on the way out.
    signal.signal(signal.SIGTERM, _terminated)
    # A path that is not UTF-8 must not end what has been done already when it is told.
    for stream, errors in ((sys.stdin, "surrogateescape"), (sys.stdout, "backslashreplace")):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors=errors)
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    from portal.errors import PortalError

    try:
        if arguments[:1] == ["test"]:  # everything after it is pytest's, options included
            args = argparse.Namespace(run=commands.test, pytest_args=arguments[1:])
        else:
            args = _parse(arguments)
        code = args.run(args)
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
    except Exception as error:
        _tell(arguments[0] if arguments else "", error)
        code = 1
    sys.exit(code)
