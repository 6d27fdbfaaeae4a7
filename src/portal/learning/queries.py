"""Reads of what a learner has watched and practised, and of videos that cannot be shown here."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from portal.db import sql
from portal.errors import NotFound
from portal.learning import rules
from portal.learning.course import Course, Step, Video
from portal.learning.locks import Evidence, Locks, Part, has_locks
from portal.learning.outline import EmbedRefusal, Outline, Progress
from portal.scoring.queries import ledger_of
from portal.web.actor import Actor

# Pairs `[from, to)`.
WATCHED = """(SELECT coalesce(json_agg(json_build_array(lower(r), upper(r))), '[]')
              FROM unnest(watched) AS r)"""

# json rather than jsonb, which would be put together only to be written out again.
# The interpolated part is a constant of this module.
_STUDY = f"""
    SELECT (SELECT coalesce(json_agg(json_build_object('video_id', video_id, 'done', done,
                'self_declared', self_declared, 'completed_at', completed_at,
                'updated_at', updated_at, 'position_seconds', position_s,
                'duration_seconds', duration_s, 'watched', {WATCHED})), '[]')::text
            FROM video_progress WHERE learner = $1) AS videos,
           ARRAY(SELECT item FROM practice_tick WHERE learner = $1) AS ticked,
           (SELECT coalesce(json_agg(json_build_object('video_id', video_id,
                'reference', reference, 'detail', detail, 'checked_at', checked_at,
                'status', status)), '[]')::text
            FROM embed_check WHERE refused AND $2) AS refusals
"""  # noqa: S608

_EVIDENCE = """
    SELECT ARRAY(SELECT video_id FROM video_progress WHERE learner = $1 AND done) AS done,
           (SELECT coalesce(json_object_agg(quiz_id, score), '{}')::text
            FROM (SELECT quiz_id, max(score) AS score FROM quiz_attempt
                  WHERE learner = $1 AND completed_at IS NOT NULL GROUP BY quiz_id) best) AS scores
"""


class _VideoRow(msgspec.Struct, frozen=True):
    video_id: str
    done: bool
    self_declared: bool
    completed_at: datetime | None
    updated_at: datetime
    position_seconds: int
    duration_seconds: int
    watched: rules.Seconds


class _StudyRow(msgspec.Struct, frozen=True):
    """JSON texts, of which `videos` holds `_VideoRow`s."""

    videos: str
    ticked: list[str]
    refusals: str


class _EvidenceRow(msgspec.Struct, frozen=True):
    done: list[str]
    scores: str


def _progress_at(row: _VideoRow, video: Video) -> Progress:
    length = rules.counted_length(video.duration, row.duration_seconds)
    return Progress(
        done=row.done,
        self_declared=row.self_declared,
        # JSON from the database has the time zone of its session
        completed_at=row.completed_at and row.completed_at.astimezone(UTC),
        updated_at=row.updated_at,
        position_seconds=row.position_seconds,
        watched_percent=rules.watched_percent(row.watched, length),
    )


class Study(msgspec.Struct, frozen=True):
    """What one learner did in the course: progress by video, the ids of the tasks ticked off, and
    the videos that cannot be shown to anybody."""

    progress: dict[str, Progress]
    ticked: list[str]
    refusals: dict[str, EmbedRefusal]


async def study_of(actor: Actor, course: Course, *, refusals: bool = False) -> Study:
    """Returns what the actor did, in one statement; the refused videos only if asked for."""
    row = (await sql.fetch(_StudyRow, _STUDY, actor.user_id, refusals))[0]
    videos = msgspec.json.decode(row.videos, type=list[_VideoRow])
    refused = msgspec.json.decode(row.refusals, type=list[EmbedRefusal])
    return Study(
        progress={
            watched.video_id: _progress_at(watched, video)
            for watched in videos
            if (video := course.videos.get(watched.video_id))
        },
        ticked=row.ticked,
        refusals={
            refusal.video_id: refusal
            for refusal in refused
            if (video := course.videos.get(refusal.video_id)) and refusal.reference == video.ref
        },
    )


async def locks_of(actor: Actor, course: Course) -> Locks:
    """Returns what is locked for the actor: one statement, and none in a course without locks."""
    if not has_locks(course):
        return Locks(course, Evidence((), {}))
    row = (await sql.fetch(_EvidenceRow, _EVIDENCE, actor.user_id))[0]
    scores = msgspec.json.decode(row.scores, type=dict[str, int])
    return Locks(course, Evidence(set(row.done), scores))


def video_of(course: Course, video_id: str) -> Video:
    """Returns the video of this id or alias; `NotFound` when the course has none."""
    video = course.find(video_id)
    if video is None:
        raise NotFound("There is no such video.")
    return video


def step_of(course: Course, step_id: str) -> Step:
    """Returns the step of this id; `NotFound` when the course has none."""
    step = course.steps_by_id.get(step_id)
    if step is None:
        raise NotFound("There is no such step. The path lists all of them.")
    return step


async def outline_of(actor: Actor, course: Course, here: str | None = None) -> Outline:
    """Returns the course as the actor sees it: two statements.

    At a video, `here`, it also knows which videos cannot be shown.
    """
    ledger = await ledger_of(actor.user_id)
    study = await study_of(actor, course, refusals=here is not None)
    return Outline(
        course, study.progress, ledger, here, refusals=study.refusals, ticked=study.ticked
    )


async def check_open(actor: Actor, course: Course, video: Video) -> None:
    """Raise `Locked` when the video is locked for the actor; asks the database only if the course
    can lock it."""
    parts: tuple[Part, ...] = (course.steps_by_id[video.step_id], course.topics[video.topic_id])
    if any(part.requires for part in parts):
        (await locks_of(actor, course)).check_video(video)


async def open_step(actor: Actor, course: Course, step_id: str) -> Step:
    """Returns a step that is open for the actor; raises `NotFound` or `Locked`."""
    step = step_of(course, step_id)
    if step.requires:
        (await locks_of(actor, course)).check(step)
    return step


async def open_video(actor: Actor, course: Course, video_id: str) -> Video:
    """Returns a video that is open for the actor; raises `NotFound` or `Locked`."""
    video = video_of(course, video_id)
    await check_open(actor, course, video)
    return video
