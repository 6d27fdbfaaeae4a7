"""What each `portal user …` command does."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from portal.cli.commands import _say, _with_engine

if TYPE_CHECKING:
    from portal.config.settings import Settings

NO_PASSWORD = "No password came. Give it on standard input, as the first line."  # noqa: S105


def user_list(args: argparse.Namespace) -> int:
    """One line per person: id, role, team, state, last sign-in and name."""

    async def run(_: Settings) -> int:
        from portal.people.queries import people

        rows = await people(args.team)
        for row in rows:
            seen = f"{row.signed_in_at:%Y-%m-%d %H:%M} UTC" if row.signed_in_at else "no sign-in"
            team = row.team or "no team"
            _say(f"{row.id}  {row.role}  {team}  {row.state}  {seen}  {row.name}")
        if not rows and args.team is None:
            _say("There is nobody yet: portal user create makes a person.")
        elif not rows:
            _say(f"Nobody is on team {args.team}: portal user set-team ID {args.team} moves one.")
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
                email=args.email,
                password=password,
            )
        )
        _say(f"Created {args.role} {args.id}.")
        return 0

    return _with_engine(run, direct=False)


def user_set_password(args: argparse.Namespace) -> int:
    async def run(_: Settings) -> int:
        from portal.accounts.actions import set_password

        usable = await set_password(args.id, _read_password(args.password_stdin))
        still = f" {args.id} is still disabled: portal user enable {args.id} lets them in."
        _say(f"{args.id} has a new password; open sessions were ended.{'' if usable else still}")
        return 0

    return _with_engine(run, direct=False)


def user_set_role(args: argparse.Namespace) -> int:
    async def run(_: Settings) -> int:
        from portal.people.actions import set_role

        await set_role(args.id, args.role)
        _say(f"{args.id} is now {args.role}; open sessions were ended.")
        return 0

    return _with_engine(run, direct=False)


def user_set_team(args: argparse.Namespace) -> int:
    """Put a person on another team, or with `--none` on no team."""

    async def run(_: Settings) -> int:
        from portal.people.actions import move_to_team

        await move_to_team(args.id, args.team)
        where = "on no team" if args.team is None else f"on team {args.team}"
        _say(f"{args.id} is now {where}; ranks have followed.")
        return 0

    return _with_engine(run, direct=False)


def user_disable(args: argparse.Namespace) -> int:
    async def run(_: Settings) -> int:
        from portal.people.actions import disable

        await disable(args.id)
        _say(f"{args.id} is disabled; open sessions were ended.")
        return 0

    return _with_engine(run, direct=False)


def user_enable(args: argparse.Namespace) -> int:
    async def run(_: Settings) -> int:
        from portal.people.actions import enable

        await enable(args.id)
        _say(f"{args.id} is enabled; signing in and ranks are as before.")
        return 0

    return _with_engine(run, direct=False)


def user_erase(args: argparse.Namespace) -> int:
    """Forget who a person is; without `--yes` only say what that means."""
    from portal.errors import CommandFailed

    if not args.yes:
        raise CommandFailed(
            f"This forgets for good who {args.id} is (id, name, e-mail address, password, sign-ins,"
            " ticked-off practice) and keeps their answers without a name: add --yes to do it."
        )

    async def run(_: Settings) -> int:
        from portal.people.actions import erase

        await erase(args.id)
        _say(f"{args.id} is erased; their answers stay, without a name.")
        return 0

    return _with_engine(run, direct=False)


def _read_password(from_stdin: bool) -> str:
    """Never from an argument: those are seen by every process of the machine."""
    import getpass

    from portal.errors import CommandFailed

    try:
        if from_stdin or not sys.stdin.isatty():
            password = sys.stdin.readline().rstrip("\r\n")
        else:
            password = getpass.getpass("Password: ")
    except EOFError:
        password = ""
    except UnicodeDecodeError:
        raise CommandFailed("This password has a character that cannot be used.") from None
    if not password:
        raise CommandFailed(NO_PASSWORD)
    return password
