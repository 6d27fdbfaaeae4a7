"""Points, best attempts, totals, ranks, grades and streaks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.accounts.rules import local_day
from portal.scoring import rules
from portal.scoring.rules import AttemptResult, Totals


def attempt(
    number: int, correct: int, first: int = 0, *, quiz: str = "a", total: int = 6
) -> AttemptResult:
    return AttemptResult(quiz, number, total, correct, first, 10 * correct + 5 * first)


attempts = st.builds(
    lambda quiz, number, correct, first: attempt(number, correct, min(first, correct), quiz=quiz),
    st.sampled_from(["a", "b", "c"]),
    st.integers(1, 6),
    st.integers(0, 6),
    st.integers(0, 6),
)
histories = st.lists(attempts, max_size=12, unique_by=lambda a: (a.quiz_id, a.attempt_number))
days = st.dates(date(2025, 12, 1), date(2026, 3, 31))
scores = st.lists(st.integers(0, 9).map(lambda n: 15 * n), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("correct", "first", "expected"),
    [(True, True, 15), (True, False, 10), (False, True, 0), (False, False, 0)],
)
def test_points_of_an_answer(correct: bool, first: bool, expected: int) -> None:
    assert rules.points(correct=correct, first_ever_correct=first) == expected


def test_the_best_attempt_has_most_points_then_most_right_then_is_the_earliest() -> None:
    more_right = AttemptResult("a", 2, 6, 3, 0, 30)
    fewer_right = AttemptResult("a", 1, 6, 2, 2, 30)
    assert rules.best_attempt([fewer_right, more_right]) == more_right
    assert rules.best_attempt([attempt(1, 2), attempt(2, 3)]).attempt_number == 2
    assert rules.best_attempt([attempt(3, 2), attempt(2, 2)]).attempt_number == 2


@given(histories)
def test_one_attempt_counts_per_quiz_and_none_beats_it(history: list[AttemptResult]) -> None:
    best = rules.best_by_quiz(history)
    assert best.keys() == {a.quiz_id for a in history}
    for entry in history:
        counted = best[entry.quiz_id]
        assert (counted.score, counted.correct_answers) >= (entry.score, entry.correct_answers)
        if (counted.score, counted.correct_answers) == (entry.score, entry.correct_answers):
            assert counted.attempt_number <= entry.attempt_number


@given(histories, st.randoms())
def test_totals_do_not_depend_on_the_order(history: list[AttemptResult], dice: object) -> None:
    shuffled = list(history)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert rules.totals(shuffled) == rules.totals(history)


@given(histories, attempts)
def test_another_attempt_never_lowers_a_total(
    history: list[AttemptResult], more: AttemptResult
) -> None:
    taken = {a.attempt_number for a in history if a.quiz_id == more.quiz_id}
    later = AttemptResult(
        more.quiz_id,
        max(taken, default=0) + 1,
        more.total_questions,
        more.correct_answers,
        more.first_try_correct,
        more.score,
    )
    before, after = rules.totals(history), rules.totals([*history, later])
    assert after.score >= before.score
    assert after.quizzes_completed == before.quizzes_completed + (not taken)


def test_totals_of_a_history() -> None:
    history = [
        attempt(1, 3, 3),
        attempt(2, 6, 3),
        attempt(3, 1, 1),
        attempt(1, 2, 2, quiz="b", total=4),
    ]
    assert rules.totals(history) == Totals(
        score=75 + 30,
        quizzes_completed=2,
        answered=10,
        correct=8,
        first_answered=10,
        first_correct=5,
    )
    assert rules.totals([]) == Totals()


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (0, 0, 0),
        (0, 7, 0),
        (7, 7, 100),
        (1, 8, 13),
        (1, 200, 1),
        (1, 201, 0),
        (2, 3, 67),
        (5, 8, 63),
    ],
)
def test_percent_is_rounded_half_up(part: int, whole: int, expected: int) -> None:
    assert rules.percentage(part, whole) == expected


@given(st.integers(0, 10_000), st.integers(1, 10_000))
def test_percent_is_the_nearest_whole(part: int, whole: int) -> None:
    part = min(part, whole)
    exact = Fraction(100 * part, whole)
    assert Fraction(-1, 2) < rules.percentage(part, whole) - exact <= Fraction(1, 2)


@given(scores)
def test_ranks_and_percentiles_follow_the_scores(everybody: list[int]) -> None:
    def placed(mine: int) -> tuple[int, int]:
        below = sum(score < mine for score in everybody)
        tied = everybody.count(mine)
        higher = len(everybody) - below - tied
        percentile = rules.percentile(below=below, tied=tied, ranked=len(everybody))
        return rules.rank(higher), percentile

    ordered = sorted(set(everybody), reverse=True)
    places = [placed(score) for score in ordered]
    assert places[0][0] == 1
    for (rank, percentile), (next_rank, next_percentile), score in zip(
        places, places[1:], ordered, strict=False
    ):
        assert next_rank == rank + everybody.count(score)
        assert next_percentile <= percentile
    assert all(0 <= percentile <= 100 for _, percentile in places)
    if len(everybody) > 1 and everybody.count(ordered[0]) == 1:
        assert places[0][1] == 100
    if len(ordered) > 1:
        assert places[-1][1] == 0


def test_percentiles_at_the_edges() -> None:
    assert rules.percentile(below=0, tied=1, ranked=1) == 100
    assert rules.percentile(below=0, tied=5, ranked=5) == 50
    assert rules.percentile(below=0, tied=4, ranked=5) == 0
    assert rules.percentile(below=1, tied=1, ranked=3) == 50
    assert rules.percentile(below=1, tied=1, ranked=9) == 13
    assert rules.percentile(below=0, tied=0, ranked=0) == 100


@pytest.mark.parametrize(
    ("percentile", "grade"),
    [(100, "A"), (90, "A"), (89, "B"), (66, "B"), (65, "C"), (33, "C"), (32, "D"), (0, "D")],
)
def test_grades(percentile: int, grade: str) -> None:
    assert rules.grade(percentile) == grade


MONDAY = date(2026, 2, 23)
FRIDAY = date(2026, 2, 27)


def back(*steps: int, since: date = FRIDAY) -> set[date]:
    return {since - timedelta(days=step) for step in steps}


@pytest.mark.parametrize(
    ("active", "today", "expected"),
    [
        (set(), FRIDAY, 0),
        (back(0), FRIDAY, 1),
        (back(0, 1, 2), FRIDAY, 3),
        (back(0, 1, 3), FRIDAY, 2),
        # today may still come
        (back(1, 2), FRIDAY, 2),
        (back(2, 3), FRIDAY, 0),
        # the weekend neither breaks nor adds
        (back(0, 1), FRIDAY + timedelta(days=1), 2),
        (back(0, 1), FRIDAY + timedelta(days=2), 2),
        (back(0, 1), FRIDAY + timedelta(days=3), 2),
        (back(0, 1), FRIDAY + timedelta(days=4), 0),
        (back(0, 1) | {FRIDAY + timedelta(days=1)}, FRIDAY + timedelta(days=2), 2),
        ({FRIDAY + timedelta(days=1)}, FRIDAY + timedelta(days=1), 0),
        (back(0, 3, 4, since=MONDAY), MONDAY, 3),
        # a day that has not come yet counts for nothing
        (back(0, -1, -2, since=MONDAY), MONDAY, 1),
    ],
)
def test_streaks(active: set[date], today: date, expected: int) -> None:
    assert rules.streak(active, today) == expected
    assert rules.streak(sorted(active), today) == expected


@given(st.sets(days, max_size=60), days)
def test_a_streak_is_a_row_of_working_days(active: set[date], today: date) -> None:
    length = rules.streak(active, today)
    working = [d for d in (today - timedelta(days=n) for n in range(300)) if d.weekday() < 5]
    if not (today.weekday() < 5 and today in active) and working[0] == today:
        working = working[1:]
    assert all(day in active for day in working[:length])
    assert working[length] not in active


@given(st.sets(days, max_size=60), days)
def test_weekends_never_change_a_streak(active: set[date], today: date) -> None:
    weekdays = {day for day in active if day.weekday() < 5}
    assert rules.streak(active, today) == rules.streak(weekdays, today)
    if today.weekday() == 5:
        assert rules.streak(active, today) == rules.streak(active, today + timedelta(days=1))


@given(st.sets(days, max_size=60), days)
def test_being_active_today_adds_a_day_or_keeps_it(active: set[date], today: date) -> None:
    before, after = rules.streak(active, today), rules.streak(active | {today}, today)
    added = today.weekday() < 5 and today not in active
    assert after == before + added


@pytest.mark.parametrize(
    ("moment", "zone", "expected"),
    [
        (datetime(2026, 2, 24, 23, 30, tzinfo=UTC), "UTC", date(2026, 2, 24)),
        (datetime(2026, 2, 24, 23, 30, tzinfo=UTC), "Asia/Tokyo", date(2026, 2, 25)),
        (datetime(2026, 2, 24, 4, 30, tzinfo=UTC), "America/New_York", date(2026, 2, 23)),
        (datetime(2026, 2, 24, 18, 29, tzinfo=UTC), "Asia/Kolkata", date(2026, 2, 24)),
        (datetime(2026, 2, 24, 18, 30, tzinfo=UTC), "Asia/Kolkata", date(2026, 2, 25)),
        # clocks go forward on 29 March and back on 25 October in Berlin
        (datetime(2026, 3, 28, 22, 59, tzinfo=UTC), "Europe/Berlin", date(2026, 3, 28)),
        (datetime(2026, 3, 28, 23, 0, tzinfo=UTC), "Europe/Berlin", date(2026, 3, 29)),
        (datetime(2026, 3, 29, 21, 59, tzinfo=UTC), "Europe/Berlin", date(2026, 3, 29)),
        (datetime(2026, 3, 29, 22, 0, tzinfo=UTC), "Europe/Berlin", date(2026, 3, 30)),
        (datetime(2026, 10, 25, 22, 30, tzinfo=UTC), "Europe/Berlin", date(2026, 10, 25)),
        (datetime(2026, 10, 25, 23, 0, tzinfo=UTC), "Europe/Berlin", date(2026, 10, 26)),
    ],
)
def test_the_day_of_a_moment(moment: datetime, zone: str, expected: date) -> None:
    assert local_day(moment, zone) == expected


@given(st.timedeltas(timedelta(0), timedelta(days=1000)))
def test_a_day_of_the_clock_change_is_one_day(passed_since: timedelta) -> None:
    """26 hours later it is the next day or the one after it, never the same and never earlier."""
    moment = datetime(2025, 1, 1, tzinfo=UTC) + passed_since
    for zone in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"):
        passed = local_day(moment + timedelta(hours=26), zone) - local_day(moment, zone)
        assert timedelta(days=1) <= passed <= timedelta(days=2)
