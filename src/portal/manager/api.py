"""A team and its members for programs and scripts. Neither choices nor keys are in here."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Literal, TypeAlias

import msgspec
from litestar import get
from litestar.params import FromPath, FromQuery

from portal.learning.course import Course, Step, Task, Video
from portal.learning.outline import Outline
from portal.learning.site import course_of
from portal.manager import queries
from portal.manager.filters import MAX_NAME, Days, parse
from portal.manager.member_queries import MOST_EVENTS, AttemptSeen, MemberSeen, member_seen
from portal.manager.rules import MemberRow, Metrics
from portal.scoring.rules import POINTS_MAX
from portal.web.actor import CurrentActor
from portal.web.openapi import up_to
from portal.web.site import Req, site

MemberId: TypeAlias = Annotated[
    str,
    msgspec.Meta(
        extra_json_schema={"pattern": "^[a-z0-9._-]+$", "minLength": 1, "maxLength": 100},
        examples=["alex"],
    ),
]
TeamId: TypeAlias = Annotated[str, up_to(100), msgspec.Meta(examples=["all"])]
States: TypeAlias = Annotated[str, up_to(100), msgspec.Meta(examples=["at-risk"])]
StepId: TypeAlias = Annotated[str, up_to(100), msgspec.Meta(examples=["1"])]
Name: TypeAlias = Annotated[str, up_to(MAX_NAME), msgspec.Meta(examples=["a"])]
Order: TypeAlias = Annotated[str, up_to(20), msgspec.Meta(examples=["-score"])]
Kind: TypeAlias = Literal["sign-in", "watched", "quiz", "practice"]


class MemberVideo(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`score` is null before the first finished attempt, `completedAt` until the video is done;
    `selfDeclared` tells that it was marked by hand."""

    id: str
    title: str
    done: bool
    self_declared: bool
    completed_at: datetime | None
    watched_percent: int
    quiz_open: bool
    score: int | None
    max_score: int
    locked: bool


