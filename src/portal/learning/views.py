"""What the path, its steps, and the page in place of something locked show. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from portal.learning.course import Step, Task, Topic, Video
from portal.learning.locks import Lock, Locked
from portal.learning.next_step import NextStep, next_step
from portal.learning.outline import Outline, PathTask, Rail, TickState
from portal.web.formats import about, plural
from portal.web.pages import Link


class TopicLine(msgspec.Struct, frozen=True):
    """A topic in the card of its step; `href` is None while it is locked. `videos` are the titles
    of what is inside."""

    title: str
    href: str | None
    note: str
    done: bool
    locked_reason: str | None
    videos: list[str]


class StepRow(msgspec.Struct, frozen=True, kw_only=True):
    """A step in a list. `label` is the small rail in words; `practice` says how far the learner is
    with the checklist."""

    id: str
    title: str
    href: str
    summary: str
    note: str
    ticks: list[TickState]
    label: str
    current: bool
    done: bool
    objectives: tuple[str, ...]
    topics: list[TopicLine]
    practice: str | None
    locked_reason: str | None = None
    action: NextStep | None = None


class PathPage(msgspec.Struct, frozen=True):
    heading: str
    lead: str
    rail: Rail
    steps: list[StepRow]


class VideoRow(msgspec.Struct, frozen=True, kw_only=True):
    """`href` is None while the video is locked."""

    href: str | None
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
    note: str
    done: bool
    lock: Lock | None
    videos: list[VideoRow]


class StepPage(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    title: str
    summary: str
    rail: Rail
    figures: str
    objectives: tuple[str, ...]
    practice: list[PathTask]
    practised: str | None
    action: NextStep | None
    topics: list[TopicBlock]
    previous: Link | None
    following: Link | None


class Inside(msgspec.Struct, frozen=True):
    """A topic and the titles of its videos."""

    title: str
    videos: list[str]


class LockedPage(msgspec.Struct, frozen=True, kw_only=True):
    """A locked step, or a locked video of `step`; a video has no `topics`."""

    is_video: bool
    title: str
    summary: str
    step: Link
    lock: Lock
    objectives: tuple[str, ...]
    topics: list[Inside]


def path_view(outline: Outline) -> PathPage:
    """Returns the whole path, with the way on in the step where the learner is."""
    return PathPage(_path_heading(outline), _path_lead(outline), outline.rail(), step_rows(outline))


def _path_heading(outline: Outline) -> str:
    course = outline.course
    left = outline.seconds_left()
    time = "all watched"
    if left:
        time = about(left) + (" left" if outline.watched() else "")
    return f"{plural(len(course.steps), 'step')}, {plural(len(course.ordered), 'video')}, {time}"


def _path_lead(outline: Outline) -> str:
    """Returns where the learner stands, and what is closed to them."""
    course = outline.course
    parts = [
        f"{outline.watched()} of {plural(len(course.ordered), 'video')} watched,"
        f" {plural(outline.quizzes(), 'quiz', 'quizzes')} finished."
    ]
    if outline.here:
        step = course.steps_by_id[course.videos[outline.here].step_id]
        parts.append(f"You are in step {step.id}.")
    locked = sum(outline.locks.of(step) is not None for step in course.steps)
    if locked:
        parts.append(f"{plural(locked, 'step')} {'is' if locked == 1 else 'are'} still locked.")
    return " ".join(parts)


def step_rows(outline: Outline) -> list[StepRow]:
    """Returns all steps; the one where the learner is has a link to go on."""
    here = outline.course.videos[outline.here].step_id if outline.here else None
    return [_step_row(outline, step, current=step.id == here) for step in outline.course.steps]


def _step_row(outline: Outline, step: Step, *, current: bool) -> StepRow:
    lock = outline.locks.of(step)
    return StepRow(
        id=step.id,
        title=step.title,
        href=outline.href(step),
        summary=step.summary,
        note=outline.step_note(step),
        ticks=outline.ticks(step.videos),
        label=outline.rail([step]).label,
        current=current,
        done=outline.finished(step.videos),
        objectives=step.objectives,
        topics=[
            _topic_line(outline, step, topic, number) for number, topic in enumerate(step.topics, 1)
        ],
        practice=_practised(outline, step),
        locked_reason=lock.reason if lock else None,
        action=next_step(outline, outline.next) if current and outline.next else None,
    )


def _topic_line(outline: Outline, step: Step, topic: Topic, number: int) -> TopicLine:
    lock = outline.locks.of(topic)
    # The reason of the step stands at the step.
    own = lock.reason if lock and outline.locks.of(step) is None else None
    return TopicLine(
        title=topic.title,
        href=None if lock else f"/step/{step.id}#topic-{number}",
        note=outline.note(topic.videos),
        done=outline.finished(topic.videos),
        locked_reason=own,
        videos=[video.title for video in topic.videos],
    )


def _practised(outline: Outline, step: Step) -> str | None:
    """Returns for example "1 of 3 done"; None when nothing can be ticked."""
    total = sum(isinstance(task, Task) for task in step.tasks)
    return f"{outline.practised(step)} of {total} done" if total else None


def step_view(outline: Outline, step: Step) -> StepPage:
    """Returns a step with its topics, its checklist and its neighbours."""
    previous, following = _neighbours(outline, step)
    activity = outline.next_in(step.videos)
    return StepPage(
        id=step.id,
        title=step.title,
        summary=step.summary,
        rail=outline.rail([step]),
        figures=_figures(outline, step),
        objectives=step.objectives,
        practice=outline.tasks(step),
        practised=_practised(outline, step),
        action=next_step(outline, activity) if activity else None,
        topics=[
            TopicBlock(
                title=topic.title,
                description=topic.description,
                note=outline.note(topic.videos),
                done=outline.finished(topic.videos),
                lock=outline.locks.of(topic),
                videos=[_video_row(outline, video) for video in topic.videos],
            )
            for topic in step.topics
        ],
        previous=previous,
        following=following,
    )


def _video_row(outline: Outline, video: Video) -> VideoRow:
    return VideoRow(
        href=None if outline.locks.of_video(video) else f"/video/{video.id}",
        title=video.title,
        duration=video.duration,
        level=video.level,
        state=outline.state(video),
        note=outline.video_note(video),
        result=outline.result(video),
        top_pick=video.top_pick,
    )


def _figures(outline: Outline, step: Step) -> str:
    """Returns "4 of 6 videos · 2 of 5 quizzes · 45% of the points · about 22 min left"."""
    videos = step.videos
    parts = [f"{outline.watched(videos)} of {plural(len(videos), 'video')}"]
    quizzes = sum(video.quiz is not None for video in videos)
    if quizzes:
        parts.append(f"{outline.quizzes(videos)} of {plural(quizzes, 'quiz', 'quizzes')}")
        parts.append(f"{outline.locks.percent(step)}% of the points")
    left = outline.seconds_left(videos)
    parts.append(f"{about(left)} left" if left else "all videos watched")
    return " · ".join(parts)


def _neighbours(outline: Outline, step: Step) -> tuple[Link | None, Link | None]:
    steps: Sequence[Step | None] = (None, *outline.course.steps, None)
    place = steps.index(step)
    previous, following = (
        Link(outline.href(other), other.title + (" (locked)" if outline.locks.of(other) else ""))
        if other
        else None
        for other in (steps[place - 1], steps[place + 1])
    )
    return previous, following


def locked_view(error: Locked) -> LockedPage:
    """Returns the page in place of what is locked."""
    step, what = error.step, error.video or error.step
    return LockedPage(
        is_video=error.video is not None,
        title=what.title,
        summary=what.summary,
        step=Link(f"/step/{step.id}", f"Step {step.id}"),
        lock=error.lock,
        objectives=what.objectives,
        topics=[]
        if error.video
        else [
            Inside(topic.title, [video.title for video in topic.videos]) for topic in step.topics
        ],
    )
