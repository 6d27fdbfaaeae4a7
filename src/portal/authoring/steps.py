"""Compiling what a step asks for: tasks to practise, and what has to be done before it opens."""

from __future__ import annotations

from collections.abc import Sequence

from portal.authoring.lint.structure import SLUG
from portal.authoring.problems import Problem
from portal.authoring.sources import RequirementSource, Table, TaskSource, fill
from portal.learning.course import Requirement, Task
from portal.scoring.rules import POINTS_MAX, POINTS_RIGHT

# Percent of the points that are left to somebody whose first answers were all wrong.
EVERYONE_REACHES = 100 * POINTS_RIGHT // POINTS_MAX


def tasks(
    entries: Sequence[Table | str], file: str, problems: list[Problem]
) -> tuple[Task | str, ...]:
    """Returns the tasks of a step in their order; adds what is wrong with them to the problems."""
    made: list[Task | str] = []
    for number, entry in enumerate(entries, start=1):
        if isinstance(entry, str):
            made.append(entry)
            continue
        place = f'practice "{entry.get("id", number)}"'
        source = fill(entry, TaskSource, file, place, problems)
        if source is None:
            continue
        if not SLUG.fullmatch(source.id):
            remedy = "Use a-z, 0-9 and single hyphens."
            problems.append(Problem(file, place, "the id is not a slug", remedy))
        made.append(Task(source.id, source.text))
    return tuple(made)


def requirements(
    tables: Sequence[Table], file: str, place: str, problems: list[Problem]
) -> tuple[Requirement, ...]:
    """Returns what has to be done first; adds what cannot be meant to the problems. `place` is the
    topic that it stands in, empty for the step."""
    where = f"{place}, requires" if place else "requires"
    made = []
    for table in tables:
        source = fill(table, RequirementSource, file, where, problems)
        if source is None:
            continue
        problem = _requirement_problem(source)
        if problem:
            problems.append(Problem(file, where, *problem))
        else:
            made.append(Requirement(source.step, source.topic, source.min_score))
    return tuple(made)


def _requirement_problem(source: RequirementSource) -> tuple[str, str] | None:
    """Returns what is wrong and what to do, if anything is."""
    if bool(source.step) == bool(source.topic):
        return "has to name a step or a topic", 'Write one of them, as in {step = "1", …}.'
    if bool(source.min_score) == source.completed:
        remedy = "Write min_score = 60 for a share of the points, or completed = true."
        return "has to say how much is enough", remedy
    if not 0 <= source.min_score <= EVERYONE_REACHES:
        remedy = (
            f"Write 1 to {EVERYONE_REACHES}: more is out of reach for whoever answered wrongly at"
            " first, because a retry brings 10 of 15 points."
        )
        return f"min_score is {source.min_score}", remedy
    return None
