"""The path and its steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath

from portal.errors import NotFound
from portal.learning.api import outline_of
from portal.learning.catalogue import Course, Step
from portal.learning.outline import Outline, Rail, TickState
from portal.web.actor import CurrentActor
from portal.web.formats import about, plural
from portal.web.pages import page


class Link(msgspec.Struct, frozen=True):
    href: str
    title: str


class Action(msgspec.Struct, frozen=True):
    href: str
    label: str


class StepRow(msgspec.Struct, frozen=True, kw_only=True):
    """A step in a list. `label` is the small rail in words."""

    id: str
    title: str
    href: str
    summary: str
    note: str
    ticks: list[TickState]
    label: str
    current: bool
    done: bool
    locked_reason: str | None = None
    action: str | None = None
    action_href: str | None = None


class PathPage(msgspec.Struct, frozen=True):
    heading: str
    lead: str
    rail: Rail
    steps: list[StepRow]


class VideoRow(msgspec.Struct, frozen=True, kw_only=True):
    href: str
    title: str
    duration: int | None
    level: str
    state: TickState
    note: str
    result: str | None
    top_pick: bool


class TopicBlock(msgspec.Struct, frozen=True):
    title: str
    description: str
    videos: list[VideoRow]


class StepPage(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    title: str
    summary: str
    rail: Rail
    left: str
    objectives: tuple[str, ...]
    practice: tuple[str, ...]
    action: Action | None
    topics: list[TopicBlock]
    previous: Link | None
    following: Link | None


def label_of(course: Course) -> Callable[[str], str | None]:
    """Returns a function from a path of this site to what it shows, or None."""

    def label(path: str) -> str | None:
        parts = path.partition("?")[0].strip("/").split("/")
        match parts:
            case ["step", step_id] if step_id in course.steps_by_id:
                return f"Step {step_id}"
            case ["video", video_id] if video_id in course.videos:
                return course.videos[video_id].title
            case ["path"]:
                return "the path"
        return None

    return label


def step_rows(outline: Outline) -> list[StepRow]:
    """Returns all steps; the one where the learner is has a link to go on."""
    here = outline.course.videos[outline.here].step_id if outline.here else None
    return [
        StepRow(
            id=step.id,
            title=step.title,
            href=f"/step/{step.id}",
            summary=step.summary,
            note=outline.step_note(step),
            ticks=outline.ticks(step.videos),
            label=outline.rail([step]).label,
            current=step.id == here,
            done=outline.step_done(step),
            action="Continue" if step.id == here else None,
            action_href=f"/video/{outline.here}" if step.id == here else None,
        )
        for step in outline.course.steps
    ]


def _step_action(outline: Outline, step: Step) -> Action | None:
    """Returns the way on in this step: where the learner is, or its first open video."""
    place = next((v for v in step.videos if v.id == outline.here), None) or next(
        (v for v in step.videos if not outline.of(v).done), None
    )
    if place is None:
        return None
    begun = outline.watched(step.videos) or outline.quizzes(step.videos)
    verb = "Continue" if begun or outline.of(place).position_seconds else "Start"
    return Action(f"/video/{place.id}", f"{verb}: {place.title}")


@get("/path", include_in_schema=False)
async def path_page(request: Request[Any, Any, Any], actor: CurrentActor) -> Response[str]:
    course: Course = request.app.state.course
    outline = await outline_of(actor, course)
    watched = outline.watched()
    time = about(outline.seconds_left()) + (" left" if watched else "")
    content = PathPage(
        heading=f"{plural(len(course.steps), 'step')},"
        f" {plural(len(course.ordered), 'video')}, {time}",
        lead=f"{watched} of {len(course.ordered)} videos watched,"
        f" {plural(outline.quizzes(), 'quiz', 'quizzes')} finished.",
        rail=outline.rail(),
        steps=step_rows(outline),
    )
    return await page(request, "learning/path.html", content)


@get("/step/{step_id:str}", include_in_schema=False)
async def step_page(
    request: Request[Any, Any, Any], actor: CurrentActor, step_id: FromPath[str]
) -> Response[str]:
    course: Course = request.app.state.course
    step = course.steps_by_id.get(step_id)
    if step is None:
        raise NotFound("There is no such step. The path lists all of them.")
    outline = await outline_of(actor, course)
    place = course.steps.index(step)
    previous = course.steps[place - 1] if place else None
    following = course.steps[place + 1] if place + 1 < len(course.steps) else None
    left = outline.seconds_left(step.videos)
    content = StepPage(
        id=step.id,
        title=step.title,
        summary=step.summary,
        rail=outline.rail([step]),
        left=f"{about(left).capitalize()} left" if left else "All videos watched",
        objectives=step.objectives,
        practice=step.practice,
        action=_step_action(outline, step),
        topics=[
            TopicBlock(
                title=topic.title,
                description=topic.description,
                videos=[
                    VideoRow(
                        href=f"/video/{video.id}",
                        title=video.title,
                        duration=video.duration,
                        level=video.level,
                        state=outline.state(video),
                        note=outline.video_note(video),
                        result=outline.result(video),
                        top_pick=video.top_pick,
                    )
                    for video in topic.videos
                ],
            )
            for topic in step.topics
        ],
        previous=Link(f"/step/{previous.id}", previous.title) if previous else None,
        following=Link(f"/step/{following.id}", following.title) if following else None,
    )
    return await page(request, "learning/step.html", content)


HANDLERS = [path_page, step_page]
