"""What the team's list looks like as a file: its columns, and one row for each person. Pure.

docs/EXPORTS.md describes the columns; their names stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from portal.manager.rules import LeftRow, MemberRow
from portal.web.formats import zone
from portal.web.spreadsheets import Cell, Column

_BEFORE: Final = (
    Column("team_id", "text"),
    Column("team", "text", 16),
    Column("person_id", "text", 16),
    Column("person", "text", 26),
    Column("role", "text"),
    Column("status", "text", 16),
    Column("reason", "text", 60),
    Column("score"),
    Column("points_gained"),
    Column("sign_ins_7_days"),
    Column("days_active_this_week"),
    Column("working_days"),
    Column("quizzes_completed"),
    Column("accuracy_pct"),
    Column("first_try_accuracy_pct"),
    Column("videos_completed"),
    Column("completion_pct"),
)
_AFTER: Final = (
    Column("last_active_at", "moment", 18),
    Column("time_zone", "text", 18),
    Column("left", "text"),
    Column("left_at", "moment", 18),
)


def columns(steps: Sequence[str]) -> list[Column]:
    """Returns the columns, with one for each step of the course by its id."""
    return [*_BEFORE, *(Column(f"step_{step}_pct") for step in steps), *_AFTER]


def _local(moment: datetime | None, time_zone: str) -> datetime | None:
    return None if moment is None else moment.astimezone(zone(time_zone)).replace(microsecond=0)


def member_cells(row: MemberRow, steps: Sequence[str], time_zone: str) -> list[Cell]:
    """Returns the cells of a member, times in the zone of whoever asked."""
    return [
        row.team_id,
        row.team_name,
        row.member.id,
        row.member.name,
        row.member.role,
        row.status,
        row.status_reason,
        row.current_score,
        row.score_delta,
        row.logins7d,
        sum(row.work_week_days),
        len(row.work_week_days),
        row.quizzes_completed,
        row.accuracy,
        row.first_try_accuracy,
        row.videos_completed,
        row.completion_pct,
        *(row.steps_pct.get(step) for step in steps),
        _local(row.last_active_at, time_zone),
        time_zone,
        None,
        None,
    ]


def left_cells(
    row: LeftRow, team: tuple[str | None, str | None], steps: Sequence[str], time_zone: str
) -> list[Cell]:
    """Returns the cells of somebody who left the team, its id and name: who, how and when. What
    they did since is for others to see."""
    member = row.member
    known: list[Cell] = [*team, member.id, member.name, member.role]
    nothing: list[Cell] = [None] * (len(_BEFORE) - len(known) + len(steps) + 1)
    return [*known, *nothing, time_zone, row.how, _local(row.left_at, time_zone)]


def file_name(team_id: str, today: datetime, ending: str) -> str:
    """Returns such as "team-alpha-2026-11-28.csv"."""
    return f"team-{team_id}-{today:%Y-%m-%d}.{ending}"
