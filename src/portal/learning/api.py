"""Path and progress for programs and scripts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.params import JSONBody

from portal.errors import NotFound
from portal.learning import actions, queries
from portal.learning.actions import WatchReport
from portal.learning.catalogue import Course, Video
from portal.learning.outline import Outline, Progress
from portal.scoring.queries import standing_of
from portal.scoring.rules import POINTS_MAX
from portal.web.actor import Actor, CurrentActor


class ProgressView(msgspec.Struct, rename="camel"):
    done: bool
    completed_at: datetime | None
    position_seconds: int
    watched_percent: int
    self_declared: bool


class ProgressResponse(msgspec.Struct):
    videos: dict[str, ProgressView]


class MarkRequest(msgspec.Struct, rename="camel"):
    video_id: str
    done: bool


class MarkResponse(msgspec.Struct, rename="camel"):
    video_id: str
    done: bool


class WatchRequest(msgspec.Struct, rename="camel"):
    """Whole seconds; `from` to `to` is half-open."""

    video_id: str
    to: int
    position: int
    duration: int
    start: int = msgspec.field(name="from")


class WatchResponse(msgspec.Struct, rename="camel"):
    watched_percent: int
    done: bool


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
    videos: list[PathVideo]


class PathStep(msgspec.Struct, rename="camel"):
    id: str
    title: str
    summary: str
    locked: bool
    lock_reason: str | None
    videos_completed: int
    videos_total: int
    topics: list[PathTopic]


class PathResponse(msgspec.Struct, rename="camel"):
    steps: list[PathStep]
    next_video_id: str | None


def video_of(course: Course, video_id: str) -> Video:
    """Returns the video; `NotFound` when the course has none of that id."""
    video = course.videos.get(video_id)
    if video is None:
        raise NotFound("There is no such video.")
    return video


async def outline_of(actor: Actor, course: Course, here: str | None = None) -> Outline:
    """Returns the course as the actor sees it: two statements."""
    ledger = await standing_of(actor.user_id)
    progress = await queries.progress_of(actor, course)
    return Outline(course, progress, ledger, here)


def _progress(progress: Progress) -> ProgressView:
    return ProgressView(
        done=progress.done,
        completed_at=progress.completed_at,
        position_seconds=progress.position_seconds,
        watched_percent=progress.watched_percent,
        self_declared=progress.self_declared,
    )


def _path_video(outline: Outline, video: Video) -> PathVideo:
    progress = outline.of(video)
    best = outline.best.get(video.id)
    questions = len(video.quiz.questions) if video.quiz else 0
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
        locked=False,
        lock_reason=None,
    )


@get("/api/path", summary="Steps, topics and videos with the learner's state")
async def path(request: Request[Any, Any, Any], actor: CurrentActor) -> PathResponse:
    outline = await outline_of(actor, request.app.state.course)
    return PathResponse(
        steps=[
            PathStep(
                id=step.id,
                title=step.title,
                summary=step.summary,
                locked=False,
                lock_reason=None,
                videos_completed=outline.watched(step.videos),
                videos_total=len(step.videos),
                topics=[
                    PathTopic(
                        id=topic.id,
                        title=topic.title,
                        description=topic.description,
                        videos=[_path_video(outline, video) for video in topic.videos],
                    )
                    for topic in step.topics
                ],
            )
            for step in outline.course.steps
        ],
        next_video_id=outline.next.video.id if outline.next else None,
    )


@get("/api/progress", summary="What the learner has watched")
async def progress(request: Request[Any, Any, Any], actor: CurrentActor) -> ProgressResponse:
    known = await queries.progress_of(actor, request.app.state.course)
    return ProgressResponse({video_id: _progress(entry) for video_id, entry in known.items()})


@post("/api/progress", status_code=200, summary="Mark a video as watched, or not")
async def mark(
    request: Request[Any, Any, Any], actor: CurrentActor, data: JSONBody[MarkRequest]
) -> MarkResponse:
    video = video_of(request.app.state.course, data.video_id)
    await actions.mark(actor, video, done=data.done)
    return MarkResponse(video.id, data.done)


@post("/api/progress/watch", status_code=200, summary="Report watched seconds")
async def watch(
    request: Request[Any, Any, Any], actor: CurrentActor, data: JSONBody[WatchRequest]
) -> WatchResponse:
    video = video_of(request.app.state.course, data.video_id)
    watched = await actions.report_watched(
        actor, video, WatchReport(data.start, data.to, data.position, data.duration)
    )
    return WatchResponse(watched.percent, watched.done)


HANDLERS = [path, progress, mark, watch]
