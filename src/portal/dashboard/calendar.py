"""The streak calendar. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import Literal, TypeAlias

import msgspec

from portal.quiz.kpis import LearnerFigures
from portal.scoring.rules import (
    DAYS,
    MONDAY_TO_FRIDAY,
    Week,
    days_in_words,
    longest_streak,
    week_dates,
)
from portal.web.formats import number, plural

WEEKS = 4

DayState: TypeAlias = Literal["active", "none", "ahead"]


class Day(msgspec.Struct, frozen=True):
    """`name` is the day in words for those who do not see the square."""

    name: str
    state: DayState
    today: bool


class WeekRow(msgspec.Struct, frozen=True):
    label: str
    days: list[Day]


class StreakCard(msgspec.Struct, frozen=True):
    """`columns` are the working days as they follow each other, in three letters."""

    heading: str
    longest: str | None
    columns: list[str]
    weeks: list[WeekRow]
    summary: str
    rule: str


def _day(day: date, active: Collection[date], today: date) -> Day:
    state: DayState = "active" if day in active else ("ahead" if day > today else "none")
    return Day(f"{day:%A} {day.day} {day:%B}", state, day == today)


def streak_rule(week: Week) -> str:
    rule = "A working day counts with a sign-in or any activity."
    if week == MONDAY_TO_FRIDAY:
        return f"{rule} Weekends never break a streak."
    if len(week) == len(DAYS):
        return f"{rule} Your team works every day."
    return f"{rule} Your team works {days_in_words(week)}; other days never break a streak."


def streak_figure_rule(week: Week) -> str:
    if len(week) == len(DAYS):
        return "Days in a row with a sign-in or an answer: your team works every day."
    others = "Weekends" if week == MONDAY_TO_FRIDAY else "Other days"
    words = days_in_words(week)
    return f"Working days, {words}, with a sign-in or an answer. {others} never break it."


def _streak_heading(length: int) -> str:
    if not length:
        return "Start a streak today"
    return "A streak of 1 working day" if length == 1 else f"{number(length)} working days in a row"


def streak_card(figures: LearnerFigures) -> StreakCard:
    """Returns the last four weeks of working days, the present one last. A week begins after the
    longest time off."""
    today, active, week = figures.today, figures.active, figures.week
    present = week_dates(week, today)
    weeks = []
    for ago in range(WEEKS - 1, -1, -1):
        dates = [day - timedelta(weeks=ago) for day in present]
        label = f"{dates[0].day} {dates[0]:%b}"
        weeks.append(WeekRow(label, [_day(d, active, today) for d in dates]))
    shown = sum(day.state == "active" for row in weeks for day in row.days)
    length, longest = figures.kpis.streak, longest_streak(active, week)
    return StreakCard(
        heading=_streak_heading(length),
        longest=f"longest {longest}" if longest > length else None,
        columns=[DAYS[day.weekday()][:3] for day in present],
        weeks=weeks,
        summary=f"{plural(shown, 'working day')} with activity in the last four weeks",
        rule=streak_rule(week),
    )
