"""The one place where points, totals, ranks, grades and streaks are decided. Pure functions."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Literal, TypeAlias, TypeVar

import msgspec

from portal.errors import Invalid

POINTS_RIGHT = 10
POINTS_FIRST_TRY = 5
POINTS_MAX = POINTS_RIGHT + POINTS_FIRST_TRY

Grade: TypeAlias = Literal["A", "B", "C", "D"]
GRADES: tuple[tuple[int, Grade], ...] = ((90, "A"), (66, "B"), (33, "C"))

RECENT_DAYS = 30

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

# Days of the week, from 1, Monday, to 7.
Week: TypeAlias = frozenset[int]
MONDAY_TO_FRIDAY: Week = frozenset(
    range(1, 6)
)  # of who is on no team, and of teams that say nothing
_SEVEN = frozenset(range(1, 8))


class AttemptResult(msgspec.Struct, frozen=True):
    """A completed attempt as the ledger knows it; `score` in points."""

    quiz_id: str
    attempt_number: int
    total_questions: int
    correct_answers: int
    first_try_correct: int
    score: int

    @property
    def max_score(self) -> int:
        return POINTS_MAX * self.total_questions


A = TypeVar("A", bound=AttemptResult)


class Ledger(msgspec.Struct, frozen=True):
    """What a person has to show: by quiz, the attempt that counts, and the ids of the questions
    whose first answer was wrong; and the quizzes begun and not finished, the latest first."""

    best: Mapping[str, AttemptResult]
    missed: Mapping[str, Collection[str]]
    open: list[str]


class Totals(msgspec.Struct, frozen=True):
    """Sums over one person's quizzes. `answered` and `correct` belong to the counted attempts,
    `first_answered` and `first_correct` to the first attempts."""

    score: int = 0
    quizzes_completed: int = 0
    answered: int = 0
    correct: int = 0
    first_answered: int = 0
    first_correct: int = 0


def points(*, correct: bool, first_ever_correct: bool) -> int:
    """Returns the points of one answer: 10 when it is right, and 5 more when the first answer that
    this learner ever committed to the question was right."""
    if not correct:
        return 0
    return POINTS_RIGHT + (POINTS_FIRST_TRY if first_ever_correct else 0)


def reachable(questions: Iterable[str], missed: Container[str]) -> int:
    """Returns the most points that these questions, named by their ids, can bring somebody whose
    first answers to the `missed` ones were wrong."""
    return sum(points(correct=True, first_ever_correct=each not in missed) for each in questions)


def best_attempt(attempts: Iterable[A]) -> A:
    """Returns the attempt that counts: most points, then most right answers, then the earliest."""
    return max(attempts, key=lambda a: (a.score, a.correct_answers, -a.attempt_number))


def best_by_quiz(attempts: Iterable[AttemptResult]) -> dict[str, AttemptResult]:
    """Returns quiz id → the attempt that counts."""
    best: dict[str, AttemptResult] = {}
    for attempt in attempts:
        known = best.get(attempt.quiz_id)
        best[attempt.quiz_id] = best_attempt((known, attempt)) if known else attempt
    return best


def totals(attempts: Collection[AttemptResult]) -> Totals:
    """Returns one person's sums over their completed attempts, in any order."""
    counted = best_by_quiz(attempts).values()
    first = [attempt for attempt in attempts if attempt.attempt_number == 1]
    return Totals(
        score=sum(attempt.score for attempt in counted),
        quizzes_completed=len(counted),
        answered=sum(attempt.total_questions for attempt in counted),
        correct=sum(attempt.correct_answers for attempt in counted),
        first_answered=sum(attempt.total_questions for attempt in first),
        first_correct=sum(attempt.correct_answers for attempt in first),
    )


def recent_since(now: datetime) -> datetime:
    """Returns when the period of recent gains begins: 30 times 24 hours ago.

    What somebody gained in it is the sum, over all quizzes, of the best score at its end less the
    best score at its beginning. An attempt gains what it adds to the best of the attempts before it
    at the same quiz, nothing when it is no better; so the gains of the attempts completed in the
    period add up to the same.
    """
    return now - timedelta(days=RECENT_DAYS)


def percentage(part: int, whole: int) -> int:
    """Returns a whole percentage, half up; 0 of nothing is 0."""
    return (200 * part + whole) // (2 * whole) if whole else 0


def rank(higher: int) -> int:
    """Returns the rank of someone above whom `higher` people stand: equal scores share a rank."""
    return higher + 1


