"""The result of a completed attempt, in the words and rows of its page. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from portal.learning.course import Question, Video
from portal.quiz.rules import Attempt, QuizProgress
from portal.scoring.rules import (
    POINTS_FIRST_TRY,
    POINTS_MAX,
    POINTS_RIGHT,
    best_attempt,
)
from portal.web.formats import length, number, ordinal
from portal.web.languages import isolated

RULE = (
    f"{POINTS_RIGHT} points for each right answer, and {POINTS_FIRST_TRY} more when your first"
    " answer ever to the question was right."
)


class Best(msgspec.Struct, frozen=True):
    points: int
    max_points: int
    attempt_number: int


class ResultRow(msgspec.Struct, frozen=True):
    """`given` and `key` are the texts of the choices made and of the right ones."""

    question: str
    right: bool
    points_text: str
    given: list[str]
    key: list[str]
    explanation: str


class PartLink(msgspec.Struct, frozen=True):
    title: str
    href: str


class NextVideo(msgspec.Struct, frozen=True):
    href: str
    title: str
    duration: int | None


class HistoryRow(msgspec.Struct, frozen=True):
    attempt_number: int
    right: int
    total: int
    points: int
    completed_at: datetime


class ResultPart(msgspec.Struct, frozen=True, kw_only=True):
    heading: str
    sentence: str
    rows: list[ResultRow]
    best_text: str
    rule: str
    review: bool
    watch_again: list[PartLink]
    history: list[HistoryRow]
    next: NextVideo | None
    retry_href: str


class Place(msgspec.Struct, frozen=True):
    """Where the learner stands now. `rank` is None without one.

    `steps` says what the attempt did to the steps.
    `latest`: nothing has changed the total since this attempt; only then is it known what it did
    to the rank, from `rank_before`, which is None when there was none.
    """

    total_score: int
    rank: int | None = None
    ranked_people: int = 0
    track: str = ""
    latest: bool = False
    rank_before: int | None = None
    steps: str = ""


def best_of(progress: QuizProgress) -> Best | None:
    if not progress.completed:
        return None
    results = [attempt.result(progress.quiz.video_id) for attempt in progress.completed]
    best = best_attempt(results)
    return Best(best.score, POINTS_MAX * best.total_questions, best.attempt_number)


def _points_text(earned: int) -> str:
    if earned > POINTS_RIGHT:
        return f"{POINTS_RIGHT} + {earned - POINTS_RIGHT}"
    return str(earned)


def _change(attempt: Attempt, earlier: Sequence[int], place: Place) -> str:
    """Returns what the attempt did to the total and the rank."""
    gained = attempt.score - max(earlier, default=0)
    total = number(place.total_score)
    if gained <= 0:
        change = (
            f"Your total stays at {total}: your best attempt counts."
            if earlier
            else f"No points this time. Your total is {total}."
        )
        return f"{change} {_rank_sentence(place)}".strip()
    if not place.latest:
        return f"This added {gained} points. Your total is {total}. {_rank_sentence(place)}".strip()
    change = f"Your total went from {number(place.total_score - gained)} to {total}"
    if place.rank is None:
        return f"{change}."
    of = f"of {number(place.ranked_people)} in {place.track}"
    if place.rank_before is None:
        return f"{change}, and you are {ordinal(place.rank)} {of}."
    if place.rank_before == place.rank:
        return f"{change}, and you are still {ordinal(place.rank)} {of}."
    return (
        f"{change}, and you moved from {ordinal(place.rank_before)} to {ordinal(place.rank)} {of}."
    )


def _rank_sentence(place: Place) -> str:
    if place.rank is None:
        return ""
    return f"You are {ordinal(place.rank)} of {number(place.ranked_people)} in {place.track}."


def _row(question: Question, attempt: Attempt, progress: QuizProgress) -> ResultRow:
    answer = attempt.answer_to(question.id)
    assert answer is not None
    texts = {choice.id: choice.text for choice in question.choices}
    return ResultRow(
        question=question.text,
        right=answer.correct,
        points_text=_points_text(progress.points_of(answer)),
        given=[texts[choice] for choice in answer.choices],
        key=[texts[choice] for choice in question.key],
        explanation=question.explanation,
    )


def _again(questions: Sequence[Question], attempt: Attempt, video: Video) -> list[PartLink]:
    """Returns the parts of the video that explain what was wrong, or the video as a whole."""
    answers = {answer.question_id: answer.correct for answer in attempt.answers}
    wrong = [question for question in questions if not answers[question.id]]
    parts = [
        PartLink(f"{question.text} ({length(question.at)})", f"/video/{video.id}?t={question.at}")
        for question in wrong
        if question.at is not None
    ]
    return parts or ([PartLink(video.title, f"/video/{video.id}")] if wrong else [])


def result_part(
    progress: QuizProgress,
    attempt: Attempt,
    questions: Sequence[Question],
    video: Video,
    *,
    place: Place,
    following: Video | None,
    retry_href: str,
) -> ResultPart:
    """Returns the result of a completed attempt, whose questions are `questions`."""
    best = best_of(progress)
    assert best is not None
    earlier = [a.score for a in progress.completed if a.attempt_number < attempt.attempt_number]
    return ResultPart(
        heading=f"{attempt.correct_answers} of {attempt.total_questions} right,"
        f" {attempt.score} points",
        sentence=f"{_change(attempt, earlier, place)} {place.steps}".strip(),
        rows=[_row(question, attempt, progress) for question in questions],
        best_text=f"Best so far {best.points} of {best.max_points}, attempt {best.attempt_number}.",
        rule=RULE,
        # While another attempt is open, what it still asks is not told.
        review=progress.open is None,
        watch_again=_again(questions, attempt, video),
        history=[
            HistoryRow(
                a.attempt_number, a.correct_answers, a.total_questions, a.score, a.completed_at
            )
            for a in reversed(progress.completed)
            if a.completed_at is not None
        ],
        next=NextVideo(f"/video/{following.id}", isolated(following.title), following.duration)
        if following
        else None,
        retry_href=retry_href,
    )
