"""The result of a completed attempt, in the words and rows of its page. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import msgspec

from portal.learning.course import Question, Video
from portal.learning.locks import name_of
from portal.learning.outline import Outline
from portal.quiz import rules
from portal.quiz.rules import Answer, Attempt, QuizProgress
from portal.quiz.views import question_href
from portal.scoring.rules import POINTS_FIRST_TRY, POINTS_RIGHT
from portal.web.formats import length, number, ordinal
from portal.web.languages import isolated
from portal.web.pages import Link

RULE = (
    f"{POINTS_RIGHT} points for each right answer, and {POINTS_FIRST_TRY} more when your first"
    " answer ever to the question was right."
)


class Ranking(msgspec.Struct, frozen=True):
    """Where the learner stands now. `rank` is None without one.

    `latest`: nothing has changed the total since this attempt; only then is it known what it did
    to the rank, from `rank_before`, which is None when there was none.
    """

    total_score: int
    rank: int | None
    ranked_people: int
    track: str
    latest: bool
    rank_before: int | None


class FinishedAttempt(msgspec.Struct, frozen=True):
    """A completed attempt with the questions that it began with, and where the learner stands now.
    `best_before` are the points that counted before it, None on a first attempt; `gained` those
    that it added to the total."""

    attempt: Attempt
    questions: tuple[Question, ...]
    best_before: int | None
    gained: int
    ranking: Ranking


class ResultRow(msgspec.Struct, frozen=True):
    """`given` and `key` are the texts of the choices made and of the right ones."""

    question: str
    right: bool
    points_text: str
    given: list[str]
    key: list[str]
    explanation: str


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
    """`gain` are the points that the quiz can still add."""

    state: ClassVar[str] = "result"

    attempt_number: int
    heading: str
    sentence: str
    rows: list[ResultRow]
    best_text: str
    gain: int
    rule: str
    review: bool
    watch_again: list[Link]
    history: list[HistoryRow]
    next: NextVideo | None
    retry_href: str


def _points_text(earned: int) -> str:
    if earned > POINTS_RIGHT:
        return f"{POINTS_RIGHT} + {earned - POINTS_RIGHT}"
    return str(earned)


def _score_change(finished: FinishedAttempt) -> str:
    """Returns what the attempt did to the total and the rank."""
    ranking, gained = finished.ranking, finished.gained
    total = number(ranking.total_score)
    if not gained:
        change = (
            f"No points this time. Your total is {total}."
            if finished.best_before is None
            else f"Your total stays at {total}: your best attempt counts."
        )
        return f"{change} {_rank_sentence(ranking)}".strip()
    if not ranking.latest:
        change = f"This added {gained} points. Your total is {total}."
        return f"{change} {_rank_sentence(ranking)}".strip()
    change = f"Your total went from {number(ranking.total_score - gained)} to {total}"
    if ranking.rank is None:
        return f"{change}."
    now, of = ordinal(ranking.rank), f"of {number(ranking.ranked_people)} in {ranking.track}"
    if ranking.rank_before is None:
        return f"{change}, and you are {now} {of}."
    if ranking.rank_before == ranking.rank:
        return f"{change}, and you are still {now} {of}."
    return f"{change}, and you moved from {ordinal(ranking.rank_before)} to {now} {of}."


def _rank_sentence(ranking: Ranking) -> str:
    if ranking.rank is None:
        return ""
    people = number(ranking.ranked_people)
    return f"You are {ordinal(ranking.rank)} of {people} in {ranking.track}."


def _opened(outline: Outline, video: Video, best_before: int | None) -> str:
    """Returns what the latest attempt, at the quiz of a video, did to the steps."""
    step = outline.course.steps_by_id[video.step_id]
    said = [f"Step {step.id} has {outline.locks.percent(step)}% of its points."]
    opened = [name_of(part) for part in outline.locks.opened_by(video.id, best_before)]
    if opened:
        names = " and ".join(opened)
        said.append(
            f"{names[0].upper()}{names[1:]} {'is' if len(opened) == 1 else 'are'} open now."
        )
    return " ".join(said)


def _result_row(question: Question, answer: Answer, points: int) -> ResultRow:
    texts = {choice.id: choice.text for choice in question.choices}
    return ResultRow(
        question=question.text,
        right=answer.correct,
        points_text=_points_text(points),
        given=[texts[choice] for choice in answer.choices],
        key=[texts[choice] for choice in question.key],
        explanation=question.explanation,
    )


def _watch_again(wrong: list[Question], video: Video) -> list[Link]:
    """Returns the parts of the video that explain what was wrong, or the video as a whole."""
    parts = [
        Link(f"/video/{video.id}?t={question.at}", f"{question.text} ({length(question.at)})")
        for question in wrong
        if question.at is not None
    ]
    return parts or ([Link(f"/video/{video.id}", video.title)] if wrong else [])


def _next_video(outline: Outline, video: Video) -> NextVideo | None:
    """Returns the video after this one, if it is open."""
    following = outline.course.neighbours(video.id)[1]
    if following is None or outline.locks.of_video(following):
        return None
    return NextVideo(f"/video/{following.id}", isolated(following.title), following.duration)


def result(
    progress: QuizProgress, finished: FinishedAttempt, outline: Outline, video: Video
) -> ResultPart:
    """Returns the result of a completed attempt."""
    attempt, best = finished.attempt, progress.best
    assert best is not None
    answers = {answer.question_id: answer for answer in attempt.answers}
    change = _score_change(finished)
    if finished.ranking.latest:
        change = f"{change} {_opened(outline, video, finished.best_before)}"
    return ResultPart(
        attempt_number=attempt.attempt_number,
        heading=f"{attempt.correct_answers} of {attempt.total_questions} right,"
        f" {attempt.score} points",
        sentence=change,
        rows=[
            _result_row(question, answers[question.id], progress.points_of(answers[question.id]))
            for question in finished.questions
        ],
        best_text=f"Best so far {best.score} of {best.max_score}, attempt {best.attempt_number}.",
        gain=rules.gain(progress),
        rule=RULE,
        # While another attempt is open, what it still asks is not told.
        review=progress.open is None,
        watch_again=_watch_again(
            [question for question in finished.questions if not answers[question.id].correct], video
        ),
        history=[
            HistoryRow(
                a.attempt_number, a.correct_answers, a.total_questions, a.score, a.completed_at
            )
            for a in reversed(progress.completed)
            if a.completed_at is not None
        ],
        next=_next_video(outline, video),
        retry_href=question_href(progress, progress.first_open),
    )
