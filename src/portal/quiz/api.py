"""The quiz for programs and scripts. No key leaves before its question is answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody

from portal.errors import Invalid
from portal.learning.api import VideoId
from portal.learning.course import Course, Question, Quiz, Step
from portal.learning.locks import href
from portal.learning.queries import locks_of
from portal.learning.site import course_of
from portal.quiz import actions, queries, rules
from portal.quiz.actions import GivenAnswer
from portal.quiz.queries import open_quiz_of
from portal.quiz.reports import MAX_REASON, report_question
from portal.quiz.rules import MANY, Answer, Attempt, QuizProgress
from portal.web.actor import Actor, CurrentActor
from portal.web.openapi import Slug, between, up_to
from portal.web.site import Req

QuestionId: TypeAlias = Annotated[Slug, msgspec.Meta(examples=["who-is-fluent"])]
ChoiceId: TypeAlias = Annotated[Slug, msgspec.Meta(examples=["a"])]
AttemptNumber: TypeAlias = Annotated[int, between(1, 2**31 - 1), msgspec.Meta(examples=[1])]


class ChoiceView(msgspec.Struct):
    id: str
    text: str


class QuestionView(msgspec.Struct):
    id: str
    kind: str
    question: str
    choices: list[ChoiceView]


class AnsweredView(msgspec.Struct, rename="camel", omit_defaults=True):
    """A committed answer: `choiceId` and `correctChoiceId`, or for `multiple` and `ordering` the
    lists."""

    correct: bool
    explanation: str
    choice_id: str | None = None
    choice_ids: tuple[str, ...] | None = None
    correct_choice_id: str | None = None
    correct_choice_ids: tuple[str, ...] | None = None


class AttemptView(msgspec.Struct, rename="camel"):
    attempt_number: int
    correct_answers: int
    total_questions: int
    first_try_correct: int
    score: int = msgspec.field(name="scoreEarned")
    completed_at: datetime | None


class QuizView(msgspec.Struct, rename="camel"):
    video_id: str
    attempt_number: int
    questions: list[QuestionView]
    answered: dict[str, AnsweredView]
    attempts: list[AttemptView]
    best: AttemptView | None


class AnswerRequest(msgspec.Struct, rename="camel"):
    """`choiceIds` for `multiple` and `ordering`, `choiceId` for the others."""

    question_id: QuestionId
    attempt_number: AttemptNumber
    choice_id: ChoiceId | None = None
    choice_ids: list[ChoiceId] | None = None


class AnswerResponse(msgspec.Struct, rename="camel", omit_defaults=True):
    question_id: str
    correct: bool
    explanation: str
    answered: int
    total: int
    correct_choice_id: str | None = None
    correct_choice_ids: tuple[str, ...] | None = None


class SubmittedAnswer(msgspec.Struct, rename="camel"):
    question_id: QuestionId
    choice_id: ChoiceId | None = None
    choice_ids: list[ChoiceId] | None = None


class ReportRequest(msgspec.Struct, rename="camel"):
    """`reason` in the learner's words, 1 to 500 characters."""

    question_id: QuestionId
    reason: Annotated[
        str, up_to(MAX_REASON), msgspec.Meta(examples=["The answer marked right is wrong"])
    ]


class ReportResponse(msgspec.Struct, rename="camel"):
    question_id: str
    reported: bool


class SubmitRequest(msgspec.Struct, rename="camel"):
    video_id: VideoId
    attempt_number: AttemptNumber
    answers: list[SubmittedAnswer] | None = None


class SubmittedAttempt(msgspec.Struct, rename="camel"):
    attempt_number: int
    total_questions: int
    correct_answers: int
    first_try_correct: int
    score: int = msgspec.field(name="scoreEarned")
    is_first_attempt: bool


class UnlockedView(msgspec.Struct):
    """A step or a topic that the attempt has opened."""

    kind: str
    id: str
    title: str
    href: str


class SubmitResponse(msgspec.Struct, rename="camel", omit_defaults=True):
    """`unlocked` is there when the attempt has opened something."""

    attempt: SubmittedAttempt
    total_score: int
    unlocked: list[UnlockedView] = []


async def _unlocked(
    actor: Actor, course: Course, quiz: Quiz, before: int | None
) -> list[UnlockedView]:
    locks = await locks_of(actor, course)
    return [
        UnlockedView(
            "step" if isinstance(part, Step) else "topic", part.id, part.title, href(course, part)
        )
        for part in locks.opened_by(quiz.video_id, before)
    ]


