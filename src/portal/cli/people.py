"""The commands for people and their teams."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from portal.cli.base import echo, on_engine, program, run_on_engine

if TYPE_CHECKING:
    from portal.config.settings import Settings

ROLE = click.Choice(["learner", "manager", "admin"])
TRACK = click.Choice(["dev", "business"])
NO_PASSWORD = "No password came. Give it on standard input, as the first line."  # noqa: S105

the_user = click.argument("external_id", metavar="ID")
the_team = click.argument("team_id", metavar="ID")


@program.group("user")
def user_group() -> None:
    """Make people, let them in, keep them out."""


@user_group.command("list")
@click.option("--team", help="only the members of this team")
@on_engine
async def user_list(_: Settings, team: str | None) -> None:
    """One line per person.

    Each has id, role, team, state, last sign-in and name.
    """
    from portal.people import queries

    rows = await queries.people(team)
    for row in rows:
        seen = f"{row.signed_in_at:%Y-%m-%d %H:%M} UTC" if row.signed_in_at else "no sign-in"
        echo(f"{row.id}  {row.role}  {row.team or 'no team'}  {row.state}  {seen}  {row.name}")
    if not rows and team is None:
        echo("There is nobody yet: portal user create makes a person.")
    elif not rows:
        echo(f"Nobody is on team {team}: portal user set-team ID {team} moves one.")


@user_group.command("create")
@the_user
@click.option("--name", required=True)
@click.option("--role", type=ROLE, default="learner")
@click.option("--team")
@click.option("--email")
@click.option("--password-stdin", is_flag=True)
@click.option("--no-password", is_flag=True)
@on_engine
async def user_create(
    _: Settings, /, password_stdin: bool, no_password: bool, **person: Any
) -> None:
    """Make a person; the password is asked for."""
    from portal.accounts.actions import create_user
    from portal.accounts.rules import NewUser

    password = None if no_password else _read_password(password_stdin)
    await create_user(NewUser(**person, password=password))
    echo(f"Created {person['role']} {person['external_id']}.")


@user_group.command("set-role")
@the_user
@click.argument("role", type=ROLE)
@on_engine
async def user_set_role(_: Settings, external_id: str, role: str) -> None:
    """Change a role; ends open sessions."""
    from portal.people import actions

    await actions.set_role(external_id, role)
    echo(f"{external_id} is now {role}; open sessions were ended.")


@user_group.command("set-team")
@the_user
@click.argument("team", required=False)
@click.option("--none", "no_team", is_flag=True, help="take the person off their team")
@click.pass_context
def user_set_team(
    ctx: click.Context, external_id: str, team: str | None, no_team: bool
) -> int | None:
    """Another team, and with it its track."""
    if (team is None) is not no_team:
        ctx.fail("give either a team or --none")

    async def move(_: Settings) -> None:
        from portal.people import actions

        await actions.move_to_team(external_id, team)
        where = "on no team" if team is None else f"on team {team}"
        echo(f"{external_id} is now {where}; ranks have followed.")

    return run_on_engine(move)


@user_group.command("disable")
@the_user
@on_engine
async def user_disable(_: Settings, external_id: str) -> None:
    """Keep a person out; nothing is deleted."""
    from portal.people import actions

    await actions.disable(external_id)
    echo(f"{external_id} is disabled; open sessions were ended.")


@user_group.command("enable")
@the_user
@on_engine
async def user_enable(_: Settings, external_id: str) -> None:
    """Let a disabled person in again."""
    from portal.people import actions

    await actions.enable(external_id)
    echo(f"{external_id} is enabled; signing in and ranks are as before.")


@user_group.command("erase")
@the_user
@click.option("--yes", is_flag=True, help="do it")
def user_erase(external_id: str, yes: bool) -> int | None:
    """Forget who a person is, for good. Without --yes only say what that means."""
    from portal.errors import CommandFailed

    if not yes:
        raise CommandFailed(
            f"This forgets for good who {external_id} is (id, name, e-mail address, password,"
            " sign-ins, ticked-off practice) and keeps their answers without a name:"
            " add --yes to do it."
        )

    async def erase(_: Settings) -> None:
        from portal.people import actions

        await actions.erase(external_id)
        echo(f"{external_id} is erased; their answers stay, without a name.")

    return run_on_engine(erase)


@user_group.command("set-password")
@the_user
@click.option("--password-stdin", is_flag=True)
@on_engine
async def user_set_password(_: Settings, external_id: str, password_stdin: bool) -> None:
    """Set a password; ends sessions."""
    from portal.accounts.actions import set_password

    usable = await set_password(external_id, _read_password(password_stdin))
    still = f" {external_id} is still disabled: portal user enable {external_id} lets them in."
    echo(f"{external_id} has a new password; open sessions were ended.{'' if usable else still}")


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


@program.group("team")
def team_group() -> None:
    """Make teams, set their working days and who leads them."""


@team_group.command("list")
@on_engine
async def team_list(_: Settings) -> None:
    """One line per team.

    Each has id, track, members, working days, who leads it, and name.
    """
    from portal.people.queries import teams
    from portal.scoring.rules import MONDAY_TO_FRIDAY, days_in_words
    from portal.web.formats import plural

    rows = await teams()
    for team in rows:
        days = days_in_words(frozenset(team.working_days or MONDAY_TO_FRIDAY))
        leaders = [*team.leaders, *(f"{deputy} (deputy)" for deputy in team.deputies)]
        led = f"led by {', '.join(leaders) or 'nobody'}"
        members = plural(team.members, "member")
        echo(f"{team.id}  {team.track}  {members}  {days}  {led}  {team.name}")
    if not rows:
        echo("There is no team yet: portal team create makes one.")


@team_group.command("create")
@the_team
@click.option("--name", required=True)
@click.option("--track", type=TRACK, required=True)
@on_engine
async def team_create(_: Settings, team_id: str, name: str, track: str) -> None:
    """Make a team."""
    from portal.accounts.rules import NewTeam
    from portal.people.actions import create_team

    await create_team(NewTeam(team_id, name, track))
    echo(f"Created team {team_id} on the {track} track.")


@team_group.command("set-track")
@the_team
@click.argument("track", type=TRACK)
@on_engine
async def team_set_track(_: Settings, team_id: str, track: str) -> None:
    """Another track for all members."""
    from portal.people.actions import set_track

    await set_track(team_id, track)
    echo(f"Team {team_id} is now on the {track} track; ranks have followed.")


@team_group.command("set-days")
@the_team
@click.argument("days")
@on_engine
async def team_set_days(_: Settings, team_id: str, days: str) -> None:
    """On which days streaks count. DAYS is such as mon,wed,fri or sun-thu or mon-wed,sat."""
    from portal.people.actions import set_working_days
    from portal.scoring.rules import days_in_words, days_named

    named = days_named(days)
    await set_working_days(team_id, named)
    echo(f"Team {team_id} now works {days_in_words(named)}; streaks have followed.")


@team_group.command("lead")
@click.argument("team")
@click.argument("person")
@click.option("--deputy", is_flag=True, help="sees the same, gets no mail")
@on_engine
async def team_lead(_: Settings, team: str, person: str, deputy: bool) -> None:
    """Let a manager or an admin lead a team. PERSON and TEAM are ids."""
    from portal.people.actions import lead_team

    await lead_team(team, person, deputy=deputy)
    echo(
        f"{person} is now a deputy of team {team}."
        if deputy
        else f"{person} now leads team {team}."
    )


@team_group.command("unlead")
@click.argument("team")
@click.argument("person")
@on_engine
async def team_unlead(_: Settings, team: str, person: str) -> None:
    """Take a team away from who leads it, or from a deputy."""
    from portal.people.actions import unlead_team

    changed = await unlead_team(team, person)
    echo(f"{person} {'no longer leads' if changed else 'did not lead'} team {team}.")


@team_group.command("delete")
@the_team
@on_engine
async def team_delete(_: Settings, team_id: str) -> None:
    """Delete a team without members."""
    from portal.people.actions import delete_team

    await delete_team(team_id)
    echo(f"Deleted team {team_id}.")