def percentile(*, below: int, tied: int, ranked: int) -> int:
    """Returns the percentage of the other ranked people with a lower score, half up.

    `tied` counts the people with the same score, this one included. 100 when alone; 50 when all
    have the same score, because then nobody is above or below.
    """
    if ranked <= 1:
        return 100
    if tied == ranked:
        return 50
    return percentage(below, ranked - 1)


def grade(percentile_value: int) -> Grade:
    """Returns A from the 90th percentile, B from the 66th, C from the 33rd, else D."""
    return next((letter for least, letter in GRADES if percentile_value >= least), "D")


def check_working_days(days: Collection[int]) -> None:
    """Raise `Invalid` unless these are working days: one at least, and each from 1 to 7."""
    if not days or not _SEVEN.issuperset(days):
        sentence = "Working days are one to seven days, each from Monday to Sunday."
        raise Invalid(sentence, details={"days": sentence})


def is_working_day(day: date, week: Week = MONDAY_TO_FRIDAY) -> bool:
    """Returns whether a team with this week works on the day."""
    return day.isoweekday() in week


def previous_working_day(day: date, week: Week = MONDAY_TO_FRIDAY) -> date:
    """Returns the last working day before `day`."""
    day -= timedelta(days=1)
    while not is_working_day(day, week):
        day -= timedelta(days=1)
    return day


def in_order(week: Week) -> list[int]:
    """Returns the days as they follow each other in a week that begins after its longest time off,
    as Sunday does where Friday and Saturday are free; Monday is the first of equals."""

    def days_off_before(day: int) -> int:
        return next(off for off in range(7) if (day - off - 2) % 7 + 1 in week)

    first = max(sorted(week), key=days_off_before)
    return sorted(week, key=lambda day: (day - first) % 7)


def week_dates(week: Week, today: date) -> list[date]:
    """Returns the working days of the present week in their order; it begins after the longest time
    off."""
    days = in_order(week)
    begin = today - timedelta(days=(today.isoweekday() - days[0]) % 7)
    return [begin + timedelta(days=(day - days[0]) % 7) for day in days]


def days_in_words(week: Week) -> str:
    """Returns such as "Monday to Friday", "Monday, Tuesday and Friday", "Sundays", "every day"."""
    if week == _SEVEN:
        return "every day"
    days = in_order(week)
    if len(days) == 1:
        return f"{DAYS[days[0] - 1]}s"
    names = [DAYS[day - 1] for day in days]
    if len(days) > 2 and (days[-1] - days[0]) % 7 == len(days) - 1:
        return f"{names[0]} to {names[-1]}"
    return f"{', '.join(names[:-1])} and {names[-1]}"


def days_named(text: str) -> Week:
    """Returns the days that somebody means: "mon,wed,fri", "Sunday-Thursday", "mon-wed, sat".
    `Invalid` when one is no day of the week."""
    days: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        begin = _day_named(first)
        length = (_day_named(last) - begin) % 7 + 1 if dash else 1
        days.update((begin + offset - 1) % 7 + 1 for offset in range(length))
    return frozenset(days)


def _day_named(text: str) -> int:
    name = text.strip().lower()
    for number, day in enumerate(DAYS, 1):
        if name in (day.lower(), day[:3].lower()):
            return number
    sentence = (
        f"{text.strip() or 'Nothing'} is no day of the week. Use mon, tue, wed, thu, fri, sat, sun:"
        " single days with commas between them, such as mon,wed,fri, ranges such as sun-thu, or"
        " both."
    )
    raise Invalid(sentence, details={"days": sentence})


def longest_streak(active: Collection[date], week: Week = MONDAY_TO_FRIDAY) -> int:
    """Returns the most working days in a row that ever had activity."""
    days = sorted(day for day in set(active) if is_working_day(day, week))
    longest = length = 0
    last: date | None = None
    for day in days:
        length = length + 1 if last is not None and previous_working_day(day, week) == last else 1
        longest = max(longest, length)
        last = day
    return longest


def streak(active: Collection[date], today: date, week: Week = MONDAY_TO_FRIDAY) -> int:
    """Returns how many working days in a row, ending today or on the last working day before, had
    activity. Days off neither break nor add: a streak of Friday still stands on Monday morning."""
    days = active if isinstance(active, (set, frozenset)) else set(active)
    works = is_working_day(today, week)
    day = today if works and today in days else previous_working_day(today, week)
    length = 0
    while day in days:
        length += 1
        day = previous_working_day(day, week)
    return length
