"""Who does well and who needs the manager: four states with their reasons. Pure functions.

They are fixed rules over what a person did, not an inference about the person.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Literal, TypeAlias

import msgspec

from portal.scoring.rules import Week, is_working_day, percentage
from portal.web.formats import plural

Status: TypeAlias = Literal["needs attention", "at risk", "on track", "doing well"]

# By need: who comes first in the list.
STATUSES: tuple[Status, ...] = ("needs attention", "at risk", "on track", "doing well")

SILENT_DAYS = 10  # working days
QUIET_DAYS = 5
FEW_RIGHT = 50  # percent of first answers
MANY_RIGHT = 70
LAST_QUIZZES = 5


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the state of one person follows from.

    `last_active` and `today` are days in the person's own zone, `since` the day of the account
    being made; `week` the working days of the team. `recent_answered` and `recent_correct` are
    first answers in the last five quizzes taken for the first time.
    """

    today: date
    since: date
    last_active: date | None
    week: Week
    videos_completed: int
    videos_total: int
    quizzes_completed: int
    quizzes_total: int
    recent_quizzes: int
    recent_answered: int
    recent_correct: int
    median_completion: float

    @property
    def completion(self) -> int:
        """Watched videos of the course, in whole percent."""
        return percentage(self.videos_completed, self.videos_total)

    @property
    def complete(self) -> bool:
        """Whether every video is watched and every quiz finished."""
        return (
            self.videos_total > 0
            and self.videos_completed >= self.videos_total
            and self.quizzes_completed >= self.quizzes_total
        )


class State(msgspec.Struct, frozen=True):
    """A state, and in a sentence the values that it follows from."""

    status: Status
    reason: str


def working_days_since(day: date, today: date, week: Week) -> int:
    """Returns the number of working days after `day`, up to and including `today`."""
    weeks, rest = divmod(max(0, (today - day).days), 7)
    tail = (today - timedelta(days=offset) for offset in range(rest))
    return weeks * len(week) + sum(is_working_day(each, week) for each in tail)


def median(values: Sequence[int]) -> float:
    """Returns the median; of an even number the mean of the middle two; 0 of none."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    if not ordered:
        return 0.0
    if len(ordered) % 2:
        return float(ordered[middle])
    return (ordered[middle - 1] + ordered[middle]) / 2


def state_of(facts: Facts) -> State:
    """Returns the state of a person, by the first rule that applies:

    doing well: the path is complete · needs attention: no activity for 10 or more working days, or
    never in as many since the account was made · at risk: 5 to 9 such days, or fewer than half of
    the first answers right in the last five quizzes · doing well: active in the last 5 working
    days, completion at or above the team's median, and 70 % of those answers right · else on track.
    """
    idle = working_days_since(facts.last_active or facts.since, facts.today, facts.week)
    videos = f"{facts.videos_completed} of {plural(facts.videos_total, 'video')}"
    days = plural(idle, "working day")
    if facts.last_active is not None:
        silence = f"No activity for {days}; {videos}"
    else:
        silence = f"No activity yet, account {f'{days} old' if idle else 'of today'}; {videos}"
    # Rounded down, so that what is shown stands on the same side of the limits.
    answers = 100 * facts.recent_correct // max(1, facts.recent_answered)
    last = plural(facts.recent_quizzes, "quiz", "quizzes")
    quizzes = "the only quiz" if facts.recent_quizzes == 1 else f"the last {last}"
    accuracy = f"{answers}% of first answers right in {quizzes}"
    if facts.complete:
        return State("doing well", f"Path complete: {videos}, all quizzes finished")
    if idle >= SILENT_DAYS:
        return State("needs attention", silence)
    if idle >= QUIET_DAYS:
        return State("at risk", silence)
    if facts.recent_answered and 100 * facts.recent_correct < FEW_RIGHT * facts.recent_answered:
        return State("at risk", f"{accuracy}; {videos}")
    if (
        facts.last_active is not None
        and facts.completion >= facts.median_completion
        and facts.recent_answered
        and 100 * facts.recent_correct >= MANY_RIGHT * facts.recent_answered
    ):
        return State("doing well", f"Active in the last 5 working days; {accuracy}; {videos}")
    if facts.last_active is None:
        return State("on track", silence)
    return State(
        "on track", f"{accuracy}; {videos}" if facts.recent_quizzes else f"{videos}; no quiz yet"
    )


class Member(msgspec.Struct, frozen=True):
    """`id` is the external one."""

    id: str
    name: str
    role: str


class MemberRow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One person of a team, as the list, the exports and the API show them. `score_delta`: points
    gained in the period asked for, by default the last 168 hours. `logins7d`: days with a sign-in,
    of the last seven in the person's zone. `work_week_days`: whether there was activity, by working
    day of the present week in its order. Percents are whole numbers. `team_id` and `team_name` are
    null for somebody on no team."""

    member: Member
    current_score: int
    score_delta: int
    logins7d: int
    work_week_days: list[bool]
    quizzes_completed: int
    accuracy: int
    first_try_accuracy: int
    videos_completed: int
    completion_pct: int
    last_active_at: datetime | None
    status: Status
    status_reason: str
    team_id: str | None
    team_name: str | None
    steps_pct: dict[str, int]
    """Completion of each step by its id."""


class LeftRow(msgspec.Struct, frozen=True, rename="camel"):
    """Somebody who left the team in the period: moved to another, or was disabled."""

    member: Member
    left_at: datetime
    how: Literal["moved", "disabled"]


class Week12(msgspec.Struct, frozen=True, rename="camel"):
    """The present members at the end of a week: `score` is their total then, `gained` what they
    gained in it, `active` how many did something in it. `week` is such as "2026-W48"."""

    week: str
    score: int
    gained: int
    completion_pct: int
    active: int


class Totals(msgspec.Struct, frozen=True, rename="camel"):
    """`active_this_week`: members with activity since the week began. `states` counts by status."""

    members: int
    active_this_week: int
    score: int
    average_score: int
    gained: int
    completion_pct: int
    states: dict[str, int]


class Metrics(msgspec.Struct, frozen=True, rename="camel"):
    """A team, or with `team_id` "all" the whole company. Filters apply to `rows` alone. `team_id`
    and `team_name` are null for a manager who leads no team."""

    team_id: str | None
    team_name: str | None
    rows: list[MemberRow]
    totals: Totals
    trend: list[Week12]
    left: list[LeftRow]


def slug_of(status: Status) -> str:
    """Returns the status as it stands in addresses: "at-risk"."""
    return status.replace(" ", "-")


def status_named(text: str) -> Status | None:
    """Returns the status of an address or of a word; None for none that there is."""
    wanted = text.strip().lower().replace("-", " ")
    return next((status for status in STATUSES if status == wanted), None)


def need(row: MemberRow) -> tuple[int, str]:
    """Sorts by need, then by name."""
    return STATUSES.index(row.status), row.member.name.casefold()


def active_weekdays(days: Collection[date], week_dates: Sequence[date]) -> list[bool]:
    """Returns for each date of a week whether there was activity."""
    return [day in days for day in week_dates]
