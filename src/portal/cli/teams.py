"""What each `portal team …` command does."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from portal.cli.commands import _say, _with_engine

if TYPE_CHECKING:
    from portal.config.settings import Settings


def team_list(_: argparse.Namespace) -> int:
    """One line per team: id, track, members, working days and name."""

    async def run(_: Settings) -> int:
        from portal.people.queries import teams
        from portal.scoring.rules import MONDAY_TO_FRIDAY, days_in_words
        from portal.web.formats import plural

        rows = await teams()
        for team in rows:
            days = days_in_words(frozenset(team.working_days or MONDAY_TO_FRIDAY))
            _say(f"{team.id}  {team.track}  {plural(team.members, 'member')}  {days}  {team.name}")
        if not rows:
            _say("There is no team yet: portal team create makes one.")
        return 0

    return _with_engine(run, direct=False)


def team_create(args: argparse.Namespace) -> int:
    async def run(_: Settings) -> int:
        from portal.accounts.rules import NewTeam
        from portal.people.actions import create_team

        await create_team(NewTeam(args.id, args.name, args.track))
        _say(f"Created team {args.id} on the {args.track} track.")
        return 0

    return _with_engine(run, direct=False)


def team_set_track(args: argparse.Namespace) -> int:
    async def run(_: Settings) -> int:
        from portal.people.actions import set_track

        await set_track(args.id, args.track)
        _say(f"Team {args.id} is now on the {args.track} track; ranks have followed.")
        return 0

    return _with_engine(run, direct=False)


def team_set_days(args: argparse.Namespace) -> int:
    async def run(_: Settings) -> int:
        from portal.people.actions import set_working_days
        from portal.scoring.rules import days_in_words, days_named

        days = days_named(args.days)
        await set_working_days(args.id, days)
        _say(f"Team {args.id} now works {days_in_words(days)}; streaks have followed.")
        return 0

    return _with_engine(run, direct=False)


def team_delete(args: argparse.Namespace) -> int:
    async def run(_: Settings) -> int:
        from portal.people.actions import delete_team

        await delete_team(args.id)
        _say(f"Deleted team {args.id}.")
        return 0

    return _with_engine(run, direct=False)
