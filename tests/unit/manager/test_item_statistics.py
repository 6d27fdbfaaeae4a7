"""Facility, discrimination, shares and flags, from sums alone."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import msgspec
import numpy as np
import pytest

from portal.learning.course import Question
from portal.manager.item_statistics import (
    ItemStatistics,
    Tally,
    correlation,
    flags_of,
    same_item,
    statistics_of,
)
from tests.learning.courses import question

KEYS = {
    "single": ("b",),
    "true_false": ("false",),
    "multiple": ("a", "c"),
    "ordering": ("c", "a", "b"),
}


def tally(
    choices: tuple[str, ...], people: int, rights: list[int], *, correct: bool, total: int = 5
) -> Tally:
    """Returns the tally of people with these numbers of right answers in their attempts."""
    assert len(rights) == people
    squares = sum(right * right for right in rights)
    return Tally("q", "v", "question-1", choices, correct, total, people, sum(rights), squares)


def tallies_of(
    answers: Sequence[tuple[str, ...]], correct: list[bool], rights: list[int], total: int = 5
) -> list[Tally]:
    grouped: dict[tuple[tuple[str, ...], bool], list[int]] = {}
    for choice, was, right in zip(answers, correct, rights, strict=True):
        grouped.setdefault((choice, was), []).append(right)
    return [
        tally(choice, len(members), members, correct=was, total=total)
        for (choice, was), members in grouped.items()
    ]


@pytest.mark.parametrize("seed", range(20))
def test_all_figures_equal_a_reference(seed: int) -> None:
    """Quizzes of two lengths, whose rest scores are shares of the other questions."""
    random = np.random.default_rng(seed)
    asked = question(1)
    item = statistics_of(asked, [])
    own: list[float] = []
    rest: list[float] = []
    taken: Counter[str] = Counter()
    tallies: list[Tally] = []
    for total in (5, 8):
        n = int(random.integers(10, 200))
        ability = random.normal(size=n)
        right = ability[:, None] + random.normal(size=(n, total)) > random.normal(size=total)
        wrong = random.choice(["a", "c", "d", "e"], size=n)
        answers = [("b",) if right[i, 0] else (str(wrong[i]),) for i in range(n)]
        own += right[:, 0].astype(float).tolist()
        rest += (right[:, 1:].sum(axis=1) / (total - 1)).tolist()
        taken.update(choice for (choice,) in answers)
        tallies += tallies_of(
            answers, right[:, 0].tolist(), right.sum(axis=1).astype(int).tolist(), total
        )
    item = statistics_of(asked, tallies)
    assert item.n == len(own)
    assert item.facility == pytest.approx(np.mean(own), abs=1e-6)
    assert item.discrimination == pytest.approx(np.corrcoef(own, rest)[0, 1], abs=1e-6)
    assert item.shares is not None
    for share in item.shares:
        assert share.share == pytest.approx(taken[share.id] / len(own), abs=1e-6)


@pytest.mark.parametrize(
    ("n", "x", "y", "yy", "xy", "expected"),
    [
        (4, 2, 2, 2, 2, 1.0),
        (4, 2, 2, 2, 0, -1.0),
        (4, 2, 2, 2, 1, 0.0),
        (4, 0, 2, 2, 0, None),  # nobody is right
        (4, 4, 2, 2, 2, None),  # everybody is
        (4, 2, 8, 16, 4, None),  # no rest score differs
        (0, 0, 0, 0, 0, None),
    ],
)
def test_a_correlation(n: int, x: int, y: int, yy: int, xy: int, expected: float | None) -> None:
    assert correlation(n, x, y, yy, xy) == expected


def test_a_quiz_of_one_question_has_no_rest() -> None:
    tallies = [
        tally(("b",), 6, [1] * 6, correct=True, total=1),
        tally(("a",), 6, [0] * 6, correct=False, total=1),
    ]
    item = statistics_of(question(1), tallies)
    assert (item.n, item.facility, item.discrimination) == (12, 0.5, None)


@pytest.mark.parametrize(
    ("n", "hidden", "rough"),
    [(9, True, False), (10, False, True), (49, False, True), (50, False, False)],
)
def test_how_many_answers_are_needed(n: int, hidden: bool, rough: bool) -> None:
    item = statistics_of(question(1), [tally(("b",), n, [1] * n, correct=True)])
    assert item.n == n
    assert (item.facility is None, item.rough) == (hidden, rough)
    assert (item.shares is None) == hidden


def test_a_share_of_several_and_of_an_order() -> None:
    several = question(2, "multiple", ("a", "c"), choices=3)
    answers = [("a", "c")] * 6 + [("a", "b")] * 4
    shares = statistics_of(several, tallies_of(answers, [True] * 6 + [False] * 4, [3] * 10)).shares
    assert shares is not None
    assert {each.id: each.share for each in shares} == {"a": 1.0, "b": 0.4, "c": 0.6}
    order = question(3, "ordering", ("c", "a", "b"), choices=3)
    orders = [("c", "a", "b")] * 5 + [("c", "b", "a")] * 5
    shares = statistics_of(order, tallies_of(orders, [True] * 5 + [False] * 5, [3] * 10)).shares
    assert shares is not None
    assert {each.id: each.share for each in shares} == {"a": 0.5, "b": 0.5, "c": 1.0}


def test_a_mended_key_counts_for_the_answers_before() -> None:
    """They are graded by today's key; the rest of their attempts stays as it was."""
    strong = [4, 4, 3, 3, 4, 4]  # chose c, which was wrong then
    weak = [2, 1, 1, 2, 2, 1]  # chose b, which was right: their rest is one less
    tallies = [
        tally(("c",), 6, strong, correct=False),
        tally(("b",), 6, weak, correct=True),
    ]
    before = statistics_of(question(1, key=("b",)), tallies)
    after = statistics_of(question(1, key=("c",)), tallies)
    assert before.discrimination is not None
    assert after.discrimination is not None
    assert before.discrimination < 0 < after.discrimination
    expected = np.corrcoef([1] * 6 + [0] * 6, strong + [right - 1 for right in weak])[0, 1]
    assert math.isclose(after.discrimination, expected, abs_tol=1e-6)


