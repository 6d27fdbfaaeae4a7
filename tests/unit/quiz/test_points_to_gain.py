"""How many points a quiz can still bring, against trying out everything that can be answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import product
from typing import Any
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from portal.dashboard.views import open_quiz
from portal.learning.course import Quiz
from portal.learning.outline import Outline, Progress
from portal.quiz import rules, views
from portal.quiz.rules import Answer, Attempt, QuizProgress
from portal.scoring.rules import Ledger, best_by_quiz
from tests.learning.courses import course_of, question, video

NOON = datetime(2026, 2, 24, 12, tzinfo=UTC)
QUESTIONS = tuple(question(number) for number in range(1, 5))

versions = st.sets(st.sampled_from(QUESTIONS), min_size=1).map(
    lambda chosen: tuple(each for each in QUESTIONS if each in chosen)
)
# Attempts one after the other: a version of the questions, and which answers are right.
histories = st.lists(st.tuples(versions, st.lists(st.booleans(), min_size=4, max_size=4)))


class Learner:
    """Answers as the learner and the portal give and grade them, one after the other."""

    def __init__(self, first: dict[str, bool]) -> None:
        self.first = dict(first)

    def answer(self, name: str, correct: bool) -> tuple[Answer, int]:
        """Returns the answer, and its points."""
        first_ever = name not in self.first
        bonus = self.first.setdefault(name, correct)
        return Answer(name, ("b",), correct, first_ever), correct * (15 if bonus else 10)


def quiz_of(questions: Any) -> Quiz:
    quiz = video("basics", questions).quiz
    assert quiz is not None
    return quiz


def standing_after(
    history: Sequence[tuple[Any, list[bool]]], today: Quiz, answered: int
) -> QuizProgress:
    """Returns the standing after attempts, of which the last is open with so many answers."""
    learner, attempts, quiz = Learner({}), [], today
    for number, (questions, given_answers) in enumerate(history, 1):
        is_open = answered < len(questions) and number == len(history)
        taken = list(zip(questions, given_answers, strict=False))[: answered if is_open else 4]
        graded = [learner.answer(each.id, correct) for each, correct in taken]
        attempts.append(
            Attempt(
                id=uuid4(),
                quiz_id="basics",
                attempt_number=number,
                content_hash="",
                completed_at=None if is_open else NOON,
                total_questions=len(questions),
                correct_answers=sum(answer.correct for answer, _ in graded),
                first_try_correct=0,
                score=0 if is_open else sum(points for _, points in graded),
                answers=tuple(answer for answer, _ in graded),
            )
        )
        quiz = quiz_of(questions) if is_open else today
    completed = tuple(attempt for attempt in attempts if attempt.completed_at)
    open_attempt = next((each for each in attempts if not each.completed_at), None)
    first = rules.first_correct(attempts)
    assert first == learner.first
    return QuizProgress(quiz, today, len(attempts), open_attempt, completed, first)


def outcomes(
    questions: Sequence[Any], first: dict[str, bool]
) -> Iterator[tuple[int, dict[str, bool]]]:
    """Yields the points of every way to answer, and what is known of first answers afterwards."""
    for answers in product((True, False), repeat=len(questions)):
        learner = Learner(first)
        points = sum(
            learner.answer(each.id, correct)[1]
            for each, correct in zip(questions, answers, strict=True)
        )
        yield points, learner.first


def by_trying(progress: QuizProgress) -> tuple[int, int]:
    """Returns the most points that this attempt, and that any later attempt, can bring."""
    first = dict(progress.first_correct)
    had = sum(progress.points_of(answer) for answer in progress.answers.values())
    in_attempt, later = 0, 0
    for points, then in outcomes(progress.unanswered, first):
        in_attempt = max(in_attempt, had + points)
        later = max(later, *(again for again, _ in outcomes(progress.today.questions, then)))
    return in_attempt, max(in_attempt, later)


@given(histories, versions, st.integers(0, 4))
def test_what_is_promised_can_be_reached_and_no_more(
    history: Any, questions: Any, answered: int
) -> None:
    """Also when questions came and went between attempts, and while an attempt is open."""
    progress = standing_after(history, quiz_of(questions), answered)
    in_attempt, most = by_trying(progress)
    best = max((attempt.score for attempt in progress.completed), default=0)
    assert rules.most_in_attempt(progress) == in_attempt
    assert rules.gain(progress) == max(0, most - best)
    assert views.start(progress).gain == max(0, most - best)
    if progress.open:
        assert open_quiz(progress).points == in_attempt


@given(histories.filter(bool), versions)
def test_every_page_promises_the_same(history: Any, questions: Any) -> None:
    progress = standing_after(history, quiz_of(questions), 4)
    course = course_of(video("basics", questions))
    ledger = Ledger(
        best_by_quiz(progress.completed),
        {"basics": frozenset(each for each, right in progress.first_correct.items() if not right)},
        [],
    )
    outline = Outline(course, {"basics": Progress(done=True)}, ledger)
    gain = outline.gain(course.videos["basics"])
    assert gain == rules.gain(progress)
    assert bool(outline.next) == bool(gain)
    assert len(outline.gaining()) == bool(gain)
