"""What the quiz part of a video page shows until the result, made from how far the learner is.
Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar
from uuid import UUID

import msgspec

from portal.learning.course import Question
from portal.quiz import rules
from portal.quiz.rules import Answer, Attempt, QuizProgress
from portal.scoring.rules import POINTS_FIRST_TRY, POINTS_RIGHT
from portal.web.formats import length

OTHER_WINDOW = "You already answered this in another window. This is the answer that counts."


class StartPart(msgspec.Struct, frozen=True, kw_only=True):
    """`gain` are the points that the quiz can still add."""

    state: ClassVar[str] = "start"

    questions_total: int
    attempt_number: int
    answered: int
    best: Attempt | None
    gain: int
    label: str
    href: str


class ChoiceRow(msgspec.Struct, frozen=True):
    """`right` is None while the question is open. Of an ordering, the rows stand in the learner's
    order, `right` means in its place, and `place` is the right one, from 1."""

    id: str
    text: str
    picked: bool
    right: bool | None
    place: int | None = None


class Box(msgspec.Struct, frozen=True):
    n: int
    href: str | None
    state: str
    current: bool


class _AtQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """One question of an attempt, among the boxes of all; the title of the window begins with
    `heading`."""

    attempt_number: int
    boxes: list[Box]
    heading: str
    text: str
    kind: str
    choices: list[ChoiceRow]


class QuestionPart(_AtQuestion, frozen=True, kw_only=True):
    """A question to answer; `error` says why an answer was refused."""

    state: ClassVar[str] = "question"

    id: str
    note: str
    error: str | None


class ReportForm(msgspec.Struct, frozen=True, kw_only=True):
    """Where a learner says that something is wrong with the question. `thanks`: just now;
    `refused` is why it was not taken."""

    question: str
    reasons: Mapping[str, str]
    reported: bool
    thanks: bool = False
    choice: str = ""
    words: str = ""
    refused: str | None = None


class FeedbackPart(_AtQuestion, frozen=True, kw_only=True):
    """An answered question. `at` is the place in the video that explains it. Without a next one,
    the attempt can be submitted."""

    state: ClassVar[str] = "feedback"

    correct: bool
    points: int
    line: str | None
    explanation: str
    at: str | None
    at_href: str | None
    next_href: str | None
    answered: int
    points_so_far: int
    report: ReportForm


def question_href(progress: QuizProgress, number: int) -> str:
    return f"/video/{progress.quiz.video_id}?q={number}#quiz"


def start(progress: QuizProgress) -> StartPart:
    answered = len(progress.answers)
    return StartPart(
        questions_total=len(progress.quiz.questions),
        attempt_number=progress.attempt_number,
        answered=answered,
        best=progress.best,
        gain=rules.gain(progress),
        label="Resume quiz" if answered else "Try again" if progress.completed else "Start quiz",
        href=question_href(progress, progress.first_open),
    )


def _boxes(progress: QuizProgress, current: int) -> list[Box]:
    boxes = []
    answers = progress.answers
    for number, question in enumerate(progress.quiz.questions, 1):
        answer = answers.get(question.id)
        state = "" if answer is None else ("right" if answer.correct else "wrong")
        href = question_href(progress, number) if answer else None
        boxes.append(Box(number, href, state, number == current))
    return boxes


def _question_heading(progress: QuizProgress, number: int) -> str:
    return f"Question {number} of {len(progress.quiz.questions)}"


def _note(progress: QuizProgress, question: Question) -> str:
    first = progress.first_correct.get(question.id)
    final = f"Final for this attempt. {POINTS_RIGHT} points"
    if first is None:
        return f"{final}, +{POINTS_FIRST_TRY} if your first answer is right."
    return f"{final}, +{POINTS_FIRST_TRY} kept from your first answer." if first else f"{final}."


def asked(
    progress: QuizProgress,
    number: int,
    learner: UUID,
    *,
    picked: Sequence[str] = (),
    error: str | None = None,
) -> QuestionPart:
    """Returns question `number` for answering, with what was picked before, if it was refused or,
    in an ordering, moved."""
    question = progress.quiz.questions[number - 1]
    choices = rules.shuffled(question, learner, progress.quiz.video_id, progress.attempt_number)
    if question.kind == "ordering" and sorted(picked) == sorted(c.id for c in choices):
        choices.sort(key=lambda choice: picked.index(choice.id))
    return QuestionPart(
        attempt_number=progress.attempt_number,
        boxes=_boxes(progress, number),
        heading=f"{'Error: ' if error else ''}{_question_heading(progress, number)}",
        id=question.id,
        text=question.text,
        kind=question.kind,
        choices=[ChoiceRow(c.id, c.text, c.id in picked, None) for c in choices],
        note=_note(progress, question),
        error=error,
    )


def report_form(
    progress: QuizProgress, question_id: str, reasons: Mapping[str, str], *, thanks: bool = False
) -> ReportForm:
    """Returns the form for an answered question, as it is before anybody has written in it."""
    reported = question_id in progress.reported
    return ReportForm(
        question=question_id, reasons=reasons, reported=reported, thanks=reported and thanks
    )


def feedback(
    progress: QuizProgress,
    number: int,
    learner: UUID,
    report: ReportForm,
    *,
    elsewhere: bool = False,
) -> FeedbackPart:
    """Returns the answered question `number` with its key and explanation, and the way on."""
    question, answers = progress.quiz.questions[number - 1], progress.answers
    answer = answers[question.id]
    earned = progress.points_of(answer)
    return FeedbackPart(
        attempt_number=progress.attempt_number,
        boxes=_boxes(progress, number),
        heading=_question_heading(progress, number),
        text=question.text,
        kind=question.kind,
        choices=_graded_choices(progress, question, answer, learner),
        correct=answer.correct,
        points=earned,
        line=OTHER_WINDOW if elsewhere else _bonus_line(earned),
        explanation=question.explanation,
        at=None if question.at is None else length(question.at),
        at_href=None if question.at is None else f"/video/{progress.quiz.video_id}?t={question.at}",
        next_href=_next_href(progress, number),
        answered=len(answers),
        points_so_far=sum(map(progress.points_of, answers.values())),
        report=report,
    )


def _next_href(progress: QuizProgress, number: int) -> str | None:
    """Returns the next question without an answer, from the first again after the last."""
    numbers = progress.open_numbers
    if not numbers:
        return None
    return question_href(progress, next((n for n in numbers if n > number), numbers[0]))


def _graded_choices(
    progress: QuizProgress, question: Question, answer: Answer, learner: UUID
) -> list[ChoiceRow]:
    if question.kind == "ordering":
        texts = {choice.id: choice.text for choice in question.choices}
        return [
            ChoiceRow(
                given,
                texts[given],
                picked=True,
                right=given == wanted,
                place=question.key.index(given) + 1,
            )
            for given, wanted in zip(answer.choices, question.key, strict=True)
        ]
    choices = rules.shuffled(question, learner, progress.quiz.video_id, progress.attempt_number)
    return [ChoiceRow(c.id, c.text, c.id in answer.choices, c.id in question.key) for c in choices]


def _bonus_line(earned: int) -> str | None:
    if earned > POINTS_RIGHT:
        return (
            f"{earned} points: {POINTS_RIGHT}, and {POINTS_FIRST_TRY} because your first answer to"
            " this question was right."
        )
    return None
