"""`portal content import`: questions in GIFT, or a course in JSON, as course files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from portal.authoring.compiler import inspect
from portal.authoring.importing.course_json import read_course_json
from portal.authoring.importing.gift import read_gift
from portal.authoring.problems import Problem
from portal.authoring.scaffold.drafts import StepDraft, TopicDraft, VideoDraft, write
from portal.authoring.textfiles import Unreadable, read_text
from portal.errors import CommandFailed
from portal.learning.course import ContentError


def import_file(file: Path, folder: Path, echo: Callable[[str], None]) -> int:
    """Write what `file` holds into `folder`, as a new course or as further steps of the course that
    is there, and say what is left to do; returns 0.

    Raises ContentError with every problem of the file, `CommandFailed` when it cannot be read or
    the folder not be used; then nothing was written.
    """
    steps, lost = _steps_in(file)
    for path in write(folder, steps):
        echo(f"Wrote {path}.")
    for problem in (*lost, *inspect(folder, any_channel=True)):
        echo(problem.line if problem.note else f"To do: {problem}")
    return 0


def _steps_in(file: Path) -> tuple[list[StepDraft], list[Problem]]:
    """Returns the steps in a file, and what could not be taken over with them."""
    try:
        text = read_text(file)
    except Unreadable as error:
        if error.is_missing:
            raise CommandFailed(f"{file} cannot be read: No such file or directory.") from None
        remedy = f"{error.remedy[0].lower()}{error.remedy[1:]}"
        raise CommandFailed(f"{file} {error.problem}; {remedy}") from None
    title = file.stem.replace("-", " ").replace("_", " ").capitalize()
    kind = file.suffix.lower()
    if kind == ".json":
        steps, found = read_course_json(text, file.name)
    elif kind in (".gift", ".txt"):
        categories, found = read_gift(text, file.name, title)
        # GIFT knows nothing of videos: each category is the quiz of one that is still to be named.
        videos = tuple(VideoDraft(c.title, {"questions": c.questions}) for c in categories)
        steps = [StepDraft(title, (TopicDraft(title, videos),))] if videos else []
    else:
        raise CommandFailed(f"{file.name} is neither .gift, .txt nor .json.")
    if any(problem.is_fault for problem in found):
        raise ContentError([problem.line for problem in found])
    if not steps:
        raise CommandFailed(f"{file.name} holds no question.")
    return steps, found
