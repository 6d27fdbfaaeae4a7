"""Committing answers and completing attempts: the only writes that lead to points."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from portal import clock
from portal.accounts.actions import record_activity
from portal.db import sql
from portal.errors import Conflict, Invalid, NotFound
from portal.learning.course import Question, Quiz
from portal.quiz import queries, rules
from portal.quiz.rules import Answer, Attempt, QuizProgress
from portal.quiz.tables import QuizAnswer, QuizVersion
from portal.scoring import actions as scoring
from portal.scoring.tables import QuizAttempt
from portal.web.actor import Actor
from portal.web.counters import count
from portal.web.formats import plural


class GivenAnswer(msgspec.Struct, frozen=True):
    question_id: str
    choices: tuple[str, ...]


class Committed(msgspec.Struct, frozen=True):
    """An answer as it is recorded, and how far the attempt is with it. `number` is that of the
    question, from 1."""

    question: Question
    number: int
    answer: Answer
    answered: int
    total: int


class AlreadyCompleted(Conflict):
    """The attempt that was to be answered or completed is completed; the details say how."""


class Completed(msgspec.Struct, frozen=True):
    """`best_before` are the points that counted for the quiz until now, None on a first attempt."""

    attempt: Attempt
    total_score: int
    best_before: int | None


def _recorded(question: Question, answer: Answer) -> dict[str, object]:
    """Returns what a refusal tells of the committed answer, in the form in which it is sent."""
    choice = (
        {"choiceIds": answer.choices}
        if question.kind in rules.MANY
        else {"choiceId": answer.choices[0]}
    )
    return {"questionId": question.id, **choice, "correct": answer.correct}


async def _open_attempt(actor: Actor, progress: QuizProgress) -> Attempt:
    """Returns the open attempt, begun now if there is none, with its questions kept for ever."""
    if progress.open is not None:
        return progress.open
    quiz = progress.quiz
    await QuizVersion.insert(
        QuizVersion(
            content_hash=quiz.content_hash,
            quiz_id=quiz.video_id,
            body=msgspec.json.encode(quiz.questions).decode(),
        )
    ).on_conflict(action="DO NOTHING")
    row = QuizAttempt(
        learner=actor.user_id,
        quiz_id=quiz.video_id,
        attempt_number=progress.attempt_number,
        content_hash=quiz.content_hash,
        started_at=clock.now(),
        total_questions=len(quiz.questions),
    )
    created = await QuizAttempt.insert(row)
    return Attempt(
        id=created[0]["id"],
        quiz_id=quiz.video_id,
        attempt_number=progress.attempt_number,
        content_hash=quiz.content_hash,
        completed_at=None,
        total_questions=len(quiz.questions),
        correct_answers=0,
        first_try_correct=0,
        score=0,
        answers=(),
    )


def _check_attempt(progress: QuizProgress, attempt_number: int) -> None:
    """Raise `Conflict` unless `attempt_number` is the one that can be answered now, and
    `AlreadyCompleted` for one that could be."""
    if attempt_number == progress.attempt_number:
        return
    done = progress.completed_attempt(attempt_number)
    if done is not None:
        raise AlreadyCompleted(
            f"Attempt {attempt_number} is completed.",
            details={
                "attemptNumber": progress.attempt_number,
                "attempt": {
                    "attemptNumber": done.attempt_number,
                    "totalQuestions": done.total_questions,
                    "correctAnswers": done.correct_answers,
                    "firstTryCorrect": done.first_try_correct,
                    "scoreEarned": done.score,
                },
            },
        )
    raise Conflict(
        f"The current attempt is number {progress.attempt_number}.",
        details={"attemptNumber": progress.attempt_number},
    )


async def _store(
    actor: Actor, progress: QuizProgress, given: Sequence[GivenAnswer]
) -> QuizProgress:
    """Store what is not committed yet; return where the learner is then.

    Raises before anything is stored: `Invalid` for an unknown question or choice, `Conflict` for an
    answer that contradicts a committed one.
    """
    known = progress.answers
    new: dict[str, Answer] = {}
    for entry in given:
        question = progress.question(entry.question_id)
        if question is None:
            raise Invalid(
                "This quiz has no such question.", details={entry.question_id: "Unknown question."}
            )
        choices = rules.normal_choices(question, entry.choices)
        answer = known.get(question.id) or new.get(question.id)
        if answer is None:
            answer = Answer(
                question_id=question.id,
                choices=choices,
                correct=rules.is_correct(question, choices),
                first_ever=question.id not in progress.first_correct,
            )
            new[question.id] = answer
        elif answer.choices != choices:
            raise Conflict(
                "This question is answered already.", details=_recorded(question, answer)
            )
    if not new:
        return progress
    attempt = await _open_attempt(actor, progress)
    await QuizAnswer.insert(
        *(
            QuizAnswer(
                attempt=attempt.id,
                question_id=answer.question_id,
                choices=list(answer.choices),
                correct=answer.correct,
                first_ever=answer.first_ever,
                answered_at=clock.now(),
            )
            for answer in new.values()
        )
    )
    return rules.answered(progress, attempt, list(new.values()))


async def commit_answer(
    actor: Actor, quiz: Quiz, attempt_number: int, given: GivenAnswer
) -> Committed:
    """Record one answer for good, grade it, and return it with the question's key.

    The same answer again returns the same. Raises `NotFound` for an unknown question, `Invalid` for
    an unusable choice, `Conflict` with what is recorded for a different one or with the current
    attempt for a wrong number.
    """
    async with sql.transaction():
        await scoring.lock_total(actor.user_id)
        before = await queries.quiz_progress_of(actor.user_id, quiz)
        _check_attempt(before, attempt_number)
        number = before.number_of(given.question_id)
        if number is None:
            raise NotFound("This quiz has no such question.")
        after = await _store(actor, before, [given])
        if after is not before:
            await record_activity(actor.user_id, actor.time_zone)
    answer = after.answers[given.question_id]
    _count_new(before, [answer])
    questions = before.quiz.questions
    return Committed(questions[number - 1], number, answer, len(after.answers), len(questions))


async def submit(
    actor: Actor, quiz: Quiz, attempt_number: int, answers: Sequence[GivenAnswer] = ()
) -> Completed:
    """Complete the attempt: grade it against the questions that it began with, write the total.

    `answers` may fill in what is not committed yet. Raises `Invalid` naming what is unanswered, and
    `Conflict` for a completed attempt or a contradiction; then nothing is stored.
    """
    async with sql.transaction():
        await scoring.lock_total(actor.user_id)
        before = await queries.quiz_progress_of(actor.user_id, quiz)
        _check_attempt(before, attempt_number)
        given = {answer.question_id for answer in answers}
        missing = [q.id for q in before.unanswered if q.id not in given]
        if missing:
            verb = "is" if len(missing) == 1 else "are"
            total = plural(len(before.quiz.questions), "question")
            raise Invalid(
                f"{len(missing)} of {total} {verb} not answered yet.",
                details=dict.fromkeys(missing, "Not answered yet."),
            )
        progress = await _store(actor, before, answers)
        assert progress.open is not None
        attempt = _graded(progress, progress.open)
        await QuizAttempt.update(
            {
                QuizAttempt.completed_at: attempt.completed_at,
                QuizAttempt.correct_answers: attempt.correct_answers,
                QuizAttempt.first_try_correct: attempt.first_try_correct,
                QuizAttempt.score: attempt.score,
            }
        ).where(QuizAttempt.id == attempt.id)
        totals = await scoring.recompute(actor.user_id)
        await record_activity(actor.user_id, actor.time_zone)
    _count_new(before, attempt.answers)
    count("quizzes_finished")
    return Completed(attempt, totals.score, before.best.score if before.best else None)


def _count_new(before: QuizProgress, answers: Sequence[Answer]) -> None:
    """Count the answers that were not committed before."""
    for answer in answers:
        if answer.question_id not in before.answers:
            count("answers", "right" if answer.correct else "wrong")


def _graded(progress: QuizProgress, attempt: Attempt) -> Attempt:
    right = [answer for answer in attempt.answers if answer.correct]
    return msgspec.structs.replace(
        attempt,
        completed_at=clock.now(),
        correct_answers=len(right),
        first_try_correct=sum(progress.first_correct[answer.question_id] for answer in right),
        score=sum(progress.points_of(answer) for answer in right),
    )