def _given(entry: AnswerRequest | SubmittedAnswer) -> GivenAnswer:
    if (entry.choice_id is None) == (entry.choice_ids is None):
        raise Invalid(
            "Send choiceId, or choiceIds for several.",
            details={entry.question_id: "One of choiceId and choiceIds is expected."},
        )
    choices = (entry.choice_id,) if entry.choice_id is not None else tuple(entry.choice_ids or ())
    return GivenAnswer(entry.question_id, choices)


def _answered(question: Question, answer: Answer) -> AnsweredView:
    many = question.kind in MANY
    return AnsweredView(
        correct=answer.correct,
        explanation=question.explanation,
        choice_id=None if many else answer.choices[0],
        choice_ids=answer.choices if many else None,
        correct_choice_id=None if many else question.key[0],
        correct_choice_ids=question.key if many else None,
    )


def _attempt_view(attempt: Attempt) -> AttemptView:
    return msgspec.convert(attempt, AttemptView, from_attributes=True)


def _question_view(question: Question, actor: Actor, progress: QuizProgress) -> QuestionView:
    choices = rules.shuffled(
        question, actor.user_id, progress.quiz.video_id, progress.attempt_number
    )
    return QuestionView(
        id=question.id,
        kind=question.kind,
        question=question.text,
        choices=[ChoiceView(choice.id, choice.text) for choice in choices],
    )


@get(
    "/api/quiz/{video_id:str}",
    opt={"errors": (403,)},
    summary="A quiz for taking, with what is answered so far",
)
async def quiz(request: Req, actor: CurrentActor, video_id: FromPath[VideoId]) -> QuizView:
    quiz = await open_quiz_of(actor, course_of(request), video_id)
    progress = await queries.quiz_progress_of(actor.user_id, quiz)
    answers = progress.answers
    return QuizView(
        video_id=progress.quiz.video_id,
        attempt_number=progress.attempt_number,
        questions=[_question_view(q, actor, progress) for q in progress.quiz.questions],
        answered={
            q.id: _answered(q, answers[q.id]) for q in progress.quiz.questions if q.id in answers
        },
        attempts=[_attempt_view(attempt) for attempt in progress.completed],
        best=_attempt_view(progress.best) if progress.best else None,
    )


@post("/api/quiz/{video_id:str}/answers", status_code=200, summary="Commit one answer")
async def commit(
    request: Req,
    actor: CurrentActor,
    video_id: FromPath[VideoId],
    data: JSONBody[AnswerRequest],
) -> AnswerResponse:
    quiz = await open_quiz_of(actor, course_of(request), video_id)
    committed = await actions.commit_answer(actor, quiz, data.attempt_number, _given(data))
    shown = _answered(committed.question, committed.answer)
    return AnswerResponse(
        question_id=committed.question.id,
        correct=shown.correct,
        explanation=shown.explanation,
        answered=committed.answered,
        total=committed.total,
        correct_choice_id=shown.correct_choice_id,
        correct_choice_ids=shown.correct_choice_ids,
    )


@post(
    "/api/quiz/submit",
    status_code=200,
    opt={"errors": (404,)},
    summary="Complete the open attempt",
)
async def submit(
    request: Req, actor: CurrentActor, data: JSONBody[SubmitRequest]
) -> SubmitResponse:
    course = course_of(request)
    quiz = await open_quiz_of(actor, course, data.video_id)
    completed = await actions.submit(
        actor, quiz, data.attempt_number, [_given(entry) for entry in data.answers or ()]
    )
    return SubmitResponse(
        attempt=msgspec.convert(completed.attempt, SubmittedAttempt, from_attributes=True),
        total_score=completed.total_score,
        unlocked=await _unlocked(actor, course, quiz, completed.best_before),
    )


@post(
    "/api/quiz/{video_id:str}/reports",
    status_code=200,
    opt={"errors": (429,)},
    summary="Say that something is wrong with an answered question, once",
)
async def report(
    request: Req,
    actor: CurrentActor,
    video_id: FromPath[VideoId],
    data: JSONBody[ReportRequest],
) -> ReportResponse:
    quiz = await open_quiz_of(actor, course_of(request), video_id)
    await report_question(actor, quiz, data.question_id, data.reason)
    return ReportResponse(data.question_id, reported=True)


HANDLERS = [quiz, commit, submit, report]
