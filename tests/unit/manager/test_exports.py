"""The columns of the files that a manager takes away."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from portal.manager.exports import columns, file_name, left_cells, member_cells
from portal.manager.rules import LeftRow, Member, MemberRow

DOCS = Path(__file__).parents[3] / "docs" / "EXPORTS.md"
STEPS = ["1", "2"]
AT = datetime(2026, 3, 1, 23, 30, 15, 999, tzinfo=UTC)
ROW = MemberRow(
    member=Member("nina", "Nina Patel", "learner"),
    current_score=560,
    score_delta=90,
    logins7d=3,
    work_week_days=[True, False, True, False, False],
    quizzes_completed=14,
    accuracy=81,
    first_try_accuracy=70,
    videos_completed=18,
    completion_pct=29,
    last_active_at=AT,
    status="on track",
    status_reason="18 of 62 videos",
    team_id="beta",
    team_name="Beta",
    steps_pct={"1": 100},
)


def test_a_member() -> None:
    cells = dict(
        zip(
            [column.name for column in columns(STEPS)],
            member_cells(ROW, STEPS, "Europe/Paris"),
            strict=True,
        )
    )
    assert str(cells.pop("last_active_at")) == "2026-03-02 00:30:15+01:00"
    assert cells == {
        "team_id": "beta",
        "team": "Beta",
        "person_id": "nina",
        "person": "Nina Patel",
        "role": "learner",
        "status": "on track",
        "reason": "18 of 62 videos",
        "score": 560,
        "points_gained": 90,
        "sign_ins_7_days": 3,
        "days_active_this_week": 2,
        "working_days": 5,
        "quizzes_completed": 14,
        "accuracy_pct": 81,
        "first_try_accuracy_pct": 70,
        "videos_completed": 18,
        "completion_pct": 29,
        "step_1_pct": 100,
        "step_2_pct": None,
        "time_zone": "Europe/Paris",
        "left": None,
        "left_at": None,
    }


def test_somebody_who_left_keeps_nothing_but_the_name() -> None:
    left = LeftRow(Member("omar", "Omar Farouk", "learner"), AT, "moved")
    cells = left_cells(left, ("beta", "Beta"), STEPS, "UTC")
    names = [column.name for column in columns(STEPS)]
    told = {name: cell for name, cell in zip(names, cells, strict=True) if cell is not None}
    assert str(told.pop("left_at")) == "2026-03-01 23:30:15+00:00"
    assert told == {
        "team_id": "beta",
        "team": "Beta",
        "person_id": "omar",
        "person": "Omar Farouk",
        "role": "learner",
        "time_zone": "UTC",
        "left": "moved",
    }


def test_the_documented_columns_are_those_of_the_files() -> None:
    described = re.findall(r"^\| `(\w+)`", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    assert described == [column.name for column in columns(["1"])]


def test_the_name_of_a_file_says_which_team_and_when() -> None:
    assert file_name("alpha", AT, "xlsx") == "team-alpha-2026-03-01.xlsx"