def test_what_is_the_same_question() -> None:
    now = question(1)
    same = msgspec.structs.replace(
        now, key=("c",), explanation="Other.", choices=tuple(reversed(now.choices))
    )
    assert same_item(same, now)
    assert not same_item(msgspec.structs.replace(now, text="Another?"), now)
    assert not same_item(question(1, choices=4), now)


def figures(
    asked: Question, facility: float, discrimination: float | None, **shares: float
) -> ItemStatistics:
    return msgspec.convert(
        {
            "n": 100,
            "facility": facility,
            "discrimination": discrimination,
            "shares": [
                {"id": choice.id, "share": shares.get(choice.id, 0.2)} for choice in asked.choices
            ],
        },
        ItemStatistics,
    )


@pytest.mark.parametrize(
    ("facility", "discrimination", "shares", "found"),
    [
        (0.5, 0.3, {}, []),
        (0.5, None, {}, []),
        (0.5, 0.0, {}, []),
        (0.5, -0.01, {}, ["reversed"]),
        (1 / 3, 0.3, {}, []),
        (0.33, 0.3, {}, ["hard"]),
        (0.8, 0.3, {}, []),
        (0.81, 0.3, {}, ["easy"]),
        (0.5, 0.3, {"a": 0.05}, []),
        (0.5, 0.3, {"a": 0.049}, ["unused"]),
        (0.5, 0.3, {"b": 0.01}, []),  # the key: its facility tells that
        (0.1, -0.3, {"a": 0.01}, ["reversed", "hard", "unused"]),
    ],
)
def test_flags(
    facility: float, discrimination: float | None, shares: dict[str, float], found: list[str]
) -> None:
    asked = question(1)
    item = figures(asked, facility, discrimination, **shares)
    assert [flag.problem for flag in flags_of(asked, item)] == found


def test_flags_in_words() -> None:
    asked = question(1)
    flags = flags_of(asked, figures(asked, 0.19, -0.1, a=0.0))
    assert [flag.finding for flag in flags] == [
        "Strong learners miss it more often",
        "Fewer than 1 in 3 get it right: almost nobody does",
        "Choice “Choice a of question 1” is almost never chosen",
    ]
    assert flags[0].advice.startswith("Check the key.")
    assert [flag.choice for flag in flags] == [None, None, "a"]
    assert all(flag.advice for flag in flags)
    no_figures = ItemStatistics(3, None, None, None)
    assert flags_of(asked, no_figures) == []


@pytest.mark.parametrize("kind", ["true_false", "ordering"])
def test_a_choice_that_cannot_be_replaced_is_no_finding(kind: str) -> None:
    asked = question(1, kind, KEYS[kind], choices=3)  # type: ignore[arg-type]
    item = figures(asked, 0.5, 0.3, **{choice.id: 0.0 for choice in asked.choices})
    assert flags_of(asked, item) == []
