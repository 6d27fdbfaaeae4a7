"""Patterns over a whole course by which a learner could guess instead of knowing.

Shares say something only from a number of questions on, so that small courses are left alone.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from portal.authoring.lint.structure import Asked
from portal.authoring.problems import Problem
from portal.learning.course import Choice, Question

MIN_FOR_BALANCE = 10
MOST = 0.4
# Guessers are compared with chance over all questions, where it takes more of them to tell.
MIN_FOR_GUESSERS = 40
TOLERANCE = 0.08

# A guesser ranks the choices as they are written; the lowest rank comes first.
Habit = Callable[[int, Choice], int]
HABITS: dict[str, Habit] = {
    "takes the first choice": lambda at, _: at,
    "takes the second choice": lambda at, _: (at - 1) % 26,
    "takes the last choice": lambda at, _: -at,
    "takes the longest choice": lambda _, choice: -len(choice.text),
    "takes the shortest choice": lambda _, choice: len(choice.text),
}


def balance_problems(asked: Sequence[Asked]) -> Iterator[Problem]:
    """Finds a favourite place or letter of the keys, a telling length, and too many true
    statements."""
    for kind in ("single", "multiple"):
        yield from _key_place_problems(kind, [(file, q) for file, q in asked if q.kind == kind])
    single = [(file, q) for file, q in asked if q.kind == "single" and len(q.key) == 1]
    if len(single) >= MIN_FOR_BALANCE:
        yield from _length_problems(single)
    binary = [(file, q) for file, q in asked if q.kind == "true_false"]
    true = [(file, q) for file, q in binary if q.key == ("true",)]
    share = len(true) / len(binary) if binary else 0.5
    if len(binary) >= MIN_FOR_BALANCE and not MOST <= share <= 1 - MOST:
        many = true if share > 0.5 else [entry for entry in binary if entry not in true]
        problem = f"{len(true)} of {len(binary)} are true"
        remedy = "Turn some statements round, so that 40 to 60 % are true."
        yield _pattern_problem("true/false questions", many, problem, remedy)


def guesser_problems(asked: Sequence[Asked]) -> Iterator[Problem]:
    """Finds fixed habits that earn more, or less, than guessing over the whole course."""
    if len(asked) < MIN_FOR_GUESSERS:
        return
    chance = _mean(_chance(question) for _, question in asked)
    for name, habit in HABITS.items():
        earned = [(_expected_share(entry[1], habit), entry) for entry in asked]
        got = _mean(share for share, _ in earned)
        if abs(got - chance) > TOLERANCE:
            hit = got > chance
            telling = [entry for share, entry in earned if (share > 0.5) == hit]
            problem = f"who always {name} has {got:.1%} right, chance gives {chance:.1%}"
            remedy = f"Rewrite some, to stay within {TOLERANCE:.0%} of chance."
            yield _pattern_problem("questions", telling, problem, remedy)
    got = _mean(_ticked(question) for _, question in asked)
    if abs(got - chance) > TOLERANCE:
        many = [entry for entry in asked if entry[1].kind == "multiple"]
        problem = f"who ticks all choices has {got:.1%} right, chance gives {chance:.1%}"
        remedy = "Leave wrong choices in the questions with several right ones."
        yield _pattern_problem("questions", many, problem, remedy)


def _key_place_problems(kind: str, asked: list[Asked]) -> Iterator[Problem]:
    """Finds where the keys of questions with three choices or more stand, and their letters."""
    asked = [(file, q) for file, q in asked if len(q.choices) > 2 and q.key]
    if len(asked) < MIN_FOR_BALANCE:
        return
    places: dict[str, list[Asked]] = defaultdict(list)
    letters: dict[str, list[Asked]] = defaultdict(list)
    for file, question in asked:
        for at, choice in enumerate(question.choices, start=1):
            if choice.id in question.key:
                places[f"choice {at}"].append((file, question))
                letters[f'"{choice.id}"'].append((file, question))
    # Mostly the letters are in order, and then the two say the same.
    in_order = list(map(len, places.values())) == list(map(len, letters.values()))
    total = sum(map(len, places.values()))
    for group in (letters,) if in_order else (places, letters):
        for name, entries in sorted(group.items()):
            if len(entries) > MOST * total:
                problem = f"{name} is right in {len(entries)} of {total}"
                remedy = "Move the right choices about, to at most 40 % in one place."
                yield _pattern_problem(f"{kind}-choice questions", entries, problem, remedy)


def _length_problems(single: list[Asked]) -> Iterator[Problem]:
    for name, pick in (("longest", max), ("shortest", min)):
        telling = [(file, q) for file, q in single if len(_right_text(q)) == pick(_sizes(q))]
        if len(telling) >= MOST * len(single):
            problem = f"the {name} choice is right in {len(telling)} of {len(single)}"
            remedy = "Bring the lengths of the choices closer together, to below 40 %."
            yield _pattern_problem("single-choice questions", telling, problem, remedy)


def _pattern_problem(group: str, telling: list[Asked], problem: str, remedy: str) -> Problem:
    """Returns a problem at the file with most of the telling questions, naming the first three
    there."""
    by_file: dict[str, list[str]] = defaultdict(list)
    for file, question in telling:
        by_file[file].append(f'"{question.id}"')
    file, names = max(by_file.items(), key=lambda item: len(item[1]), default=("course", []))
    where = f"question {', '.join(names[:3])}" if names else ""
    return Problem(file, where, f"over all {group} of the course, {problem}", remedy)


def _right_text(question: Question) -> str:
    return next((choice.text for choice in question.choices if choice.id in question.key), "")


def _sizes(question: Question) -> list[int]:
    return [len(choice.text) for choice in question.choices]


def _chance(question: Question) -> float:
    """Returns the share of right answers of somebody who guesses without any habit."""
    count = len(question.choices)
    if question.kind == "multiple":
        return 1 / (2.0**count - 1)
    return 1 / math.factorial(count) if question.kind == "ordering" else 1 / max(1, count)


def _expected_share(question: Question, habit: Habit) -> float:
    """Returns the share of right answers of a habit: ties are broken by chance."""
    ranks = {choice.id: habit(at, choice) for at, choice in enumerate(question.choices)}
    if question.kind == "ordering":
        return float(tuple(sorted(ranks, key=lambda name: ranks[name])) == question.key)
    best = [name for name, rank in ranks.items() if rank == min(ranks.values())]
    if len(question.key) != 1 or question.key[0] not in best:
        return 0.0
    return 1 / len(best)


def _ticked(question: Question) -> float:
    """Returns what ticking everything earns; it says nothing about questions with one answer."""
    if question.kind == "multiple":
        return float(len(question.key) == len(question.choices))
    return _chance(question)


def _mean(shares: Iterable[float]) -> float:
    values = list(shares)
    return sum(values) / len(values)
