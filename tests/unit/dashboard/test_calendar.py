"""The streak card with its four weeks, the longest streak, and the grid of topics."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from portal.dashboard.calendar import StreakCard, streak_card
from portal.dashboard.views import topic_rows
from portal.learning.course import Course, Step, Topic, Video
from portal.learning.outline import Outline, Progress
from portal.quiz.kpis import Kpis, LearnerFigures
from portal.scoring import rules
from portal.scoring.rules import AttemptResult, Ledger, longest_streak
from tests.learning.courses import singles, video

MONDAY = date(2026, 2, 23)
days = st.dates(date(2025, 12, 1), date(2026, 4, 30))
NOBODY = Kpis(
    total_score=0, max_score=0, quizzes_completed=0, quizzes_total=0, accuracy=0,
    first_try_accuracy=0, streak=0, rank=None, total=0, percentile=None, grade=None,
    videos_completed=0, videos_total=0, top10=[], around=[], answered=0, correct=0,
    first_answered=0, first_correct=0,
)  # fmt: skip


def card(active: set[date], today: date) -> StreakCard:
    """Returns the card as the dashboard makes it: weekends have been left out of `active`."""
    working = frozenset(day for day in active if day.weekday() < 5)
    kpis = replace(NOBODY, streak=rules.streak(working, today))
    return streak_card(LearnerFigures(kpis, working, today))


def since(start: date, *offsets: int) -> set[date]:
    return {start + timedelta(days=offset) for offset in offsets}


@pytest.mark.parametrize(
    ("active", "expected"),
    [
        (set(), 0),
        (since(MONDAY, 0), 1),
        (since(MONDAY, 0, 1, 2, 3, 4), 5),
        (since(MONDAY, 0, 1, 3, 4), 2),
        (since(MONDAY, 0, 2, 4), 1),
        # over a weekend, with and without work on it
        (since(MONDAY, 3, 4, 7, 8), 4),
        (since(MONDAY, 3, 4, 5, 6, 7, 8), 4),
        (since(MONDAY, 3, 5, 7), 1),
        (since(MONDAY, 5, 6), 0),
        # the longest counts, not the latest
        (since(MONDAY, 0, 1, 2, 7), 3),
        (since(MONDAY, 0, 7, 8, 9), 3),
        # two weeks apart is apart, though both are a Monday after a Friday
        (since(MONDAY, 4, 14), 1),
        # over the end of a year
        ({date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 5)}, 4),
    ],
)
def test_the_longest_streak(active: set[date], expected: int) -> None:
    assert longest_streak(active) == expected
    assert longest_streak(sorted(active, reverse=True) * 2) == expected


@given(st.sets(days, max_size=60))
def test_the_longest_streak_is_the_longest_that_ever_stood(active: set[date]) -> None:
    first, last = date(2025, 12, 1), date(2026, 4, 30)
    every = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    assert longest_streak(active) == max(rules.streak(active, today) for today in every)


def test_four_weeks_from_monday_to_friday() -> None:
    shown = card(since(MONDAY, -21, -17, -1, 0, 2), MONDAY + timedelta(days=2))
    assert [week.label for week in shown.weeks] == ["2 Feb", "9 Feb", "16 Feb", "23 Feb"]
    states = [[day.state for day in week.days] for week in shown.weeks]
    assert states == [
        ["active", "none", "none", "none", "active"],
        ["none"] * 5,
        ["none"] * 5,
        ["active", "none", "active", "ahead", "ahead"],
    ]
    assert [day.name for day in shown.weeks[3].days][:2] == [
        "Monday 23 February",
        "Tuesday 24 February",
    ]
    assert [(day.name, day.today) for week in shown.weeks for day in week.days if day.today] == [
        ("Wednesday 25 February", True)
    ]
    assert shown.summary == "4 working days with activity in the last four weeks"


def test_what_stands_above_the_squares() -> None:
    wednesday = MONDAY + timedelta(days=2)
    for active, heading, longest in (
        (set(), "Start a streak today", None),
        (since(MONDAY, 2), "A streak of 1 working day", None),
        (since(MONDAY, 1), "A streak of 1 working day", None),  # today may still come
        (since(MONDAY, -3, 0, 1, 2), "4 working days in a row", None),
        (since(MONDAY, -7, -6, -5, 2), "A streak of 1 working day", "longest 3"),
        (since(MONDAY, -60, -59), "Start a streak today", "longest 2"),
        (since(MONDAY, -70), "Start a streak today", "longest 1"),
    ):
        shown = card(active, wednesday)
        assert (shown.heading, shown.longest) == (heading, longest), active
    # what is older than four weeks is remembered, not counted in them
    assert card(since(MONDAY, -70), wednesday).summary.startswith("0 working days ")
    assert card(since(MONDAY, 2), wednesday).summary.startswith("1 working day with")


@pytest.mark.parametrize("weekend", [5, 6])
def test_on_a_weekend_no_day_is_today_and_none_is_ahead(weekend: int) -> None:
    shown = card(since(MONDAY, 3, 4, 5, 6), MONDAY + timedelta(days=weekend))
    assert shown.heading == "2 working days in a row"
    every = [day for week in shown.weeks for day in week.days]
    assert [day.state for day in every[-5:]] == ["none", "none", "none", "active", "active"]
    assert not any(day.today or day.state == "ahead" for day in every)


@given(st.sets(days, max_size=60), days)
def test_every_working_day_of_four_weeks_is_shown_once(active: set[date], today: date) -> None:
    shown = card(active, today)
    monday = today - timedelta(days=today.weekday())
    every = [day for week in shown.weeks for day in week.days]
    dates = [monday + timedelta(weeks=week, days=day) for week in range(-3, 1) for day in range(5)]
    assert [day.name for day in every] == [f"{d:%A} {d.day} {d:%B}" for d in dates]
    for square, day in zip(every, dates, strict=True):
        assert (square.state == "active") is (day in active)
        if day not in active:
            assert (square.state == "ahead") is (day > today)
        assert square.today is (day == today)
    shown_active = sum(day in active for day in dates)
    assert shown.summary.split()[0] == str(shown_active)


def numbered(*videos: Video) -> tuple[Video, ...]:
    return tuple(replace(entry, position=place) for place, entry in enumerate(videos, 1))


def test_topics_stand_under_their_steps_with_what_is_done() -> None:
    one, two, three, four = numbered(
        video("one", singles(2)), video("two"), video("three", singles(1)), video("four")
    )
    first = Topic("begin", "Begin", "", (one, two))
    second = Topic("go-on", "Go on", "", (three,))
    third = Topic("end", "End", "", (four,))
    steps = (
        Step("1", "First", "", (), (), (first, second)),
        Step("2", "Second", "", (), (), (third,)),
    )
    seen = Progress(done=True, completed_at=datetime(2026, 2, 24, tzinfo=UTC))
    outline = Outline(
        Course(steps, "hash"),
        {"one": seen, "two": Progress(position_seconds=99), "four": seen, "gone": seen},
        Ledger({"three": AttemptResult("three", 1, 1, 1, 1, 15)}, {}, ["one"]),
    )
    rows = topic_rows(outline)
    assert [row.step for row in rows] == ["1", "2"]
    cells = [
        (cell.title, cell.href, cell.watched, cell.videos, cell.finished, cell.quizzes)
        for row in rows
        for cell in row.topics
    ]
    assert cells == [
        ("Begin", "/step/1#topic-1", 1, 2, 0, 1),
        ("Go on", "/step/1#topic-2", 0, 1, 1, 1),
        ("End", "/step/2#topic-1", 1, 1, 0, 0),
    ]
