"""Reads of what a learner has watched."""

from __future__ import annotations

from datetime import datetime

import msgspec

from portal.db import sql
from portal.learning import rules
from portal.learning.catalogue import Course, Video
from portal.learning.outline import Progress
from portal.web.actor import Actor

WATCHED = """(SELECT coalesce(jsonb_agg(jsonb_build_array(lower(r), upper(r))), '[]')::text
              FROM unnest(watched) AS r)"""

_PROGRESS = f"""
    SELECT video_id, done, self_declared, completed_at, position_s, duration_s, updated_at,
           {WATCHED} AS watched
    FROM video_progress WHERE learner = $1
"""  # noqa: S608 - a constant of this module


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