class MemberStep(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: str
    title: str
    videos_completed: int
    quizzes_completed: int
    quizzes_total: int
    practised: int
    tasks_total: int
    videos: list[MemberVideo]


class MemberAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """Whether an answer was right, and when it came. `question` is null when the course does not
    have it any more."""

    question_id: str
    question: str | None
    correct: bool
    answered_at: datetime


class MemberAttempt(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`completedAt` and the counts are null while it is open; `title` is null when the course does
    not have the video any more."""

    video_id: str
    title: str | None
    attempt_number: int
    started_at: datetime
    completed_at: datetime | None
    total_questions: int | None
    correct_answers: int | None
    score: int | None
    max_score: int | None
    answers: list[MemberAnswer]


class MemberEvent(msgspec.Struct, frozen=True):
    """`title` is that of the video or the text of the task, empty for a sign-in; `detail` says
    more in words, or nothing."""

    at: datetime
    kind: Kind
    title: str
    detail: str


class MemberDetails(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A member as whoever leads them sees them; `row` is their row in the list of the team.
    `watchedSeconds` counts each second played once. `attempts` are the last hundred and `events`
    the last hundred, the newest first."""

    row: MemberRow
    time_zone: str
    streak: int
    watched_seconds: int
    steps: list[MemberStep]
    attempts: list[MemberAttempt]
    events: list[MemberEvent]
    leaders: list[str]


@get(
    "/api/manager/metrics",
    opt={"who": "manager", "errors": (404,)},
    summary="A team: who is how far, in which state, and the last twelve weeks",
)
async def metrics(
    request: Req,
    actor: CurrentActor,
    team: FromQuery[TeamId] = "",
    status: FromQuery[list[States] | None] = None,
    days: FromQuery[Days] = 7,
    step: FromQuery[StepId] = "",
    q: FromQuery[Name] = "",
    sort: FromQuery[Order] = "",
) -> Metrics:
    """Without `team` the first of the caller's own; for an admin the whole company, as by "all".
    `status` may stand several times, or hold several with commas between them. Filters apply to
    `rows` alone; `days` is the period of `scoreDelta` and of `left`."""
    course = course_of(request)
    asked = [("team", team), *(("status", each) for each in status or ())]
    asked += [("days", str(days)), ("step", step), ("q", q), ("sort", sort)]
    filters = parse(asked, course.steps_by_id)
    return await queries.metrics(actor, course, filters, site(request).settings.time_zone)


@get(
    "/api/manager/members/{member_id:str}",
    opt={"who": "manager"},
    summary="A member: the path, the attempts, and what happened when",
)
async def member(request: Req, actor: CurrentActor, member_id: FromPath[MemberId]) -> MemberDetails:
    """Of answers it says whether they were right, never what was chosen."""
    course = course_of(request)
    seen = await member_seen(actor, course, member_id, site(request).settings.time_zone)
    return MemberDetails(
        row=seen.row,
        time_zone=seen.time_zone,
        streak=seen.figures.kpis.streak,
        watched_seconds=seen.seconds,
        steps=[_step(seen.outline, each) for each in course.steps],
        attempts=[_attempt(each, course) for each in seen.attempts],
        events=_events(seen, course),
        leaders=seen.leaders,
    )


def _step(outline: Outline, step: Step) -> MemberStep:
    return MemberStep(
        id=step.id,
        title=step.title,
        videos_completed=outline.watched(step.videos),
        quizzes_completed=outline.quizzes(step.videos),
        quizzes_total=sum(video.quiz is not None for video in step.videos),
        practised=outline.practised(step),
        tasks_total=len(step.tasks),
        videos=[_video(outline, video) for video in step.videos],
    )


def _video(outline: Outline, video: Video) -> MemberVideo:
    progress = outline.of(video)
    best = outline.best.get(video.id)
    return MemberVideo(
        id=video.id,
        title=video.title,
        done=progress.done,
        self_declared=progress.self_declared,
        completed_at=progress.completed_at,
        watched_percent=progress.watched_percent,
        quiz_open=video.id in outline.open_quizzes,
        score=best.score if best else None,
        max_score=POINTS_MAX * len(video.quiz.questions) if video.quiz else 0,
        locked=outline.locks.of_video(video) is not None,
    )


def _attempt(attempt: AttemptSeen, course: Course) -> MemberAttempt:
    quiz = course.quizzes.get(attempt.quiz_id)
    texts = {question.id: question.text for question in quiz.questions} if quiz else {}
    done = attempt.completed_at is not None
    return MemberAttempt(
        video_id=attempt.quiz_id,
        title=_title(course, attempt.quiz_id) or None,
        attempt_number=attempt.number,
        started_at=attempt.started_at.astimezone(UTC),
        completed_at=attempt.completed_at and attempt.completed_at.astimezone(UTC),
        total_questions=attempt.total if done else None,
        correct_answers=attempt.correct if done else None,
        score=attempt.score if done else None,
        max_score=POINTS_MAX * (attempt.total or 0) if done else None,
        answers=[
            MemberAnswer(
                each.question_id,
                texts.get(each.question_id),
                each.correct,
                each.answered_at.astimezone(UTC),
            )
            for each in attempt.answers
        ],
    )


def _title(course: Course, video_id: str) -> str:
    video = course.find(video_id)
    return video.title if video else ""


def _events(seen: MemberSeen, course: Course) -> list[MemberEvent]:
    """Returns what happened, the newest first."""
    events = [MemberEvent(at.astimezone(UTC), "sign-in", "", "") for at in seen.sign_ins]
    events += [*_of_quizzes(seen, course), *_of_videos(seen, course), *_of_tasks(seen, course)]
    return sorted(events, key=lambda event: event.at, reverse=True)[:MOST_EVENTS]


def _of_quizzes(seen: MemberSeen, course: Course) -> Iterator[MemberEvent]:
    for each in seen.attempts:
        if each.completed_at is not None:
            detail = f"{each.correct} of {each.total} right, {each.score} points"
            at = each.completed_at.astimezone(UTC)
            yield MemberEvent(at, "quiz", _title(course, each.quiz_id), detail)


def _of_videos(seen: MemberSeen, course: Course) -> Iterator[MemberEvent]:
    for video_id, progress in seen.outline.progress.items():
        if progress.done and progress.completed_at:
            how = "marked by hand" if progress.self_declared else ""
            yield MemberEvent(progress.completed_at, "watched", _title(course, video_id), how)


def _of_tasks(seen: MemberSeen, course: Course) -> Iterator[MemberEvent]:
    tasks = {
        task.id: (task.text, f"step {step.id}")
        for step in course.steps
        for task in step.tasks
        if isinstance(task, Task)
    }
    for each in seen.practised:
        if each.item in tasks:
            yield MemberEvent(each.at.astimezone(UTC), "practice", *tasks[each.item])


HANDLERS = [metrics, member]
