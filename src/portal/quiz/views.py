"""What the quiz part of a video page shows, made from the standing. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from portal.learning.course import Question, Video
from portal.quiz import rules
from portal.quiz.result import Best, Place, ResultPart, best_of, result_part
from portal.quiz.rules import Answer, Attempt, Standing
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


def question_href(standing: Standing, number: int) -> str:
    return f"/video/{standing.quiz.video_id}?q={number}#quiz"


def first_open(standing: Standing) -> int:
    """Returns the number, from 1, of the first question without an answer; 1 when all have one."""
    answers = standing.answers
    numbers = (n for n, q in enumerate(standing.quiz.questions, 1) if q.id not in answers)
    return next(numbers, 1)


def _boxes(standing: Standing, current: int | None) -> list[Box]:
    boxes = []
    answers = standing.answers
    for number, question in enumerate(standing.quiz.questions, 1):
        answer = answers.get(question.id)
        state = "" if answer is None else ("right" if answer.correct else "wrong")
        boxes.append(
            Box(
                number,
                question_href(standing, number) if answer else None,
                state,
                number == current,
            )
        )
    return boxes


def _frame(standing: Standing, state: str, current: int | None = None) -> QuizPart:
    """Returns what every state of the quiz shows."""
    answers = standing.answers
    label = "Start quiz"
    if answers:
        label = "Resume quiz"
    elif standing.completed:
        label = "Try again"
    return QuizPart(
        state=state,
        questions_total=len(standing.quiz.questions),
        attempt_number=standing.attempt_number,
        best=best_of(standing),
        gain=rules.gain(standing),
        start_label=label,
        start_href=question_href(standing, first_open(standing)),
        answered=len(answers),
        points_so_far=sum(standing.points_of(answer) for answer in answers.values()),
        boxes=_boxes(standing, current),
    )


def start(standing: Standing) -> QuizPart:
    return _frame(standing, "start")


def _note(standing: Standing, question: Question) -> str:
    first = standing.first_correct.get(question.id)
    final = f"Final for this attempt. {POINTS_RIGHT} points"
    if first is None:
        return f"{final}, +{POINTS_FIRST_TRY} if your first answer is right."
    return f"{final}, +{POINTS_FIRST_TRY} kept from your first answer." if first else f"{final}."


def asked(
    standing: Standing,
    number: int,
    learner: UUID,
    *,
    picked: Sequence[str] = (),
    error: str | None = None,
) -> QuizPart:
    """Returns question `number` for answering, with what was picked before, if it was refused or,
    in an ordering, moved."""
    question = standing.quiz.questions[number - 1]
    choices = rules.shuffled(question, learner, standing.quiz.video_id, standing.attempt_number)
    if question.kind == "ordering" and sorted(picked) == sorted(c.id for c in choices):
        choices.sort(key=lambda choice: picked.index(choice.id))
    part = QuestionPart(
        n=number,
        id=question.id,
        text=question.text,
        kind=question.kind,
        choices=[ChoiceRow(c.id, c.text, c.id in picked, None) for c in choices],
        note=_note(standing, question),
        error=error,
    )
    return msgspec.structs.replace(_frame(standing, "question", number), question=part)


def feedback(
    standing: Standing, number: int, learner: UUID, video: Video, *, elsewhere: bool = False
) -> QuizPart:
    """Returns the answered question `number` with its key and explanation, and the way on."""
    question = standing.quiz.questions[number - 1]
    answer = standing.answers[question.id]
    earned = standing.points_of(answer)
    part = QuestionPart(
        n=number,
        id=question.id,
        text=question.text,
        kind=question.kind,
        choices=_graded(standing, question, answer, learner),
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
    done = not standing.unanswered
    following = next(
        (
            n
            for n in (*range(number + 1, len(standing.quiz.questions) + 1), *range(1, number))
            if standing.quiz.questions[n - 1].id not in standing.answers
        ),
        None,
    )
    return msgspec.structs.replace(
        _frame(standing, "feedback", number),
        question=part,
        can_submit=done,
        next_href=question_href(standing, following) if following else None,
    )


def _graded(
    standing: Standing, question: Question, answer: Answer, learner: UUID
) -> list[ChoiceRow]:
    if question.kind == "ordering":
        texts = {choice.id: choice.text for choice in question.choices}
        return [
            ChoiceRow(given, texts[given], True, given == wanted, question.key.index(given) + 1)
            for given, wanted in zip(answer.choices, question.key, strict=True)
        ]
    choices = rules.shuffled(question, learner, standing.quiz.video_id, standing.attempt_number)
    return [ChoiceRow(c.id, c.text, c.id in answer.choices, c.id in question.key) for c in choices]


def _earned(earned: int) -> str | None:
    if earned > POINTS_RIGHT:
        return (
            f"{earned} points: {POINTS_RIGHT}, and {POINTS_FIRST_TRY} because your first answer to"
            " this question was right."
        )
    return None


def result(
    standing: Standing,
    attempt: Attempt,
    questions: Sequence[Question],
    video: Video,
    *,
    place: Place,
    following: Video | None,
) -> QuizPart:
    """Returns the result of a completed attempt, whose questions are `questions`."""
    part = result_part(
        standing,
        attempt,
        questions,
        video,
        place=place,
        following=following,
        retry_href=question_href(standing, first_open(standing)),
    )
    return msgspec.structs.replace(
        _frame(standing, "result"),
        attempt_number=attempt.attempt_number,
        questions_total=len(questions),
        result=part,
    )
