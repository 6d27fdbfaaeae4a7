"""The command that sends mails, for a scheduler to call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from portal.cli.base import echo, on_engine, program

if TYPE_CHECKING:
    from portal.config.settings import Settings


@program.command("digest")
@click.option("--dry-run", is_flag=True, help="say who would get a mail; send and write nothing")
@on_engine
async def digest_command(settings: Settings, dry_run: bool) -> int:
    """Send the weekly mail to managers: once a week and manager, however often it is called."""
    from portal.authoring.loading import course_in
    from portal.manager import mailing
    from portal.manager.digest import days_of
    from portal.web.pages import Renderer

    week = mailing.week_to_tell(settings)
    course = course_in(settings.content_dir)
    failed = told = False
    async for line in mailing.send_digests(
        settings, course, Renderer(), week=week, dry_run=dry_run
    ):
        if not told:
            echo(f"Week {week}, {days_of(week)}, in {settings.time_zone}.")
        told = True
        failed = failed or line.outcome.state in ("failed", "unknown")
        echo(f"{line.who}: {line.outcome.state}. {line.outcome.reason}".rstrip())
    if not told:
        echo("Nobody leads a team, so there is no mail to send.")
    return 1 if failed else 0
