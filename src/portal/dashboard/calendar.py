"""The streak calendar and the grid of topics. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import Literal, TypeAlias

import msgspec

from portal.learning.outline import Outline
from portal.quiz.kpis import Figures
from portal.scoring.rules import longest_streak
from portal.web.formats import plural

WEEKS = 4
WORKING_DAYS = 5

DayState: TypeAlias = Literal["active", "none", "ahead"]


class Day(msgspec.Struct, frozen=True):
    """`name` is the day in words for those who do not see the square."""

    name: str
    state: DayState
    today: bool


class Week(msgspec.Struct, frozen=True):
    label: str
    days: list[Day]


class StreakCard(msgspec.Struct, frozen=True):
    heading: str
    longest: str | None
    weeks: list[Week]
    summary: str
    rule: str


class TopicCell(msgspec.Struct, frozen=True):
    title: str
    href: str
    watched: int
    videos: int
    finished: int
    quizzes: int


class TopicRow(msgspec.Struct, frozen=True):
    step: str
    topics: list[TopicCell]


def _day(day: date, active: Collection[date], today: date) -> Day:
    state: DayState = "active" if day in active else ("ahead" if day > today else "none")
    return Day(f"{day:%A} {day.day} {day:%B}", state, day == today)


def streak_card(figures: Figures) -> StreakCard:
    """Returns the last four weeks, Monday to Friday, the present one last."""
    today, active = figures.today, figures.active
    monday = today - timedelta(days=today.weekday())
    weeks = []
    for number in range(WEEKS - 1, -1, -1):
        start = monday - timedelta(weeks=number)
        days = [_day(start + timedelta(days=n), active, today) for n in range(WORKING_DAYS)]
        weeks.append(Week(f"{start.day} {start:%b}", days))
    shown = sum(day.state == "active" for week in weeks for day in week.days)
    length, longest = figures.kpis.streak, longest_streak(active)
    return StreakCard(
        heading=f"{plural(length, 'working day')} in a row" if length else "Start a streak today",
        longest=f"longest {longest}" if longest > length else None,
        weeks=weeks,
        summary=f"{plural(shown, 'working day')} with activity in the last four weeks",
        rule="A working day counts with a sign-in or any activity. Weekends never break a streak.",
    )


def topic_rows(outline: Outline) -> list[TopicRow]:
    """Returns every topic by step, with what is watched and finished."""
    return [
        TopicRow(
            step.id,
            [
                TopicCell(
                    title=topic.title,
                    href=outline.href(step)
                    if outline.locks.of(step)
                    else f"/step/{step.id}#topic-{number}",
                    watched=outline.watched(topic.videos),
                    videos=len(topic.videos),
                    finished=outline.quizzes(topic.videos),
                    quizzes=sum(video.quiz is not None for video in topic.videos),
                )
                for number, topic in enumerate(step.topics, 1)
            ],
        )
        for step in outline.course.steps
    ]
