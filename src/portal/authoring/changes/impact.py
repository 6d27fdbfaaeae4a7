"""`portal content plan`: what a change of the course touches, and whom."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from portal.authoring.changes.diff import Change, compare_courses
from portal.authoring.loading import course_in
from portal.db import sql
from portal.errors import PortalError
from portal.learning.course import ContentError, Course, load_course
from portal.web.formats import plural

_ATTEMPTS = """
    SELECT quiz_id, count(DISTINCT learner)::int AS people,
           count(completed_at)::int AS completed, (count(*) - count(completed_at))::int AS open
    FROM quiz_attempt WHERE quiz_id = ANY ($1::text[]) GROUP BY quiz_id
"""
_WATCHED = """
    SELECT video_id, count(*)::int AS people, count(*) FILTER (WHERE done)::int AS done
    FROM video_progress WHERE video_id = ANY ($1::text[]) GROUP BY video_id
"""
_ANSWERS = """
    SELECT a.quiz_id, w.question_id, count(*)::int AS answers
    FROM quiz_answer w JOIN quiz_attempt a ON a.id = w.attempt
    WHERE a.quiz_id = ANY ($1::text[]) GROUP BY a.quiz_id, w.question_id
"""


class QuizUse(msgspec.Struct, frozen=True):
    quiz_id: str
    people: int
    completed: int
    open: int


class Viewers(msgspec.Struct, frozen=True):
    video_id: str
    people: int
    done: int


class Impact(msgspec.Struct, frozen=True):
    """What the database holds of the changed videos, by id."""

    attempts: dict[str, QuizUse]
    watched: dict[str, Viewers]
    answers: dict[tuple[str, str], int]

    def of(self, change: Change) -> str:
        """Returns for example "12 people, 15 attempts, 2 of them open", or "nobody"."""
        parts = []
        if change.what.startswith("video") and (seen := self.watched.get(change.video_id)):
            parts.append(
                f"{plural(seen.people, 'person', 'people')} began it, {seen.done} are done"
            )
        if taken := self.attempts.get(change.video_id):
            open_ones = f", {taken.open} of them open" if taken.open else ""
            parts.append(
                f"{plural(taken.people, 'person', 'people')} took the quiz,"
                f" {plural(taken.completed + taken.open, 'attempt')}{open_ones}"
            )
        if given := self.answers.get((change.video_id, change.question_id)):
            parts.append(f"{plural(given, 'answer')} to this question")
        return "; ".join(parts) or "nobody so far"


async def impact_of(changes: Iterable[Change]) -> Impact:
    """Returns what the changed videos mean to how many: three statements."""
    ids = sorted({change.video_id for change in changes})
    answers = await sql.execute(_ANSWERS, ids, retry=True)
    return Impact(
        {row.quiz_id: row for row in await sql.fetch(QuizUse, _ATTEMPTS, ids)},
        {row.video_id: row for row in await sql.fetch(Viewers, _WATCHED, ids)},
        {(row["quiz_id"], row["question_id"]): row["answers"] for row in answers},
    )


def course_at(path: Path) -> Course:
    """Returns the course of a folder with sources or `course.json`, or of a compiled file.

    Raises ContentError, whose lines begin with the path.
    """
    try:
        return load_course(path) if path.is_file() else course_in(path)
    except ContentError as error:
        raise ContentError([f"{path}: {problem}" for problem in error.problems]) from None


def changes_between(old: Path, new: Path) -> list[Change]:
    """Returns what differs between two courses that both can be used. Raises ContentError."""
    return compare_courses(course_at(old), course_at(new))


async def report(changes: list[Change], echo: Callable[[str], None], *, reach: bool) -> int:
    """Print one line per change, with `reach` also whom it touches; returns 0."""
    try:
        known = await impact_of(changes) if reach and changes else None
    except PortalError as error:
        echo(f"Without figures: {error.sentence}")
        known = None
    for change in changes:
        echo(f"{change}. {known.of(change)}." if known and change.video_id else f"{change}.")
    echo(f"{plural(len(changes), 'change')}." if changes else "Nothing that learners would notice.")
    return 0
