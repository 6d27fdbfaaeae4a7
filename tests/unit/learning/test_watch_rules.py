"""Watched seconds: sets of whole seconds, written as intervals."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.learning import rules
from portal.learning.rules import Interval, Seconds

NOON = datetime(2026, 2, 24, 12, tzinfo=UTC)
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
    assert rules.seconds_in(joined) == len(seconds(parts))
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


class Viewer:
    """A learner in several videos, whose reports are counted as the action counts them."""

    def __init__(self, now: datetime) -> None:
        self.full_at = rules.first_full_at(now)
        self.watched: dict[int, Seconds] = {}

    def report(self, now: datetime, video: int, start: int, end: int) -> int:
        """Returns how many new seconds were believed."""
        before = self.watched.get(video, ())
        allowed = rules.allowance(self.full_at, now)
        assert 0 <= allowed <= rules.SECONDS_AT_MOST
        self.watched[video] = rules.add_watched(before, start, end, allowed)
        new = rules.seconds_in(self.watched[video]) - rules.seconds_in(before)
        self.full_at = rules.spent(self.full_at, now, new)
        return new


moves = st.floats(0, 90) | st.sampled_from([0.0, 0.001, 0.5, 1.0, 60.0, 3600.0])
jumps = moves | moves.map(lambda seconds: -seconds) | st.sampled_from([-86_400.0, 86_400.0])
claims = st.tuples(st.integers(0, 2), st.integers(0, 600), st.integers(0, 600))


@given(st.lists(st.tuples(moves, claims), max_size=60))
def test_nobody_watches_more_than_the_clock_allows(reports: list[Any]) -> None:
    """Whatever is reported, how often, and of how many videos; and over any stretch of time."""
    viewer, now, passed = Viewer(NOON), NOON, 0.0
    believed: list[tuple[float, int]] = []
    for move, (video, start, end) in reports:
        passed += move
        now = NOON + timedelta(seconds=passed)
        believed.append((passed, viewer.report(now, video, start, end)))
    assert sum(new for _, new in believed) <= 20 + 2 * passed + 0.001
    for index, (since, _) in enumerate(believed):
        total = 0
        for until, new in believed[index:]:
            total += new
            assert total <= 120 + 2 * (until - since) + 0.001


@given(st.lists(st.tuples(jumps, claims), max_size=60))
def test_a_clock_that_jumps_gives_nothing_away(reports: list[Any]) -> None:
    viewer, now, forwards, believed = Viewer(NOON), NOON, 0.0, 0
    for move, (video, start, end) in reports:
        now += timedelta(seconds=move)
        forwards += max(0.0, move)
        believed += viewer.report(now, video, start, end)
        assert believed <= 20 + 2 * forwards + 0.001


@given(st.lists(st.tuples(jumps, claims), max_size=20))
def test_a_clock_that_jumped_takes_nothing_for_long(reports: list[Any]) -> None:
    viewer, now = Viewer(NOON), NOON
    for move, (video, start, end) in reports:
        now += timedelta(seconds=move)
        viewer.report(now, video, start, end)
    assert viewer.report(now, 7, 0, 0) == 0
    now += timedelta(seconds=120)
    assert rules.allowance(viewer.full_at, now) == rules.SECONDS_AT_MOST


def test_two_clocks_a_little_apart_give_nothing_away() -> None:
    """As of two servers, which answer in turn."""
    viewer = Viewer(NOON)
    believed = sum(
        viewer.report(NOON + timedelta(seconds=5 * (turn % 2)), 1, 0, 5000) for turn in range(100)
    )
    assert believed == 20 + 2 * 5


@given(
    st.integers(30, 3600),
    st.sampled_from([1.0, 1.25, 1.5, 2.0]),
    st.integers(1, 15),
    st.floats(0, 0.5),
)
def test_who_really_watches_loses_nothing(
    length: int, speed: float, every: int, late: float
) -> None:
    """At any speed up to double, reporting on time or a little late."""
    viewer, reports = Viewer(NOON), math.ceil(length / speed / every)
    for number in range(1, reports + 1):
        now = NOON + timedelta(seconds=number * every + (late if number % 2 else 0))
        viewer.report(now, 1, 0, min(length, int(number * every * speed)))
    assert rules.completes(rules.watched_percent(viewer.watched[1], length))
    assert rules.seconds_in(viewer.watched[1]) == length


@given(st.integers(30, 3600), st.sampled_from([1.0, 2.0]))
def test_who_was_offline_all_the_time_is_believed_when_asking_again(
    length: int, speed: float
) -> None:
    viewer, back = Viewer(NOON), NOON + timedelta(seconds=length / speed)
    for retry in range(length // 20 + 1):
        viewer.report(back + timedelta(seconds=10 * retry), 1, 0, length)
    assert rules.seconds_in(viewer.watched[1]) == length


@pytest.mark.parametrize(
    ("passed", "expected"),
    [(0, 20), (-5, 10), (-3600, 0), (0.4, 20), (0.5, 21), (15, 50), (50, 120), (1e6, 120)],
)
def test_the_allowance_grows_by_two_a_second_up_to_two_minutes(
    passed: float, expected: int
) -> None:
    full_at = rules.first_full_at(NOON)
    assert rules.allowance(full_at, NOON + timedelta(seconds=passed)) == expected


@pytest.mark.parametrize(
    ("of_content", "reported", "expected"),
    [
        (392, 0, 392),
        (392, 5000, 392),
        (12, 5000, 12),
        (262, 230, 230),  # as the provider has cut it
        (100, 80, 80),
        (100, 79, 100),
        (100, 101, 100),
        (None, 0, 30),
        (None, 29, 30),
        (None, 31, 31),
    ],
)
def test_the_length_that_counts(of_content: int | None, reported: int, expected: int) -> None:
    assert rules.counted_length(of_content, reported) == expected


@given(st.integers(1, 5000), st.lists(st.integers(0, 86_400)))
def test_a_false_length_gains_a_fifth_at_most(of_content: int, reports: list[int]) -> None:
    known = 0
    for reported in reports:
        before = rules.counted_length(of_content, known)
        known = rules.reported_length(of_content, known, reported)
        assert 0.8 * of_content <= rules.counted_length(of_content, known) <= before <= of_content


@given(st.lists(st.integers(0, 86_400)))
def test_without_the_content_s_length_the_greatest_reported_counts(reports: list[int]) -> None:
    known = 0
    for reported in reports:
        known = rules.reported_length(None, known, reported)
    assert rules.counted_length(None, known) == max([30, *reports])
