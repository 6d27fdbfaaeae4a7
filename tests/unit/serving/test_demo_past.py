"""What the demo people did: believable on whatever day it is made. Pure: no database."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from portal.accounts.demo import ACCOUNTS, STARTS_AFRESH
from portal.learning.course import Course
from portal.manager.rules import LAST_QUIZZES, Facts, State, median, state_of
from portal.quiz.rules import is_correct, normal_choices
from portal.scoring.rules import MONDAY_TO_FRIDAY, Week, percentage, points
from portal.serving.history.answers import odd_questions
from portal.serving.history.past import Past
from portal.serving.history.personas import PERSONAS, WEEKS
from portal.serving.history.planner import past_of
from tests.support import COURSE

DESIGNED = {persona.id: persona.state for persona in PERSONAS}
TEAMS = {account.id: account.team for account in ACCOUNTS}
SATURDAY = datetime(2026, 11, 28, 10, 30, tzinfo=UTC)
SUNDAY_TO_THURSDAY = frozenset({7, 1, 2, 3, 4})


def pasts(
    now: datetime,
    *,
    course: Course = COURSE,
    zone: str = "UTC",
    week: Week = MONDAY_TO_FRIDAY,
) -> dict[str, Past]:
    return {each.id: past_of(each, course, now, ZoneInfo(zone), week) for each in PERSONAS}


def completion(past: Past, course: Course) -> int:
    return percentage(sum(each.done for each in past.watched), len(course.ordered))


def facts_of(past: Past, team: list[Past], today: date, course: Course, week: Week) -> Facts:
    first = [each for each in past.attempts if each.number == 1 and each.completed_at]
    recent = first[-LAST_QUIZZES:]
    return Facts(
        today=today,
        since=past.created_at.date(),
        last_active=max(past.days, default=None),
        week=week,
        videos_completed=sum(each.done for each in past.watched),
        videos_total=len(course.ordered),
        quizzes_completed=len(first),
        quizzes_total=len(course.quizzes),
        recent_quizzes=len(recent),
        recent_answered=sum(each.total for each in recent),
        recent_correct=sum(each.correct for each in recent),
        median_completion=median([completion(member, course) for member in team]),
    )


def states(
    made: Mapping[str, Past], today: date, course: Course = COURSE, week: Week = MONDAY_TO_FRIDAY
) -> dict[str, State]:
    teams = defaultdict(list)
    for name, past in made.items():
        teams[TEAMS[name]].append(past)
    return {
        name: state_of(facts_of(past, teams[TEAMS[name]], today, course, week))
        for name, past in made.items()
    }


@pytest.mark.parametrize("week", [MONDAY_TO_FRIDAY, SUNDAY_TO_THURSDAY], ids=["mon-fri", "sun-thu"])
@pytest.mark.parametrize("hour", [0, 9, 23])
def test_every_state_is_as_designed_on_each_of_14_days(hour: int, week: Week) -> None:
    for offset in range(14):
        now = SATURDAY.replace(hour=hour, minute=12) + timedelta(days=offset)
        found = states(pasts(now, week=week), now.date(), week=week)
        wrong = {name: each for name, each in found.items() if each.status != DESIGNED[name]}
        assert not wrong, f"{now:%A %H:%M}"


def test_nothing_happens_before_the_account_or_in_the_future() -> None:
    for zone in ("UTC", "Pacific/Auckland", "America/Los_Angeles"):
        for hour, offset in itertools.product((0, 5, 14), range(7)):
            now = SATURDAY.replace(hour=hour, minute=7) + timedelta(days=offset)
            for name, past in pasts(now, zone=zone).items():
                moments = [
                    *(each.at for each in past.watched),
                    *(each.at for taken in past.attempts for each in taken.answers),
                    *(taken.completed_at for taken in past.attempts if taken.completed_at),
                    *(at for _, at in past.ticks),
                    *(each.until for each in past.sign_ins),
                    *(each.at for each in past.reports),
                ]
                assert all(past.created_at < each < now for each in moments), name
                local = {each.astimezone(ZoneInfo(zone)).date() for each in moments}
                assert local == set(past.days), name


def test_it_is_the_same_all_day_and_for_everybody_a_past_of_their_own() -> None:
    first, again = pasts(SATURDAY), pasts(SATURDAY)
    assert first == again
    evening = pasts(SATURDAY.replace(hour=22))
    assert {name: past.attempts for name, past in first.items()} == {
        name: past.attempts for name, past in evening.items()
    }, "a day off: nothing is told of today"
    assert len({tuple(past.days) for past in first.values()}) == len(PERSONAS)


def test_it_spans_twelve_weeks_and_alex_starts_afresh() -> None:
    made = pasts(SATURDAY)
    oldest = min(min(past.days) for past in made.values() if past.days)
    assert WEEKS * 7 - 7 <= (SATURDAY.date() - oldest).days < WEEKS * 7
    blank = made[STARTS_AFRESH]
    assert blank.created_at == SATURDAY
    assert (blank.watched, blank.attempts, blank.sign_ins, blank.days) == ([], [], [], [])
    assert (SATURDAY - made["helen"].created_at).days == 3
    assert {persona.id for persona in PERSONAS} == {a.id for a in ACCOUNTS if a.role != "admin"}


def test_points_are_those_of_the_rules() -> None:
    for past in pasts(SATURDAY).values():
        first: dict[tuple[str, str], bool] = {}
        for taken in past.attempts:
            quiz = COURSE.quizzes[taken.quiz_id]
            questions = {question.id: question for question in quiz.questions}
            score = right = 0
            for given in taken.answers:
                question = questions[given.question_id]
                assert normal_choices(question, given.choices) == given.choices
                assert given.correct == is_correct(question, given.choices)
                key = (taken.quiz_id, given.question_id)
                assert given.first_ever == (key not in first)
                first.setdefault(key, given.correct)
                score += points(correct=given.correct, first_ever_correct=first[key])
                right += given.correct
            if taken.completed_at is None:
                assert 0 < len(taken.answers) < len(questions)
                assert (taken.score, taken.correct) == (0, 0)
            else:
                assert len(taken.answers) == len(questions)
                assert (taken.score, taken.correct) == (score, right)


def test_a_quiz_comes_after_its_video_and_attempts_one_after_the_other() -> None:
    for past in pasts(SATURDAY).values():
        watched = {each.video_id: each.at for each in past.watched if each.done}
        numbers: dict[str, int] = {}
        ended = datetime.min.replace(tzinfo=UTC)
        for taken in past.attempts:
            assert watched[taken.quiz_id] < taken.started_at
            assert ended < taken.started_at == taken.answers[0].at
            assert taken.number == numbers.get(taken.quiz_id, 0) + 1
            numbers[taken.quiz_id] = taken.number
            ended = taken.completed_at or taken.answers[-1].at


def test_there_is_something_of_everything() -> None:
    made = pasts(SATURDAY).values()
    attempts = [taken for past in made for taken in past.attempts]
    assert sum(taken.completed_at is None for taken in attempts) >= 2, "open attempts"
    best: dict[tuple[int, str], int] = {}
    improved = 0
    for number, past in enumerate(made):
        for taken in past.attempts:
            known = best.get((number, taken.quiz_id))
            improved += known is not None and taken.score > known
            best[number, taken.quiz_id] = max(known or 0, taken.score)
    assert improved >= 10
    videos = [each for past in made for each in past.watched]
    assert any(each.self_declared for each in videos)
    assert any(not each.done for each in videos), "begun"
    assert any(past.ticks for past in made)
    assert len([report for past in made for report in past.reports]) >= 3


def first_answers(made: Mapping[str, Past], quiz_id: str) -> list[dict[str, bool]]:
    return [
        {given.question_id: given.correct for given in taken.answers}
        for past in made.values()
        for taken in past.attempts
        if taken.quiz_id == quiz_id and taken.number == 1 and taken.completed_at
    ]


def item_rest(rows: list[dict[str, bool]], question: str) -> float:
    item = [row[question] for row in rows]
    rest = [sum(row.values()) - row[question] for row in rows]
    if len(set(item)) == 1 or len(set(rest)) == 1:
        return 0.0
    return float(np.corrcoef(np.array(item, float), np.array(rest, float))[0, 1])


def test_one_question_is_bad_one_easy_and_the_others_are_sound() -> None:
    made = pasts(SATURDAY)
    odd = odd_questions(COURSE)
    assert odd.bad is not None
    assert odd.easy is not None
    rows = first_answers(made, odd.bad[0])
    assert len(rows) >= 10
    assert item_rest(rows, odd.bad[1]) < -0.3
    easy = [row[odd.easy[1]] for row in first_answers(made, odd.easy[0])]
    assert len(easy) >= 10
    assert sum(easy) / len(easy) > 0.9
    negative = [
        (quiz, question)
        for quiz in COURSE.quizzes
        if len(rows := first_answers(made, quiz)) >= 10
        for question in rows[0]
        if item_rest(rows, question) < 0 and (quiz, question) != odd.bad
    ]
    assert negative == []
    assert any(
        (report.quiz_id, report.question_id) == odd.bad
        for past in made.values()
        for report in past.reports
    )
