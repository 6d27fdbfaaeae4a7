"""The shipped quizzes against guessers that follow a fixed habit instead of reading.

A guesser ranks the choices as they are shown. It answers a question with one choice by the first
of its ranking, puts an ordering in the order of its ranking, and ticks everything where several
may be ticked, so that no ranking can make a difference there.
"""

import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Final
from uuid import UUID

import pytest

from portal.learning.course import Choice, Course, Question, load_course
from portal.quiz.rules import is_correct, shuffled

# Eight points over chance gain a guesser less than half a question in a quiz of six. Below that,
# one question more or less shifts the share of a kind by up to five points, and the drawn
# learners by less than one, so that a smaller tolerance would refuse fair quizzes.
TOLERANCE: Final = 0.08
LEARNERS: Final = 200

Shown = list[Choice]
Shares = dict[str, float]
Bot = Callable[[Shown], Shown]

BOTS: Final[dict[str, Bot]] = {
    "first": lambda shown: shown,
    "second": lambda shown: [*shown[1:], shown[0]],
    "last": lambda shown: shown[::-1],
    "longest": lambda shown: sorted(shown, key=lambda choice: -len(choice.text)),
    "shortest": lambda shown: sorted(shown, key=lambda choice: len(choice.text)),
}


@pytest.fixture(scope="module")
def course() -> Course:
    return load_course()


@pytest.fixture(scope="module")
def learners() -> list[UUID]:
    draw = random.Random(20)
    return [UUID(int=draw.getrandbits(128), version=4) for _ in range(LEARNERS)]


def questions(course: Course) -> Iterator[tuple[str, Question]]:
    for quiz in course.quizzes.values():
        for question in quiz.questions:
            yield quiz.video_id, question


def answer(question: Question, ranking: Shown) -> list[str]:
    """Returns the ids that a guesser sends in."""
    ids = [choice.id for choice in ranking]
    return ids[:1] if question.kind in ("single", "true_false") else ids


def chance(question: Question) -> float:
    """Returns the share of right answers of somebody who guesses without any habit."""
    if question.kind == "multiple":
        return 0.0
    count = len(question.choices)
    return 1 / math.factorial(count) if question.kind == "ordering" else 1 / count


def shares(course: Course, learners: list[UUID], bot: Bot) -> tuple[Shares, Shares]:
    """Returns what a guesser earns and what chance would, from 0 to 1, per kind and for "all"."""
    earned: dict[str, list[float]] = defaultdict(list)
    expected: dict[str, list[float]] = defaultdict(list)
    for quiz_id, question in questions(course):
        rights = [
            is_correct(question, answer(question, bot(shuffled(question, learner, quiz_id, 1))))
            for learner in learners
        ]
        for group in (question.kind, "all"):
            earned[group].append(sum(rights) / len(rights))
            expected[group].append(chance(question))
    return mean(earned), mean(expected)


def mean(groups: dict[str, list[float]]) -> Shares:
    return {group: sum(values) / len(values) for group, values in groups.items()}


@pytest.mark.parametrize("bot", BOTS.values(), ids=BOTS.keys())
def test_a_habit_earns_what_chance_would(course: Course, learners: list[UUID], bot: Bot) -> None:
    earned, expected = shares(course, learners, bot)
    assert earned.keys() >= {"single", "true_false", "multiple", "ordering", "all"}
    off = {group: earned[group] - expected[group] for group in earned}
    assert {group: gap for group, gap in off.items() if abs(gap) > TOLERANCE} == {}


def test_neither_one_choice_nor_all_of_them_earn_a_multiple(course: Course) -> None:
    for _, question in questions(course):
        if question.kind == "multiple":
            ids = [choice.id for choice in question.choices]
            tries = [ids, *([one] for one in ids)]
            assert not any(is_correct(question, ticked) for ticked in tries), question.id


def test_the_number_of_choices_does_not_tell_how_many_are_right(course: Course) -> None:
    forms = Counter(
        (len(q.choices), len(q.key)) for _, q in questions(course) if q.kind == "multiple"
    )
    for total in {total for total, _ in forms}:
        assert len([right for count, right in forms if count == total]) > 1


def test_ids_in_alphabetical_order_never_put_an_ordering_right(course: Course) -> None:
    for _, question in questions(course):
        if question.kind == "ordering":
            ids = sorted(choice.id for choice in question.choices)
            assert not is_correct(question, ids), question.id
            assert not is_correct(question, ids[::-1]), question.id


def test_orderings_do_not_share_one_pattern_of_ids(course: Course) -> None:
    orders = Counter(q.key for _, q in questions(course) if q.kind == "ordering")
    assert max(orders.values()) <= 0.4 * orders.total()
