"""Watched seconds: sets of whole seconds, written as intervals."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.learning import rules
from portal.learning.rules import Interval, Seconds

SPAN = 120
# Ends that meet are the interesting ones, so every second end is a round one.
ends = st.integers(0, SPAN) | st.integers(0, SPAN // 10).map(lambda n: 10 * n)
intervals = st.tuples(ends, ends)
watched = st.lists(intervals, max_size=8)
allowances = st.integers(0, 2 * SPAN)


def seconds(parts: list[Interval] | Seconds) -> set[int]:
    """Returns the seconds one by one: the plain model that the intervals must agree with."""
    return {second for start, end in parts for second in range(start, end)}


@given(watched)
def test_a_union_holds_the_same_seconds_in_order_and_apart(parts: list[Interval]) -> None:
    joined = rules.union(parts)
    assert seconds(joined) == seconds(parts)
    assert rules.count(joined) == len(seconds(parts))
    for (_, end), (start, _) in pairwise(joined):
        assert end < start
    assert all(start < end for start, end in joined)
    assert rules.union(joined) == joined


@given(watched, intervals, allowances)
def test_a_report_never_brings_more_than_is_allowed(
    parts: list[Interval], report: Interval, allowed: int
) -> None:
    before = rules.union(parts)
    after = rules.add_watched(before, *report, allowed)
    new = seconds(after) - seconds(before)
    assert len(new) <= allowed
    assert new <= seconds([report])


@given(watched, intervals, allowances)
def test_a_report_never_loses_a_second(
    parts: list[Interval], report: Interval, allowed: int
) -> None:
    before = rules.union(parts)
    assert seconds(before) <= seconds(rules.add_watched(before, *report, allowed))


@given(watched, intervals, allowances)
def test_a_report_brings_its_first_new_seconds(
    parts: list[Interval], report: Interval, allowed: int
) -> None:
    before = rules.union(parts)
    missing = sorted(seconds([report]) - seconds(before))
    after = rules.add_watched(before, *report, allowed)
    assert seconds(after) == seconds(before) | set(missing[:allowed])
    assert rules.union(after) == after


@given(watched, intervals)
def test_the_same_report_twice_counts_once(parts: list[Interval], report: Interval) -> None:
    once = rules.add_watched(rules.union(parts), *report, SPAN)
    assert rules.add_watched(once, *report, SPAN) == once


@given(watched, st.integers(30, SPAN))
def test_a_percentage_is_rounded_down_and_knows_no_second_behind_the_end(
    parts: list[Interval], length: int
) -> None:
    inside = {second for second in seconds(parts) if second < length}
    percent = rules.watched_percent(rules.union(parts), length)
    assert percent == 100 * len(inside) // length
    assert rules.completes(percent) == (10 * len(inside) >= 9 * length)


@given(watched, st.integers(100, 1000))
def test_seconds_at_the_end_alone_complete_nothing(parts: list[Interval], length: int) -> None:
    """Dragging to the end reports a few seconds, wherever they are."""
    few = [(start, min(end, start + 8)) for start, end in parts]
    if len(seconds(few)) < 0.9 * length:
        assert not rules.completes(rules.watched_percent(rules.union(few), length))


def test_intervals_that_touch_are_one() -> None:
    assert rules.union([(5, 10), (0, 5)]) == ((0, 10),)
    assert rules.union([(0, 5), (6, 10)]) == ((0, 5), (6, 10))
    assert rules.union([(3, 3), (9, 4)]) == ()
    assert rules.add_watched(((0, 5),), 5, 9, 100) == ((0, 9),)


@pytest.mark.parametrize(
    ("percent", "expected"), [(0, False), (89, False), (90, True), (100, True)]
)
def test_ninety_percent_completes(percent: int, expected: bool) -> None:
    assert rules.completes(percent) is expected


@pytest.mark.parametrize(
    ("passed", "expected"),
    [(None, 40), (0, 10), (-5, 10), (0.9, 11), (15, 40), (59.99, 129), (60, 130), (1e9, 130)],
)
def test_the_allowance_is_twice_the_time_and_ten(passed: float | None, expected: int) -> None:
    assert rules.allowance(passed) == expected


@given(st.lists(st.floats(0, 3600), max_size=30))
def test_nobody_gains_much_by_reporting_more_often(gaps: list[float]) -> None:
    brought = rules.allowance(None) + sum(rules.allowance(gap) for gap in gaps)
    assert brought <= 40 + 2 * sum(gaps) + 10 * len(gaps)


@pytest.mark.parametrize(
    ("of_content", "reported", "expected"),
    [
        (392, 0, 392),
        (392, 5000, 392),
        (12, 5000, 12),
        (None, 0, 30),
        (None, 29, 30),
        (None, 31, 31),
    ],
)
def test_the_length_is_the_content_s_else_the_greatest_reported(
    of_content: int | None, reported: int, expected: int
) -> None:
    assert rules.length(of_content, reported) == expected
