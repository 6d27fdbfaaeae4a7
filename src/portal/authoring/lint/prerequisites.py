"""What is wrong between the steps of a course: ids of tasks, prerequisites that nobody can meet."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from portal.authoring.problems import Problem
from portal.learning.course import Requirement, Step, Task, Topic

# A step with the file that it stands in.
Written = tuple[str, Step]
# A part of the course in words, and whether it is about opening or about finishing it.
Node = tuple[str, bool]
OPEN = True


class Edge(NamedTuple):
    """What a node waits for. `words` say it to an author; an edge that goes without saying has
    none. `file` and `where` are the place of a requirement."""

    to: Node
    words: str = ""
    file: str = ""
    where: str = ""


def task_problems(steps: Iterable[Written]) -> Iterator[Problem]:
    """Finds ids that two tasks of the course have: a tick would count for both."""
    first: dict[str, str] = {}
    for file, step in steps:
        for task in step.tasks:
            if not isinstance(task, Task):
                continue
            if task.id in first:
                problem = f"the id is also used in {first[task.id]}"
                where = f'practice "{task.id}"'
                yield Problem(file, where, problem, "Give one of them another id.")
            first.setdefault(task.id, file)


def prerequisite_problems(steps: Sequence[Written]) -> Iterator[Problem]:
    """Finds prerequisites that name nothing, that ask for points where there are none, or that lead
    in a circle, so that nobody could ever open what they lock."""
    known: dict[str, Step | Topic] = {_step(step.id): step for _, step in steps}
    known |= {_topic(topic.id): topic for _, step in steps for topic in step.topics}
    for file, step in steps:
        for where, requirement in _requirements_of(step):
            yield from _requirement_problems(file, where, requirement, known)
    yield from _circle_problems(_graph(steps))


def _step(name: str) -> str:
    return f"step {name}"


def _topic(name: str) -> str:
    return f'topic "{name}"'


def _target(requirement: Requirement) -> str:
    return _step(requirement.step) if requirement.step else _topic(requirement.topic)


def _requirements_of(step: Step) -> Iterator[tuple[str, Requirement]]:
    """Yields the requirements of a step and of its topics with their places."""
    for requirement in step.requires:
        yield "requires", requirement
    for topic in step.topics:
        for requirement in topic.requires:
            yield f"{_topic(topic.id)}, requires", requirement


def _requirement_problems(
    file: str, where: str, requirement: Requirement, known: dict[str, Step | Topic]
) -> Iterator[Problem]:
    target = _target(requirement)
    part = known.get(target)
    if part is None:
        kind = "step" if requirement.step else "topic"
        names = [name for name in known if name.startswith(kind)]
        close = difflib.get_close_matches(target, names, n=1) if requirement.topic else []
        remedy = f"Did you mean {close[0]}?" if close else f"Known are {', '.join(names)}."
        yield Problem(file, where, f"there is no {target}", remedy)
    elif requirement.min_score and not any(video.quiz for video in part.videos):
        problem = f"{target} has no quiz, so nobody has points there"
        yield Problem(file, where, problem, "Write completed = true.")


def _graph(steps: Sequence[Written]) -> dict[Node, list[Edge]]:
    """Returns what opening and finishing each part waits for."""
    graph: dict[Node, list[Edge]] = {}
    for file, step in steps:
        name = _step(step.id)
        graph[name, OPEN] = [_edge(name, r, file, "requires") for r in step.requires]
        graph[name, not OPEN] = [Edge((name, OPEN))]
        for topic in step.topics:
            inner = _topic(topic.id)
            where = f"{inner}, requires"
            graph[name, not OPEN].append(Edge((inner, OPEN), f"{name} includes {inner}"))
            graph[inner, not OPEN] = [Edge((inner, OPEN))]
            graph[inner, OPEN] = [Edge((name, OPEN), f"{inner} is part of {name}")]
            graph[inner, OPEN] += [_edge(inner, r, file, where) for r in topic.requires]
    return graph


def _edge(name: str, requirement: Requirement, file: str, where: str) -> Edge:
    target = _target(requirement)
    return Edge((target, not OPEN), f"{name} requires {target}", file, where)


def _circle_problems(graph: dict[Node, list[Edge]]) -> Iterator[Problem]:
    """Finds every set of requirements that leads in a circle, once."""
    visited: set[Node] = set()
    told: set[frozenset[Edge]] = set()
    walked: list[Edge] = []

    def walk(node: Node) -> Iterator[Problem]:
        visited.add(node)
        for edge in graph.get(node, ()):
            on_the_way = [step.to for step in walked]
            walked.append(edge)
            if edge.to in on_the_way:
                edges = walked[on_the_way.index(edge.to) + 1 :]
                required = frozenset(step for step in edges if step.file)
                if required not in told:
                    told.add(required)
                    yield _circle_problem(edges)
            elif edge.to not in visited:
                yield from walk(edge.to)
            walked.pop()

    for node in graph:
        if node not in visited:
            walked.append(Edge(node))
            yield from walk(node)
            walked.pop()


def _circle_problem(edges: Sequence[Edge]) -> Problem:
    start = next(number for number, edge in enumerate(edges) if edge.file)
    turned = [*edges[start:], *edges[:start]]
    words = ", ".join(edge.words for edge in turned if edge.words)
    problem = f"leads in a circle that nobody can enter: {words}"
    return Problem(turned[0].file, turned[0].where, problem, "Take one of them out.")
