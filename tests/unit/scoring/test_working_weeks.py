"""Weeks other than Monday to Friday: streaks, what they are called, and the calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.dashboard.calendar import streak_card, streak_figure_rule, streak_rule
from portal.errors import Invalid
from portal.quiz.kpis import LearnerFigures
from portal.scoring import rules
from portal.scoring.rules import DAYS, MONDAY_TO_FRIDAY, Week
from tests.unit.dashboard.test_calendar import NOBODY

MONDAY = date(2026, 2, 23)
SUNDAY_TO_THURSDAY: Week = frozenset({7, 1, 2, 3, 4})
SIX_DAYS: Week = frozenset(range(1, 7))
ALWAYS: Week = frozenset(range(1, 8))
WEDNESDAYS: Week = frozenset({3})
weeks = st.frozensets(st.integers(1, 7), min_size=1)
days = st.dates(date(2025, 12, 1), date(2026, 4, 30))


def since(*offsets: int) -> set[date]:
    """Returns the days so many days after Monday, 23 February."""
    return {MONDAY + timedelta(days=offset) for offset in offsets}


@pytest.mark.parametrize(
    ("week", "active", "today", "expected"),
    [
        # Friday and Saturday are free
        (SUNDAY_TO_THURSDAY, since(0, 1, 2, 3), 3, 4),
        (SUNDAY_TO_THURSDAY, since(0, 1, 2, 3), 4, 4),
        (SUNDAY_TO_THURSDAY, since(0, 1, 2, 3), 6, 4),  # Sunday may still come
        (SUNDAY_TO_THURSDAY, since(0, 1, 2, 3), 7, 0),
        (SUNDAY_TO_THURSDAY, since(0, 1, 2, 3, 6), 6, 5),
        (SUNDAY_TO_THURSDAY, since(0, 1, 2, 3, 4, 5), 5, 4),
        (SUNDAY_TO_THURSDAY, since(4, 5), 5, 0),
        # six days: Saturday is one more
        (SIX_DAYS, since(3, 4, 5), 6, 3),
        (SIX_DAYS, since(3, 4, 5), 7, 3),
        (SIX_DAYS, since(3, 4), 7, 0),
        (SIX_DAYS, since(3, 4, 5, 7), 7, 4),
        # seven days: nothing is free
        (ALWAYS, since(3, 4, 5, 6), 6, 4),
        (ALWAYS, since(3, 4), 6, 0),
        # one day a week
        (WEDNESDAYS, since(2, -5, -12), 2, 3),
        (WEDNESDAYS, since(-5, -12), 2, 2),
        (WEDNESDAYS, since(-5, -12), 3, 0),
        (WEDNESDAYS, since(2, -12), 8, 1),
        (WEDNESDAYS, since(0, 1, 3, 4), 4, 0),
        # with a day off in the middle
        (frozenset({1, 2, 4, 5}), since(0, 1, 3, 4), 4, 4),
        (frozenset({1, 2, 4, 5}), since(0, 1, 3), 4, 3),
        (MONDAY_TO_FRIDAY, since(3, 4), 7, 2),
    ],
)
def test_streaks(week: Week, active: set[date], today: int, expected: int) -> None:
    day = MONDAY + timedelta(days=today)
    assert rules.streak(active, day, week) == expected
    assert rules.longest_streak(active, week) >= expected


@given(weeks, st.sets(days, max_size=60), days)
def test_a_streak_is_a_row_of_the_team_s_days(week: Week, active: set[date], today: date) -> None:
    length = rules.streak(active, today, week)
    working = [d for d in (today - timedelta(days=n) for n in range(600)) if d.isoweekday() in week]
    if working[0] == today and today not in active:
        working = working[1:]
    assert all(day in active for day in working[:length])
    assert working[length] not in active
    counted = {day for day in active if day.isoweekday() in week}
    assert rules.streak(counted, today, week) == length <= rules.longest_streak(active, week)


@pytest.mark.parametrize(
    ("week", "order", "words"),
    [
        ({1, 2, 3, 4, 5}, [1, 2, 3, 4, 5], "Monday to Friday"),
        ({7, 1, 2, 3, 4}, [7, 1, 2, 3, 4], "Sunday to Thursday"),
        ({6, 7, 1, 2, 3}, [6, 7, 1, 2, 3], "Saturday to Wednesday"),
        ({1, 2, 3, 4, 5, 6}, [1, 2, 3, 4, 5, 6], "Monday to Saturday"),
        ({7, 1, 2, 3, 4, 5}, [7, 1, 2, 3, 4, 5], "Sunday to Friday"),
        ({1, 2, 3, 4, 5, 6, 7}, [1, 2, 3, 4, 5, 6, 7], "every day"),
        ({3}, [3], "Wednesdays"),
        ({1, 2}, [1, 2], "Monday and Tuesday"),
        ({6, 7}, [6, 7], "Saturday and Sunday"),
        ({7, 1}, [7, 1], "Sunday and Monday"),
        ({1, 3, 5}, [1, 3, 5], "Monday, Wednesday and Friday"),
        ({1, 2, 4, 5}, [1, 2, 4, 5], "Monday, Tuesday, Thursday and Friday"),
        ({2, 3, 4}, [2, 3, 4], "Tuesday to Thursday"),
        ({5, 6, 7, 1}, [5, 6, 7, 1], "Friday to Monday"),
    ],
)
def test_a_week_begins_after_its_time_off(week: set[int], order: list[int], words: str) -> None:
    assert rules.in_order(frozenset(week)) == order
    assert rules.days_in_words(frozenset(week)) == words
    assert words in streak_figure_rule(frozenset(week))
    assert len(week) == 5 or words in streak_rule(frozenset(week))


@pytest.mark.parametrize(
    ("text", "week"),
    [
        ("mon,tue,wed,thu,fri", {1, 2, 3, 4, 5}),
        ("Mon, WED ,friday", {1, 3, 5}),
        ("sun-thu", {7, 1, 2, 3, 4}),
        ("Sunday - Thursday", {7, 1, 2, 3, 4}),
        ("mon-wed,sat", {1, 2, 3, 6}),
        ("wed", {3}),
        ("wed,wed", {3}),
        ("mon-sun", {1, 2, 3, 4, 5, 6, 7}),
        ("thu-wed", {1, 2, 3, 4, 5, 6, 7}),
        ("mon-mon", {1}),
    ],
)
def test_days_that_somebody_names(text: str, week: set[int]) -> None:
    assert rules.days_named(text) == week


@pytest.mark.parametrize(
    "text", ["", ",", "mon,", "mo", "monday-", "mon-tue-wed", "1,2", "mon tue"]
)
def test_what_names_no_day_is_told(text: str) -> None:
    with pytest.raises(Invalid, match=r"is no day of the week\. Use .*commas.*such as sun-thu"):
        rules.days_named(text)


@pytest.mark.parametrize("wrong", [[], [0], [8], [1, 9], [-1]])
def test_no_day_and_other_numbers_are_no_working_days(wrong: list[int]) -> None:
    with pytest.raises(Invalid, match="one to seven days"):
        rules.check_working_days(wrong)
    rules.check_working_days([7])


@given(weeks, st.sets(days, max_size=60), days)
def test_the_calendar_has_a_column_for_each_day(week: Week, active: set[date], today: date) -> None:
    working = frozenset(day for day in active if day.isoweekday() in week)
    shown = streak_card(LearnerFigures(NOBODY, working, today, week))
    order = rules.in_order(week)
    assert shown.columns == [DAYS[day - 1][:3] for day in order]
    assert len(shown.weeks) == 4
    squares = [day for row in shown.weeks for day in row.days]
    assert len(squares) == 4 * len(week)
    # every working day of the last three weeks is there, in order, and today if it is one
    expected = [
        d for d in (today - timedelta(days=n) for n in range(21, -1, -1)) if d.isoweekday() in week
    ]
    names = [f"{day:%A} {day.day} {day:%B}" for day in expected]
    assert [square.name for square in squares if square.name in names] == names
    assert sum(square.today for square in squares) == (today.isoweekday() in week)
    assert [d for row in shown.weeks for d in row.days if d.state == "ahead" and d.today] == []
    for row in shown.weeks:
        assert [day.name.split()[0] for day in row.days] == [DAYS[day - 1] for day in order]


def test_a_week_from_sunday_on() -> None:
    shown = streak_card(LearnerFigures(NOBODY, frozenset(since(-1, 0)), MONDAY, SUNDAY_TO_THURSDAY))
    assert shown.columns == ["Sun", "Mon", "Tue", "Wed", "Thu"]
    assert [row.label for row in shown.weeks] == ["1 Feb", "8 Feb", "15 Feb", "22 Feb"]
    assert [day.state for day in shown.weeks[-1].days] == ["active", "active", *["ahead"] * 3]
    assert shown.rule.endswith(
        "Your team works Sunday to Thursday; other days never break a streak."
    )
