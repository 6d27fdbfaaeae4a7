"""The four states, rule by rule, at the edges of each."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest

from portal.manager.rules import (
    Facts,
    Status,
    median,
    slug_of,
    state_of,
    status_named,
    working_days_since,
)
from portal.scoring.rules import MONDAY_TO_FRIDAY, Week

MONDAY = date(2026, 11, 23)
SUNDAY_TO_THURSDAY: Week = frozenset({7, 1, 2, 3, 4})

# Somebody who does well: active today, at the median, three of four right.
WELL = Facts(
    today=MONDAY,
    since=date(2026, 1, 5),
    last_active=MONDAY,
    week=MONDAY_TO_FRIDAY,
    videos_completed=30,
    videos_total=60,
    quizzes_completed=10,
    quizzes_total=60,
    recent_quizzes=5,
    recent_answered=20,
    recent_correct=14,
    median_completion=50.0,
)
NOTHING_TAKEN = {"recent_quizzes": 0, "recent_answered": 0, "recent_correct": 0}
FINISHED = {"videos_completed": 60, "quizzes_completed": 60}
NEVER = {"last_active": None, "videos_completed": 0, **NOTHING_TAKEN}


def state(**changes: object) -> tuple[Status, str]:
    found = state_of(msgspec.structs.replace(WELL, **changes))
    return found.status, found.reason


def ago(working_days: int) -> date:
    """The last day after which there were so many working days up to MONDAY, Monday included."""
    weeks, rest = divmod(working_days, 5)
    return MONDAY - timedelta(days=7 * weeks + (rest + 2 if rest else 0))


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "doing well"),
        # 1: the path is complete, whatever else
        (FINISHED, "doing well"),
        (FINISHED | {"last_active": ago(40), "recent_correct": 0}, "doing well"),
        (FINISHED | {"quizzes_completed": 59, "last_active": ago(40)}, "needs attention"),
        (FINISHED | {"videos_completed": 59, "last_active": ago(40)}, "needs attention"),
        # 2: ten working days without activity
        ({"last_active": ago(10)}, "needs attention"),
        ({"last_active": ago(10), "recent_correct": 0}, "needs attention"),
        (NEVER | {"since": ago(10)}, "needs attention"),
        # 3: five to nine, or fewer than half right
        ({"last_active": ago(9)}, "at risk"),
        ({"last_active": ago(5)}, "at risk"),
        (NEVER | {"since": ago(9)}, "at risk"),
        (NEVER | {"since": ago(5)}, "at risk"),
        ({"recent_correct": 9}, "at risk"),
        ({"recent_correct": 0}, "at risk"),
        ({"recent_answered": 4, "recent_correct": 1, "recent_quizzes": 1}, "at risk"),
        # 4: active, at the median, 70 % right
        ({"last_active": ago(4)}, "doing well"),
        ({"median_completion": 50.5}, "on track"),
        ({"recent_correct": 13}, "on track"),
        ({"recent_correct": 10}, "on track"),
        # 5: what is left
        (NOTHING_TAKEN, "on track"),
        (NEVER | {"since": ago(4)}, "on track"),
        (NEVER | {"since": MONDAY, "median_completion": 0.0}, "on track"),
        # a course without anything is not complete, nor divides by nothing
        (NOTHING_TAKEN | {"videos_total": 0, "videos_completed": 0}, "on track"),
    ],
)
def test_the_first_rule_that_applies(changes: dict[str, object], status: Status) -> None:
    assert state(**changes)[0] == status


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"last_active": ago(12)}, "No activity for 12 working days; 30 of 60 videos"),
        ({"last_active": ago(5)}, "No activity for 5 working days; 30 of 60 videos"),
        (
            NEVER | {"since": ago(11)},
            "No activity yet, account 11 working days old; 0 of 60 videos",
        ),
        (NEVER | {"since": ago(1)}, "No activity yet, account 1 working day old; 0 of 60 videos"),
        (NEVER | {"since": MONDAY}, "No activity yet, account of today; 0 of 60 videos"),
        (
            {"recent_correct": 9},
            "45% of first answers right in the last 5 quizzes; 30 of 60 videos",
        ),
        (
            {"recent_quizzes": 1, "recent_answered": 4, "recent_correct": 1},
            "25% of first answers right in the only quiz; 30 of 60 videos",
        ),
        (
            {"recent_answered": 201, "recent_correct": 100},
            "49% of first answers right in the last 5 quizzes; 30 of 60 videos",
        ),
        (FINISHED, "Path complete: 60 of 60 videos, all quizzes finished"),
        (
            {},
            "Active in the last 5 working days; 70% of first answers right in the last 5 quizzes;"
            " 30 of 60 videos",
        ),
        (NOTHING_TAKEN, "30 of 60 videos; no quiz yet"),
    ],
)
def test_the_reason_shows_the_values(changes: dict[str, object], reason: str) -> None:
    assert state(**changes)[1] == reason


@pytest.mark.parametrize(
    ("day", "today", "week", "days"),
    [
        (MONDAY, MONDAY, MONDAY_TO_FRIDAY, 0),
        (date(2026, 11, 20), MONDAY, MONDAY_TO_FRIDAY, 1),  # Friday
        (date(2026, 11, 21), MONDAY, MONDAY_TO_FRIDAY, 1),  # Saturday
        (date(2026, 11, 20), date(2026, 11, 22), MONDAY_TO_FRIDAY, 0),  # Sunday: the weekend
        (date(2026, 11, 9), MONDAY, MONDAY_TO_FRIDAY, 10),
        (date(2026, 11, 19), MONDAY, SUNDAY_TO_THURSDAY, 2),  # Thursday, then Sunday and Monday
        (date(2025, 11, 23), MONDAY, MONDAY_TO_FRIDAY, 261),
        (MONDAY, MONDAY, frozenset({3}), 0),
        (date(2026, 11, 17), MONDAY, frozenset({3}), 1),
        (date(2026, 11, 24), MONDAY, MONDAY_TO_FRIDAY, 0),  # already tomorrow somewhere
    ],
)
def test_working_days_are_those_of_the_team(day: date, today: date, week: Week, days: int) -> None:
    assert working_days_since(day, today, week) == days


@pytest.mark.parametrize(
    ("values", "middle"), [([], 0), ([7], 7), ([1, 9], 5), ([9, 1, 2], 2), ([1, 2, 3, 9], 2.5)]
)
def test_the_median(values: list[int], middle: float) -> None:
    assert median(values) == middle


def test_a_state_in_an_address() -> None:
    assert slug_of("needs attention") == "needs-attention"
    assert status_named("At-Risk") == status_named("at risk") == "at risk"
    assert status_named("risky") is None
