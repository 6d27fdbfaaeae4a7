"""Reads of what a learner has watched and practised, and of videos that cannot be shown here."""

from __future__ import annotations

from datetime import datetime

import msgspec

from portal.db import sql
from portal.errors import NotFound
from portal.learning import rules
from portal.learning.course import Course, Step, Video
from portal.learning.locks import Evidence, Locks, Part, has_locks
from portal.learning.outline import Outline, Progress, Refusal
from portal.scoring.queries import ledger_of
from portal.web.actor import Actor

WATCHED = """(SELECT coalesce(jsonb_agg(jsonb_build_array(lower(r), upper(r))), '[]')::text
              FROM unnest(watched) AS r)"""

_COLUMNS = f"""video_id, done, self_declared, completed_at, position_s, duration_s, updated_at,
    {WATCHED} AS watched"""

# Constants of this module are put in below.
_PROGRESS = f"SELECT {_COLUMNS} FROM video_progress WHERE learner = $1"  # noqa: S608

# What was practised, and what a provider does not let us show, has nothing to do with a video that
# the learner has touched: rows of their own kind, few of them, and no statement more.
_STUDY = f"""
    SELECT 'video' AS kind, {_COLUMNS}, NULL::text AS reference, NULL::text AS detail,
           NULL::timestamptz AS checked_at, NULL::int AS status
    FROM video_progress WHERE learner = $1
    UNION ALL
    SELECT 'task', item, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM practice_tick WHERE learner = $1
"""  # noqa: S608

_STUDY_AND_REFUSALS = f"""{_STUDY}
    UNION ALL
    SELECT 'refusal', video_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, reference, detail,
           checked_at, status
    FROM embed_check WHERE refused
"""  # noqa: S608

_EVIDENCE = """
    SELECT video_id AS id, NULL::int AS score FROM video_progress WHERE learner = $1 AND done
    UNION ALL
    SELECT quiz_id, max(score) FROM quiz_attempt
    WHERE learner = $1 AND completed_at IS NOT NULL GROUP BY quiz_id
"""


class ProgressRow(msgspec.Struct, frozen=True):
    """A row as it comes; `watched` is JSON text of `[from, to)` pairs."""

    video_id: str
    done: bool
    self_declared: bool
    completed_at: datetime | None
    position_s: int
    duration_s: int
    updated_at: datetime
    watched: str


def intervals(text: str) -> rules.Seconds:
    """Returns the intervals of a row's JSON text."""
    return msgspec.json.decode(text, type=tuple[tuple[int, int], ...])


def _progress(row: ProgressRow, video: Video) -> Progress:
    return Progress(
        done=row.done,
        self_declared=row.self_declared,
        completed_at=row.completed_at,
        updated_at=row.updated_at,
        position_seconds=row.position_s,
        watched_percent=rules.watched_percent(
            intervals(row.watched), rules.length(video.duration, row.duration_s)
        ),
    )


async def progress_of(actor: Actor, course: Course) -> dict[str, Progress]:
    """Returns video id → progress, for the videos of the course that the learner has touched."""
    rows = await sql.fetch(ProgressRow, _PROGRESS, actor.user_id)
    return {
        row.video_id: _progress(row, course.videos[row.video_id])
        for row in rows
        if row.video_id in course.videos
    }


class Study(msgspec.Struct, frozen=True):
    """What one learner did in the course: progress by video, the ids of the tasks ticked off, and
    the videos that cannot be shown to anybody."""

    progress: dict[str, Progress]
    ticked: set[str]
    refusals: dict[str, Refusal]


async def study_of(actor: Actor, course: Course, *, refusals: bool = False) -> Study:
    """Returns what the actor did, in one statement; the refused videos only if asked for."""
    query = _STUDY_AND_REFUSALS if refusals else _STUDY
    study = Study({}, set(), {})
    for row in await sql.execute(query, actor.user_id, retry=True):
        kind, name, *known, reference, detail, checked_at, status = row.values()
        if kind == "task":
            study.ticked.add(name)
        elif video := course.videos.get(name):
            if kind == "video":
                study.progress[name] = _progress(ProgressRow(name, *known), video)
            elif reference == video.ref:
                study.refusals[name] = Refusal(name, reference, detail, checked_at, status)
    return study


async def locks_of(actor: Actor, course: Course) -> Locks:
    """Returns what is locked for the actor: one statement, and none in a course without locks."""
    done: set[str] = set()
    scores: dict[str, int] = {}
    if has_locks(course):
        for row in await sql.execute(_EVIDENCE, actor.user_id, retry=True):
            if row["score"] is None:
                done.add(row["id"])
            else:
                scores[row["id"]] = row["score"]
    return Locks(course, Evidence(done, scores))


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
