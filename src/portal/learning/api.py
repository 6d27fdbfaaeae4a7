"""Path and progress for programs and scripts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

import msgspec
from litestar import Response, get, post
from litestar.params import JSONBody

from portal.learning import actions, rules
from portal.learning.actions import WatchReport
from portal.learning.course import Step, Video
from portal.learning.locks import Lock
from portal.learning.outline import Outline, PathTask
from portal.learning.queries import open_step, open_video, outline_of, study_of
from portal.learning.site import course_of
from portal.scoring.rules import POINTS_MAX
from portal.web.actor import CurrentActor
from portal.web.openapi import Slug, between
from portal.web.site import Req

VideoId: TypeAlias = Annotated[Slug, msgspec.Meta(examples=["introduction-to-ai-fluency"])]
StepId: TypeAlias = Annotated[Slug, msgspec.Meta(examples=["1"])]
ItemId: TypeAlias = Annotated[Slug, msgspec.Meta(examples=["sort-three-tasks"])]
Seconds: TypeAlias = Annotated[int, between(0, rules.MAX_SECOND), msgspec.Meta(examples=[20])]


class ProgressView(msgspec.Struct, rename="camel"):
    done: bool
    completed_at: datetime | None
    position_seconds: int
    watched_percent: int
    self_declared: bool


class ProgressResponse(msgspec.Struct):
    videos: dict[str, ProgressView]


class MarkRequest(msgspec.Struct, rename="camel"):
    video_id: VideoId
    done: bool


class MarkResponse(msgspec.Struct, rename="camel"):
    video_id: str
    done: bool


class WatchRequest(msgspec.Struct, rename="camel"):
    """Whole seconds; `from` to `to` is half-open."""

    video_id: VideoId
    to: Seconds
    position: Seconds
    duration: Seconds
    start: Seconds = msgspec.field(name="from")


class WatchResponse(msgspec.Struct, rename="camel"):
    watched_percent: int
    done: bool


class TickRequest(msgspec.Struct, rename="camel"):
    step_id: StepId
    item_id: ItemId
    ticked: bool


class TickResponse(msgspec.Struct, rename="camel"):
    step_id: str
    item_id: str
    ticked: bool


class PathVideo(msgspec.Struct, rename="camel"):
    id: str
    title: str
    level: str
    duration_seconds: int | None
    top_pick: bool
    done: bool
    watched_percent: int
    position_seconds: int
    has_quiz: bool
    questions: int
    quiz_completed: bool
    score: int | None
    max_score: int
    locked: bool
    lock_reason: str | None


class PathTopic(msgspec.Struct, rename="camel"):
    id: str
    title: str
    description: str
    locked: bool
    lock_reason: str | None
    videos: list[PathVideo]


class PathStep(msgspec.Struct, rename="camel"):
    id: str
    title: str
    summary: str
    objectives: tuple[str, ...]
    practice: list[PathTask]
    locked: bool
    lock_reason: str | None
    videos_completed: int
    videos_total: int
    quizzes_completed: int
    quizzes_total: int
    seconds_left: int
    topics: list[PathTopic]


class PathResponse(msgspec.Struct, rename="camel"):
    steps: list[PathStep]
    next_video_id: str | None


def _path_video(outline: Outline, video: Video) -> PathVideo:
    progress = outline.of(video)
    best = outline.best.get(video.id)
    questions = len(video.quiz.questions) if video.quiz else 0
    lock = outline.locks.of_video(video)
    return PathVideo(
        id=video.id,
        title=video.title,
        level=video.level,
        duration_seconds=video.duration,
        top_pick=video.top_pick,
        done=progress.done,
        watched_percent=progress.watched_percent,
        position_seconds=progress.position_seconds,
        has_quiz=video.quiz is not None,
        questions=questions,
        quiz_completed=best is not None,
        score=best.score if best else None,
        max_score=POINTS_MAX * questions,
        locked=lock is not None,
        lock_reason=_reason(lock),
    )


def _reason(lock: Lock | None) -> str | None:
    return lock.reason if lock else None


def _path_step(outline: Outline, step: Step) -> PathStep:
    lock = outline.locks.of(step)
    return PathStep(
        id=step.id,
        title=step.title,
        summary=step.summary,
        objectives=step.objectives,
        practice=outline.tasks(step),
        locked=lock is not None,
        lock_reason=_reason(lock),
        videos_completed=outline.watched(step.videos),
        videos_total=len(step.videos),
        quizzes_completed=outline.quizzes(step.videos),
        quizzes_total=sum(video.quiz is not None for video in step.videos),
        seconds_left=outline.seconds_left(step.videos),
        topics=[
            PathTopic(
                id=topic.id,
                title=topic.title,
                description=topic.description,
                locked=outline.locks.of(topic) is not None,
                lock_reason=_reason(outline.locks.of(topic)),
                videos=[_path_video(outline, video) for video in topic.videos],
            )
            for topic in step.topics
        ],
    )


@get("/api/path", summary="Steps, topics and videos with the learner's state")
async def path(request: Req, actor: CurrentActor) -> PathResponse:
    outline = await outline_of(actor, course_of(request))
    return PathResponse(
        steps=[_path_step(outline, step) for step in outline.course.steps],
        next_video_id=outline.next.video.id if outline.next else None,
    )


@get("/api/progress", summary="What the learner has watched")
async def progress(request: Req, actor: CurrentActor) -> ProgressResponse:
    study = await study_of(actor, course_of(request))
    return msgspec.convert({"videos": study.progress}, ProgressResponse, from_attributes=True)


@post(
    "/api/progress",
    status_code=200,
    opt={"errors": (404,)},
    summary="Mark a video as watched, or not",
)
async def mark(request: Req, actor: CurrentActor, data: JSONBody[MarkRequest]) -> MarkResponse:
    video = await open_video(actor, course_of(request), data.video_id)
    await actions.mark(actor, video, done=data.done)
    return MarkResponse(video.id, data.done)


@post(
    "/api/progress/watch", status_code=200, opt={"errors": (404,)}, summary="Report watched seconds"
)
async def watch(
    request: Req, actor: CurrentActor, data: JSONBody[WatchRequest]
) -> Response[WatchResponse]:
    """What is more than can have been watched by now is ignored. `Retry-After` then says in how
    many seconds the same report can count further."""
    video = await open_video(actor, course_of(request), data.video_id)
    watched = await actions.report_watched(
        actor, video, WatchReport(data.start, data.to, data.position, data.duration)
    )
    wait = rules.time_to_gain(watched.ignored)
    return Response(
        WatchResponse(watched.percent, watched.done),
        headers={"Retry-After": str(wait)} if wait else {},
    )


@post(
    "/api/practice",
    status_code=200,
    opt={"errors": (404,)},
    summary="Tick off a task of a step, or take that back",
)
async def practice(request: Req, actor: CurrentActor, data: JSONBody[TickRequest]) -> TickResponse:
    step = await open_step(actor, course_of(request), data.step_id)
    await actions.tick(actor, step, data.item_id, ticked=data.ticked)
    return TickResponse(step.id, data.item_id, data.ticked)


HANDLERS = [path, progress, mark, watch, practice]
