"""Writes of what a learner has watched and practised."""

from __future__ import annotations

import msgspec

from portal import clock
from portal.accounts.actions import record_activity
from portal.db import sql
from portal.errors import Invalid, NotFound
from portal.learning import rules
from portal.learning.course import Step, Task, Video
from portal.learning.queries import WATCHED
from portal.web.actor import Actor
from portal.web.counters import count

_MARK = """
    INSERT INTO video_progress AS p
        (learner, video_id, done, self_declared, completed_at, updated_at)
    VALUES ($1, $2, $3, $3, CASE WHEN $3 THEN $4::timestamptz END, $4)
    ON CONFLICT (learner, video_id) DO UPDATE SET
        done = $3,
        self_declared = $3 AND (p.self_declared OR NOT p.done),
        completed_at = CASE WHEN $3 THEN coalesce(p.completed_at, $4) END,
        updated_at = $4
    RETURNING completed_at
"""

_TICK = """
    INSERT INTO practice_tick (learner, item, ticked_at) VALUES ($1, $2, $3)
    ON CONFLICT (learner, item) DO NOTHING
"""
_UNTICK = "DELETE FROM practice_tick WHERE learner = $1 AND item = $2"

# Reports of one learner, from however many windows, are counted one after the other.
_LOCK_ALLOWANCE = """
    INSERT INTO watch_allowance AS kept (learner, full_at) VALUES ($1, $2)
    ON CONFLICT (learner) DO UPDATE SET full_at = kept.full_at
    RETURNING full_at
"""

# The interpolated part is a constant of queries.
_BEFORE = f"""
    SELECT duration_s, {WATCHED}::text AS watched
    FROM video_progress WHERE learner = $1 AND video_id = $2
"""  # noqa: S608

# Whether it is done may change meanwhile: the learner's own word needs no allowance.
_REPORT = """
    WITH spent AS (UPDATE watch_allowance SET full_at = $8 WHERE learner = $1)
    INSERT INTO video_progress AS p
        (learner, video_id, done, self_declared, completed_at, position_s, duration_s, watched,
         reported_at, updated_at)
    VALUES ($1, $2, $3, false, CASE WHEN $3 THEN $4::timestamptz END, $5, $6,
            $7::text::int4multirange, $4, $4)
    ON CONFLICT (learner, video_id) DO UPDATE SET
        done = p.done OR $3,
        self_declared = p.self_declared AND NOT $3,
        completed_at = CASE WHEN p.done OR $3 THEN coalesce(p.completed_at, $4) END,
        position_s = $5, duration_s = $6, watched = $7::text::int4multirange,
        reported_at = $4, updated_at = $4
    RETURNING done, completed_at
"""


class WatchReport(msgspec.Struct, frozen=True):
    """Seconds `[start, end)` of a video that were played, where the player stands now, and how long
    it says that the video is. Whole seconds."""

    start: int
    end: int
    position: int
    duration: int


class _Before(msgspec.Struct, frozen=True):
    """What was reported of a video so far; `watched` is JSON text."""

    duration_s: int = 0
    watched: str = "[]"


class ReportedProgress(msgspec.Struct, frozen=True):
    """How far a learner is with a video after a report, of which `ignored` seconds were too many to
    count now."""

    percent: int
    done: bool
    ignored: int


async def mark(actor: Actor, video: Video, *, done: bool) -> None:
    """Record that the learner says the video is watched, or takes that back."""
    now = clock.now()
    async with sql.transaction():
        marked = await sql.execute(_MARK, actor.user_id, video.id, done, now)
        if done:
            await record_activity(actor.user_id, actor.time_zone)
    if marked[0]["completed_at"] == now:  # otherwise it was done before
        count("videos_completed", "declared")


async def tick(actor: Actor, step: Step, task_id: str, *, ticked: bool) -> None:
    """Tick off a task of a step, or take that back; again means the same. `NotFound` for a task
    that the step does not have."""
    if not any(isinstance(task, Task) and task.id == task_id for task in step.tasks):
        raise NotFound("This step has no such task.")
    if not ticked:
        await sql.execute(_UNTICK, actor.user_id, task_id)
        return
    async with sql.transaction():
        await sql.execute(_TICK, actor.user_id, task_id, clock.now())
        await record_activity(actor.user_id, actor.time_zone)


def check_report(report: WatchReport) -> None:
    """Raise `Invalid` for numbers that no player can have sent."""
    problems = {
        name: "Whole seconds from 0 to 86,400."
        for name, value in (
            ("from", report.start),
            ("to", report.end),
            ("position", report.position),
            ("duration", report.duration),
        )
        if not 0 <= value <= rules.MAX_SECOND
    }
    if not problems and report.end < report.start:
        problems["to"] = "The end comes after the start."
    if problems:
        raise Invalid("These seconds cannot be right.", details=problems)


async def report_watched(actor: Actor, video: Video, report: WatchReport) -> ReportedProgress:
    """Add watched seconds and return the progress after them. Never takes a completion back."""
    check_report(report)
    async with sql.transaction():
        first = rules.first_full_at(clock.now())
        full_at = await sql.fetch_value(_LOCK_ALLOWANCE, actor.user_id, first)
        now = clock.now()
        before = await sql.fetch_one(_Before, _BEFORE, actor.user_id, video.id) or _Before()
        known = msgspec.json.decode(before.watched, type=rules.Seconds)
        reported = rules.reported_length(video.duration, before.duration_s, report.duration)
        length = rules.counted_length(video.duration, reported)
        end = min(report.end, length)
        watched = rules.add_watched(known, report.start, end, rules.allowance(full_at, now))
        claimed = rules.add_watched(known, report.start, end, rules.MAX_SECOND)
        percent = rules.watched_percent(watched, length)
        after = await sql.execute(
            _REPORT,
            actor.user_id,
            video.id,
            rules.completes(percent),
            now,
            min(report.position, length),
            reported,
            "{" + ",".join(f"[{start},{end})" for start, end in watched) + "}",
            rules.spent(full_at, now, rules.seconds_in(watched) - rules.seconds_in(known)),
        )
        await record_activity(actor.user_id, actor.time_zone)
    done = after[0]["done"]
    if done and after[0]["completed_at"] == now:  # otherwise it was done before
        count("videos_completed", "watched")
    return ReportedProgress(percent, done, rules.seconds_in(claimed) - rules.seconds_in(watched))
