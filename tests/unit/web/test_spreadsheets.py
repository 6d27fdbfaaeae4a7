"""Tables as CSV and as workbooks, read back as others would."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from portal.web.spreadsheets import Cell, Column, csv_file, harmless, sheet_name, xlsx_file

COLUMNS = [Column("name", "text", 24), Column("score"), Column("at", "moment", 18)]
IN_PARIS = datetime(2026, 3, 1, 9, 30, tzinfo=timezone(timedelta(hours=1)))
DANGEROUS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "\u00a0=1",
    "＝1",
    '=HYPERLINK("http://evil.test","x")',
]
HARMLESS = [
    "Zoë O’Neil",
    "a=b",
    "1-2",
    "",
    "'quoted'",
    'say "hi", twice',
    "two\nlines",
    "0042",
    "שרה",
]


async def parts_of(*parts: Sequence[Sequence[Cell]]) -> AsyncIterator[Sequence[Sequence[Cell]]]:
    for part in parts:
        yield part


def left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def whole(chunks: AsyncIterable[bytes]) -> bytes:
    return b"".join([chunk async for chunk in chunks])


async def read_csv(*parts: Sequence[Sequence[Cell]]) -> list[list[str]]:
    data = await whole(csv_file(COLUMNS, parts_of(*parts)))
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


async def read_xlsx(*parts: Sequence[Sequence[Cell]]) -> Any:
    data = await whole(xlsx_file(COLUMNS, parts_of(*parts), sheet="Team"))
    return openpyxl.load_workbook(io.BytesIO(data)).active


@pytest.mark.parametrize("text", DANGEROUS)
def test_what_would_be_a_formula_gets_an_apostrophe(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", HARMLESS)
def test_everything_else_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


async def test_csv_reads_back() -> None:
    first: list[list[Cell]] = [[name, number, IN_PARIS] for number, name in enumerate(HARMLESS)]
    lines = await read_csv(first, [], [["=1", -5, None]])
    assert lines[0] == ["name", "score", "at"]
    assert lines[1:-1] == [
        [name, str(number), "2026-03-01T09:30:00+01:00"] for number, name in enumerate(HARMLESS)
    ]
    assert lines[-1] == ["'=1", "-5", ""]  # a number below zero is no formula


async def test_a_csv_file_without_rows_has_its_head() -> None:
    assert await read_csv() == [["name", "score", "at"]]


async def test_a_workbook_reads_back_and_holds_no_formula() -> None:
    texts = [*DANGEROUS, *HARMLESS, "https://example.com"]
    sheet = await read_xlsx([[text, 7, IN_PARIS] for text in texts], [["last", None, None]])
    rows = list(sheet.iter_rows(min_row=2))
    # Excel's own way to write a carriage return
    assert [row[0].value or "" for row in rows] == [
        *(text.replace("\r", "_x000D_") for text in texts),
        "last",
    ]
    assert {cell.data_type for row in rows for cell in row} <= {"s", "n", "d", "inlineStr"}
    assert not any(cell.hyperlink for row in rows for cell in row)
    assert [cell.value for cell in rows[0][1:]] == [7, IN_PARIS.replace(tzinfo=None)]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == f"A1:C{len(texts) + 2}"


async def test_a_workbook_without_rows_opens() -> None:
    sheet = await read_xlsx()
    assert [cell.value for cell in sheet[1]] == ["name", "score", "at"]
    assert sheet.max_row == 1


async def test_nothing_stays_behind_when_the_reader_goes_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    chunks = xlsx_file(COLUMNS, parts_of([["a", 1, None]]), sheet="Team")
    assert (await anext(chunks)).startswith(b"PK")
    assert left_in(tmp_path)
    await chunks.aclose()
    assert not left_in(tmp_path)


@pytest.mark.parametrize(
    ("text", "name"),
    [("alpha", "alpha"), ("t" * 64, "t" * 31), ("history", "history 1")],
)
async def test_a_sheet_has_a_name_that_excel_takes(text: str, name: str) -> None:
    assert sheet_name(text) == name
    data = await whole(xlsx_file(COLUMNS, parts_of(), sheet=text))
    assert openpyxl.load_workbook(io.BytesIO(data)).sheetnames == [name]
