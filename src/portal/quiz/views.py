"""What the quiz part of a video page shows, made from how far the learner is. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from portal.learning.course import Question, Video
from portal.quiz import rules
from portal.quiz.result import Best, Place, ResultPart, best_of, result_part
from portal.quiz.rules import Answer, Attempt, QuizProgress
from portal.scoring.rules import POINTS_FIRST_TRY, POINTS_RIGHT
from portal.web.formats import length

OTHER_WINDOW = "You already answered this in another window. This is the answer that counts."


class ChoiceRow(msgspec.Struct, frozen=True):
    """`right` is None while the question is open. Of an ordering, the rows stand in the learner's
    order, `right` means in its place, and `place` is the right one, from 1."""

    id: str
    text: str
    picked: bool
    right: bool | None
    place: int | None = None


class QuestionPart(msgspec.Struct, frozen=True, kw_only=True):
    n: int
    id: str
    text: str
    kind: str
    choices: list[ChoiceRow]
    note: str
    error: str | None = None
    answered: bool = False
    correct: bool | None = None
    points: int | None = None
    feedback_heading: str | None = None
    feedback_line: str | None = None
    explanation: str | None = None
    at: str | None = None
    at_href: str | None = None


class Box(msgspec.Struct, frozen=True):
    n: int
    href: str | None
    state: str
    current: bool


class QuizPart(msgspec.Struct, frozen=True, kw_only=True):
    """`state` is `start`, `question`, `feedback` or `result`; `gain` the points that the quiz can
    still add."""

    state: str
    questions_total: int
    attempt_number: int
    best: Best | None
    gain: int
    start_label: str
    start_href: str
    answered: int
    points_so_far: int
    boxes: list[Box]
    question: QuestionPart | None = None
    next_href: str | None = None
    next_label: str = "Next question"
    can_submit: bool = False
    result: ResultPart | None = None


def question_href(progress: QuizProgress, number: int) -> str:
    return f"/video/{progress.quiz.video_id}?q={number}#quiz"


def first_open(progress: QuizProgress) -> int:
    """Returns the number, from 1, of the first question without an answer; 1 when all have one."""
    answers = progress.answers
    numbers = (n for n, q in enumerate(progress.quiz.questions, 1) if q.id not in answers)
    return next(numbers, 1)


def _boxes(progress: QuizProgress, current: int | None) -> list[Box]:
    boxes = []
    answers = progress.answers
    for number, question in enumerate(progress.quiz.questions, 1):
        answer = answers.get(question.id)
        state = "" if answer is None else ("right" if answer.correct else "wrong")
        boxes.append(
            Box(
                number,
                question_href(progress, number) if answer else None,
                state,
                number == current,
            )
        )
    return boxes


def _frame(progress: QuizProgress, state: str, current: int | None = None) -> QuizPart:
    """Returns what every state of the quiz shows."""
    answers = progress.answers
    label = "Start quiz"
    if answers:
        label = "Resume quiz"
    elif progress.completed:
        label = "Try again"
    return QuizPart(
        state=state,
        questions_total=len(progress.quiz.questions),
        attempt_number=progress.attempt_number,
        best=best_of(progress),
        gain=rules.gain(progress),
        start_label=label,
        start_href=question_href(progress, first_open(progress)),
        answered=len(answers),
        points_so_far=sum(progress.points_of(answer) for answer in answers.values()),
        boxes=_boxes(progress, current),
    )


def start(progress: QuizProgress) -> QuizPart:
    return _frame(progress, "start")


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
) -> QuizPart:
    """Returns question `number` for answering, with what was picked before, if it was refused or,
    in an ordering, moved."""
    question = progress.quiz.questions[number - 1]
    choices = rules.shuffled(question, learner, progress.quiz.video_id, progress.attempt_number)
    if question.kind == "ordering" and sorted(picked) == sorted(c.id for c in choices):
        choices.sort(key=lambda choice: picked.index(choice.id))
    part = QuestionPart(
        n=number,
        id=question.id,
        text=question.text,
        kind=question.kind,
        choices=[ChoiceRow(c.id, c.text, c.id in picked, None) for c in choices],
        note=_note(progress, question),
        error=error,
    )
    return msgspec.structs.replace(_frame(progress, "question", number), question=part)


def feedback(
    progress: QuizProgress, number: int, learner: UUID, video: Video, *, elsewhere: bool = False
) -> QuizPart:
    """Returns the answered question `number` with its key and explanation, and the way on."""
    question = progress.quiz.questions[number - 1]
    answer = progress.answers[question.id]
    earned = progress.points_of(answer)
    part = QuestionPart(
        n=number,
        id=question.id,
        text=question.text,
        kind=question.kind,
        choices=_graded(progress, question, answer, learner),
        note="",
        answered=True,
        correct=answer.correct,
        points=earned,
        feedback_heading="Right" if answer.correct else "Not this time",
        feedback_line=OTHER_WINDOW if elsewhere else _earned(earned),
        explanation=question.explanation,
        at=None if question.at is None else length(question.at),
        at_href=None if question.at is None else f"/video/{video.id}?t={question.at}",
    )
    done = not progress.unanswered
    following = next(
        (
            n
            for n in (*range(number + 1, len(progress.quiz.questions) + 1), *range(1, number))
            if progress.quiz.questions[n - 1].id not in progress.answers
        ),
        None,
    )
    return msgspec.structs.replace(
        _frame(progress, "feedback", number),
        question=part,
        can_submit=done,
        next_href=question_href(progress, following) if following else None,
    )


def _graded(
    progress: QuizProgress, question: Question, answer: Answer, learner: UUID
) -> list[ChoiceRow]:
    if question.kind == "ordering":
        texts = {choice.id: choice.text for choice in question.choices}
        return [
            ChoiceRow(given, texts[given], True, given == wanted, question.key.index(given) + 1)
            for given, wanted in zip(answer.choices, question.key, strict=True)
        ]
    choices = rules.shuffled(question, learner, progress.quiz.video_id, progress.attempt_number)
    return [ChoiceRow(c.id, c.text, c.id in answer.choices, c.id in question.key) for c in choices]


def _earned(earned: int) -> str | None:
    if earned > POINTS_RIGHT:
        return (
            f"{earned} points: {POINTS_RIGHT}, and {POINTS_FIRST_TRY} because your first answer to"
            " this question was right."
        )
    return None


def result(
    progress: QuizProgress,
    attempt: Attempt,
    questions: Sequence[Question],
    video: Video,
    *,
    place: Place,
    following: Video | None,
) -> QuizPart:
    """Returns the result of a completed attempt, whose questions are `questions`."""
    part = result_part(
        progress,
        attempt,
        questions,
        video,
        place=place,
        following=following,
        retry_href=question_href(progress, first_open(progress)),
    )
    return msgspec.structs.replace(
        _frame(progress, "result"),
        attempt_number=attempt.attempt_number,
        questions_total=len(questions),
        result=part,
    )
