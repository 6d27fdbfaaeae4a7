"""The list of a team as a file: the rows of the screen, and nobody else's."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Any

import httpx
import openpyxl
import pytest

from portal.learning.course import load_course
from portal.manager import queries
from portal.manager.exports import columns, member_cells
from portal.manager.filters import parse
from portal.web.spreadsheets import Cell
from tests.manager.teams import actor
from tests.support import Portal

CSV = "/api/manager/metrics.csv"
XLSX = "/api/manager/metrics.xlsx"

COMBINATIONS = [
    ("sara", ""),
    ("sara", "?status=needs-attention"),
    ("sara", "?status=at-risk&status=doing-well"),
    ("sara", "?days=28&sort=-delta"),
    ("sara", "?days=84&sort=delta"),
    ("sara", "?step=2&sort=-completion"),
    ("sara", "?q=le"),
    ("sara", "?q=nobody+at+all"),
    ("sara", "?sort=-score"),
    ("sara", "?sort=name&q=a&days=28"),
    ("leo", "?sort=-active"),
    ("leo", "?sort=-logins&status=doing-well"),
    ("tom", "?sort=accuracy"),
    ("tom", "?step=1&status=on-track,at-risk"),
    ("claire", "?sort=-first&days=84"),
    ("claire", "?status=needs-attention&sort=quizzes"),
    ("admin", "?team=gamma&sort=-name"),
    ("admin", "?team=all&sort=-score&days=28"),
    ("admin", "?status=at-risk"),
    ("admin", "?step=3&q=a&status=on-track"),
]


def lines_of(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def workbook_of(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    head, *rows = openpyxl.load_workbook(io.BytesIO(answer.content)).active.values
    return [dict(zip(head, row, strict=True)) for row in rows]


def as_text(cell: Cell) -> str:
    return cell.isoformat() if isinstance(cell, datetime) else "" if cell is None else str(cell)


def without_zone(cell: Cell) -> Cell:
    return cell.replace(tzinfo=None) if isinstance(cell, datetime) else cell


async def test_the_files_hold_the_rows_of_the_screen(lived: Portal) -> None:
    course = load_course()
    steps = list(course.steps_by_id)
    names = [column.name for column in columns(steps)]
    clients = {name: await lived.signed_in(name) for name, _ in COMBINATIONS}
    for name, query in COMBINATIONS:
        who = await actor(name)
        filters = parse(httpx.QueryParams(query.lstrip("?")).multi_items(), course.steps_by_id)
        shown = (await queries.metrics(who, course, filters, "UTC")).rows
        # The company comes team after team.
        order = sorted(shown, key=lambda row: (row.team_name is None, row.team_name or ""))
        wanted = [
            dict(zip(names, member_cells(row, steps, who.time_zone), strict=True)) for row in order
        ]
        for line, cells in zip(lines_of(await clients[name].get(CSV + query)), wanted, strict=True):
            assert line == {key: as_text(cell) for key, cell in cells.items()}
        for row, cells in zip(
            workbook_of(await clients[name].get(XLSX + query)), wanted, strict=True
        ):
            assert row == {key: without_zone(cell) for key, cell in cells.items()}
    assert sum(1 for name, _ in COMBINATIONS if name == "admin") == 4


async def test_a_file_says_what_it_is(portal: Portal) -> None:
    sara = await portal.signed_in("sara")
    for address, kind, ending in (
        (CSV, "text/csv; charset=utf-8", "csv"),
        (XLSX, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    ):
        answer = await sara.get(address)
        assert answer.headers["content-type"] == kind
        assert answer.headers["cache-control"] == "private, no-store"
        disposition = answer.headers["content-disposition"]
        assert disposition.startswith('attachment; filename="team-alpha-20')
        assert disposition.endswith(f'.{ending}"')


@pytest.mark.parametrize("address", [CSV, XLSX])
async def test_nobody_gets_what_is_not_theirs(portal: Portal, address: str) -> None:
    alex, leo = await portal.signed_in("alex"), await portal.signed_in("leo")
    assert (await alex.get(address)).status_code == 403
    assert (await leo.get(f"{address}?team=alpha")).status_code == 404
    assert (await leo.get(f"{address}?team=all")).status_code == 404
    refused = await leo.get(f"{address}?days=12")
    assert refused.status_code == 400
    assert refused.json()["details"] == {"days": "The period is 7, 28 or 84 days."}
    assert b"alex" not in (await leo.get(address)).content


async def test_a_manager_without_a_team_gets_a_file_without_rows(portal: Portal) -> None:
    await portal.database.fetch("DELETE FROM leads")
    sara = await portal.signed_in("sara")
    answer = await sara.get(CSV)
    assert lines_of(answer) == []
    assert 'filename="team-none-20' in answer.headers["content-disposition"]
    assert workbook_of(await sara.get(XLSX)) == []


async def test_who_left_stays_in_the_file_by_name_alone(portal: Portal) -> None:
    await portal.database.fetch("UPDATE app_user SET team = 'gamma' WHERE external_id = 'mike'")
    await portal.database.fetch(
        "UPDATE app_user SET disabled_at = now() WHERE external_id = 'priya'"
    )
    sara = await portal.signed_in("sara")
    lines = lines_of(await sara.get(CSV))
    left = {line["person_id"]: line for line in lines if line["left"]}
    assert {key: line["left"] for key, line in left.items()} == {
        "mike": "moved",
        "priya": "disabled",
    }
    assert [line["person_id"] for line in lines if not line["left"]] == ["alex", "jordan", "sara"]
    told = {key for key, cell in left["mike"].items() if cell}
    assert told == {
        "team_id",
        "team",
        "person_id",
        "person",
        "role",
        "time_zone",
        "left",
        "left_at",
    }
    assert not any(line["left"] for line in lines_of(await sara.get(f"{CSV}?status=on-track")))
    searched = lines_of(await sara.get(f"{CSV}?q=mike"))
    assert [line["person_id"] for line in searched] == ["mike"]


async def test_a_name_that_is_a_formula_is_a_text(portal: Portal) -> None:
    await portal.database.fetch(
        "UPDATE app_user SET name = '=HYPERLINK(\"http://x\",\"y\")' WHERE external_id = 'mike'"
    )
    sara = await portal.signed_in("sara")
    (line,) = [line for line in lines_of(await sara.get(CSV)) if line["person_id"] == "mike"]
    assert line["person"] == '\'=HYPERLINK("http://x","y")'
    (row,) = [row for row in workbook_of(await sara.get(XLSX)) if row["person_id"] == "mike"]
    assert row["person"] == '=HYPERLINK("http://x","y")'
