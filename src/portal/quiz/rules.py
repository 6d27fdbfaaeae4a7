"""Grading and the order of choices. Pure functions; points are decided in `scoring.rules`."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from portal.errors import Invalid
from portal.learning.course import Choice, Question, Quiz
from portal.scoring.rules import AttemptResult, best_attempt, points, reachable

MANY = ("multiple", "ordering")


class Answer(msgspec.Struct, frozen=True):
    """A committed answer."""

    question_id: str
    choices: tuple[str, ...]
    correct: bool
    first_ever: bool


class Attempt(AttemptResult, frozen=True):
    """An attempt with its answers, in the order in which they were given; it is a result as soon as
    it is completed."""

    id: UUID
    content_hash: str
    completed_at: datetime | None
    answers: tuple[Answer, ...]

    @property
    def is_first_attempt(self) -> bool:
        return self.attempt_number == 1


class QuizProgress(msgspec.Struct, frozen=True):
    """Where a learner is with a quiz. `quiz` holds the questions of the open attempt, which may be
    older than those of `today`; `first_correct` tells for each question whether the first answer
    ever was right, `reported` which ones the learner said something is wrong with."""

    quiz: Quiz
    today: Quiz
    attempt_number: int
    open: Attempt | None
    completed: tuple[Attempt, ...]
    first_correct: Mapping[str, bool]
    reported: frozenset[str] = frozenset()

    @property
    def answers(self) -> dict[str, Answer]:
        """The committed answers of the open attempt, by question."""
        return {a.question_id: a for a in self.open.answers} if self.open else {}

    @property
    def unanswered(self) -> list[Question]:
        answers = self.answers
        return [question for question in self.quiz.questions if question.id not in answers]

    @property
    def open_numbers(self) -> list[int]:
        """The numbers, from 1, of the questions without an answer."""
        answers = self.answers
        return [n for n, q in enumerate(self.quiz.questions, 1) if q.id not in answers]

    @property
    def first_open(self) -> int:
        """The number of the first question without an answer; 1 when all have one."""
        return next(iter(self.open_numbers), 1)

    @property
    def best(self) -> Attempt | None:
        """The attempt that counts."""
        return best_attempt(self.completed) if self.completed else None

    def question(self, question_id: str) -> Question | None:
        return next((q for q in self.quiz.questions if q.id == question_id), None)

    def number_of(self, question_id: str) -> int | None:
        """Returns the number of a question, from 1; None for one that the quiz does not have."""
        numbers = (n for n, q in enumerate(self.quiz.questions, 1) if q.id == question_id)
        return next(numbers, None)

    def completed_attempt(self, attempt_number: int) -> Attempt | None:
        numbered = (a for a in self.completed if a.attempt_number == attempt_number)
        return next(numbered, None)

    def points_of(self, answer: Answer) -> int:
        """Returns what an answer earns, the bonus of the first answer ever included."""
        return points(
            correct=answer.correct,
            first_ever_correct=self.first_correct.get(answer.question_id, answer.correct),
        )


def most_in_attempt(progress: QuizProgress) -> int:
    """Returns the most points that the attempt which is open, or would be begun now, can bring."""
    answers = progress.answers.values()
    rest = (question.id for question in progress.unanswered)
    return sum(map(progress.points_of, answers)) + reachable(rest, _missed(progress))


def gain(progress: QuizProgress) -> int:
    """Returns the points that the quiz can still add to the attempt that counts; that attempt and
    the ones after it can add them, also to questions that have been put into it since."""
    best = progress.best.score if progress.best else 0
    later = reachable((question.id for question in progress.today.questions), _missed(progress))
    return max(0, most_in_attempt(progress) - best, later - best)


def _missed(progress: QuizProgress) -> set[str]:
    return {each for each, correct in progress.first_correct.items() if not correct}


def answered(progress: QuizProgress, attempt: Attempt, new: Sequence[Answer]) -> QuizProgress:
    """Returns where the learner is after new answers in an attempt."""
    first = {answer.question_id: answer.correct for answer in new if answer.first_ever}
    return msgspec.structs.replace(
        progress,
        open=msgspec.structs.replace(attempt, answers=(*attempt.answers, *new)),
        first_correct={**progress.first_correct, **first},
    )


def first_correct(attempts: Sequence[Attempt]) -> dict[str, bool]:
    """Returns question id → whether the first answer ever given to it was right."""
    return {
        answer.question_id: answer.correct
        for attempt in attempts
        for answer in attempt.answers
        if answer.first_ever
    }


def normal_choices(question: Question, choices: Sequence[str]) -> tuple[str, ...]:
    """Returns the choices in the form in which they are stored and compared.

    Raises `Invalid` for a choice that the question does not have, one given twice, or a number of
    choices that its kind does not take.
    """
    known = {choice.id for choice in question.choices}
    if not choices:
        raise Invalid("Choose an answer first.", details={question.id: "Nothing was chosen."})
    if len(set(choices)) != len(choices) or not known.issuperset(choices):
        raise Invalid(
            "This question has no such choice.",
            details={question.id: "Unknown or repeated choice."},
        )
    if question.kind in ("single", "true_false") and len(choices) != 1:
        raise Invalid("Choose one answer.", details={question.id: "One choice is expected."})
    if question.kind == "ordering":
        if len(choices) != len(known):
            raise Invalid("Order all of them.", details={question.id: "All choices are expected."})
        return tuple(choices)
    return tuple(sorted(choices))


def is_correct(question: Question, choices: Sequence[str]) -> bool:
    """Returns True when all and only the right choices were made; for ordering, in that order."""
    if question.kind == "ordering":
        return tuple(choices) == question.key
    return set(choices) == set(question.key)


def moved(order: Sequence[str], choice_id: str, direction: str) -> tuple[str, ...]:
    """Returns the order with one choice a place `up` or `down`; unchanged at either end."""
    if choice_id not in order:
        return tuple(order)
    place = order.index(choice_id)
    target = place + (-1 if direction == "up" else 1)
    if not 0 <= target < len(order):
        return tuple(order)
    changed = list(order)
    changed[place], changed[target] = changed[target], changed[place]
    return tuple(changed)


def shuffled(question: Question, learner: UUID, quiz_id: str, attempt: int) -> list[Choice]:
    """Returns the choices in an order of this learner and attempt, the same at every reload.

    True and false keep theirs: readers expect it, and a shuffle of two tells nothing.
    """
    choices = list(question.choices)
    if question.kind == "true_false":
        return choices
    seed = hashlib.sha256(f"{learner}/{quiz_id}/{attempt}/{question.id}".encode()).digest()
    random.Random(seed).shuffle(choices)  # noqa: S311 - an order, not a secret
    return choices
