"""The commands for courses, and for the scores that people have in them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from portal.cli.base import (
    duration,
    echo,
    existing_folder,
    load_settings,
    on_engine,
    path,
    program,
    run_async,
    run_on_engine,
    whole_number,
)

if TYPE_CHECKING:
    from portal.config.settings import Settings

SHIPPED_COURSE = str(Path(__file__).parent.parent / "content")


@program.group("content")
def content_group() -> None:
    """Check, compile and make courses."""


@content_group.command("check")
@click.argument("folder", type=existing_folder, default=SHIPPED_COURSE)
def content_check(folder: Path) -> int:
    """Check the sources of a course."""
    from portal.authoring.compiler import inspect
    from portal.web.formats import plural

    problems = inspect(folder)
    for problem in problems:
        print(problem.line, file=sys.stderr)
    faults = sum(problem.is_fault for problem in problems)
    to_do = sum(problem.to_do for problem in problems)
    notes = sum(problem.note for problem in problems)
    found = plural(faults, "finding") if faults else "The course has no findings"
    rest = [f"{to_do} to do"] * bool(to_do) + [f"{notes} left out"] * bool(notes)
    echo(", ".join((found, *rest)) + ".")
    return 1 if faults else 0


@content_group.command("build")
@click.argument("folder", type=existing_folder, default=SHIPPED_COURSE)
@click.option("--out", type=path, metavar="FILE")
def content_build(folder: Path, out: Path | None) -> None:
    """Compile the sources into course.json."""
    from portal.authoring.compiler import build

    out = out or folder / "course.json"
    build(folder, out)
    echo(f"Wrote {out}.")


@content_group.command("plan")
@click.argument("old", type=path)
@click.argument("new", type=path)
def content_plan(old: Path, new: Path) -> int | None:
    """What a change of the course touches, and with a database whom. OLD and NEW are each a folder,
    or a course.json."""
    from portal.authoring.changes.impact import changes_between, report

    changes = changes_between(old, new)
    if not _has_database():
        return run_async(report(changes, echo, reach=False))
    return run_on_engine(lambda _: report(changes, echo, reach=True))


def _has_database() -> bool:
    """Whether a database is named at all; how it is named is the business of who uses it."""
    from portal.config.settings import SettingsError

    try:
        load_settings()
    except SettingsError as error:
        return not any(line.startswith("DATABASE_URL is not set") for line in error.problems)
    return True


@content_group.command("schema")
@click.argument("file", type=click.Choice(["course", "step", "video"]), required=False)
def content_schema(file: str | None) -> None:
    """Print the JSON Schema of course files."""
    import json

    from portal.authoring.schema import schema

    echo(json.dumps(schema(file), indent=2))


@content_group.command("new")
@click.argument("folder", type=path)
@click.option("--step", type=whole_number, metavar="NUMBER")
@click.option("--title")
def content_new(folder: Path, step: int | None, title: str | None) -> None:
    """Begin a course, or the next step of one."""
    from portal.authoring.scaffold.drafts import new

    for file in new(folder, step=step, title=title):
        echo(f"Wrote {file}.")
    echo(f"portal content check {folder} lists what is still to be written.")


@content_group.command("import")
@click.argument("file", type=path)
@click.option("--out", type=path, required=True, metavar="FOLDER")
def content_import(file: Path, out: Path) -> int:
    """Course files from GIFT or JSON."""
    from portal.authoring.importing.files import import_file

    return import_file(file, out, echo)


@content_group.command("links")
@click.argument("folder", type=existing_folder, required=False)
@click.option("--timeout", "seconds", type=duration, default="10", metavar="SECONDS")
@click.option("--endpoint", "endpoints", multiple=True, hidden=True)
@on_engine
async def content_links(
    settings: Settings, folder: Path | None, seconds: float, endpoints: tuple[str, ...]
) -> int:
    """Ask which videos may be shown here, and keep the answers."""
    from portal.authoring.loading import course_in
    from portal.authoring.oembed import check_links

    course = course_in(folder or settings.content_dir)
    site = str(settings.public_url) if settings.public_url else None
    return await check_links(course, echo, endpoints, site=site, seconds=seconds)


@program.group("scores")
def scores_group() -> None:
    """Check or mend all scores."""


@scores_group.command("check")
@on_engine
async def scores_check(_: Settings) -> int:
    """Recompute everything and print what differs."""
    from portal.quiz.regrade import check_scores
    from portal.web.formats import plural

    count = 0
    async for difference in check_scores():
        echo(str(difference))
        count += 1
    echo(f"{plural(count, 'difference')}.")
    return 1 if count else 0


@scores_group.command("rebuild")
@on_engine
async def scores_rebuild(_: Settings) -> None:
    """Mend what check finds."""
    from portal.quiz.regrade import rebuild
    from portal.web.formats import plural

    echo(f"Mended the scores of {plural(await rebuild(), 'person', 'people')}.")
