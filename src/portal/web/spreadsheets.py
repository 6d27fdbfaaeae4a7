"""Tables as files that a spreadsheet opens: CSV and XLSX, written piece by piece.

What a cell holds is never a formula, whatever a name begins with. Times are those of one zone.
"""

from __future__ import annotations

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, TypeAlias

import msgspec

Cell: TypeAlias = str | int | float | datetime | None
Rows: TypeAlias = Sequence[Sequence[Cell]]
Bytes: TypeAlias = AsyncGenerator[bytes, None]

CSV_TYPE: Final = "text/csv"  # the charset is added to a text
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BOM: Final = "\ufeff"  # without it Excel takes UTF-8 for the machine's own encoding
CHUNK: Final = 64 * 1024  # bytes of a workbook that are in memory
ROWS_AT_ONCE: Final = 100  # a thread that writes more would keep the event loop waiting
MAX_SHEET: Final = 31  # characters of a sheet's name, for Excel

# Spreadsheets take a cell for a formula that begins so, also after spaces and in full width.
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class Column(msgspec.Struct, frozen=True):
    """A column under a stable name. `width` in characters, for a workbook."""

    name: str
    kind: Literal["text", "number", "moment"] = "number"
    width: int = 12


def harmless(text: str) -> str:
    """Returns the text as CSV may carry it: with an apostrophe before what would be a formula."""
    looked_at = text.lstrip(" \u00a0\u3000")
    if looked_at.startswith(FORMULA_STARTS) or text.startswith(("\t", "\r", "\n")):
        return f"'{text}"
    return text


def sheet_name(text: str) -> str:
    """Returns an id as a sheet may be called: at most 31 characters, and not "history", which Excel
    keeps for itself."""
    return "history 1" if text.lower() == "history" else text[:MAX_SHEET]


def _csv_value(value: Cell) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return harmless(value) if isinstance(value, str) else value


def _csv_text(rows: Rows) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([_csv_value(value) for value in row] for row in rows)
    return text.getvalue().encode()


async def _ahead(parts: AsyncIterable[Rows]) -> AsyncIterator[Rows]:
    """Yields the parts, and reads the next one while one is written."""
    source = aiter(parts)

    async def read() -> Rows | None:
        return await anext(source, None)

    following = asyncio.create_task(read())
    try:
        while (rows := await following) is not None:
            following = asyncio.create_task(read())
            yield rows
    finally:
        following.cancel()


async def csv_file(columns: Sequence[Column], parts: AsyncIterable[Rows]) -> Bytes:
    """Yields a CSV file as RFC 4180 has it: UTF-8 with a byte order mark, commas, and a line of
    column names. Moments are in ISO 8601 with their offset."""
    yield BOM.encode() + _csv_text([[column.name for column in columns]])
    async for rows in _ahead(parts):
        for start in range(0, len(rows), ROWS_AT_ONCE):
            yield _csv_text(rows[start : start + ROWS_AT_ONCE])
            await asyncio.sleep(0)


class _Workbook:
    """A workbook of one sheet that is written row after row into a folder."""

    def __init__(self, path: Path, sheet: str, columns: Sequence[Column]) -> None:
        import xlsxwriter

        self._book = xlsxwriter.Workbook(
            str(path),
            {
                "constant_memory": True,
                "tmpdir": str(path.parent),
                "strings_to_formulas": False,
                "strings_to_numbers": False,
                "strings_to_urls": False,
            },
        )
        head = self._book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        self._moment: Any = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        self._columns = columns
        self._sheet: Any = self._book.add_worksheet(sheet_name(sheet))
        self._sheet.freeze_panes(1, 0)
        for place, column in enumerate(columns):
            self._sheet.set_column(place, place, column.width)
            self._sheet.write_string(0, place, column.name, head)
        self._line = 1

    def write(self, rows: Rows) -> None:
        for row in rows:
            for place, value in enumerate(row):
                self._write(place, value)
            self._line += 1

    def _write(self, place: int, value: Cell) -> None:
        if value is None:
            return
        if isinstance(value, datetime):
            moment = value.replace(tzinfo=None)
            self._sheet.write_datetime(self._line, place, moment, self._moment)
        elif isinstance(value, str):
            self._sheet.write_string(self._line, place, value)
        else:
            self._sheet.write_number(self._line, place, value)

    def close(self) -> None:
        if self._line > 1:
            self._sheet.autofilter(0, 0, self._line - 1, len(self._columns) - 1)
        self._book.close()


async def xlsx_file(columns: Sequence[Column], parts: AsyncIterable[Rows], *, sheet: str) -> Bytes:
    """Yields a workbook with one sheet, whose first row are the column names. Moments are cells of
    date and time, in the zone that they came in.

    It is put together in a temporary folder, since its directory stands at its end: nothing comes
    before all parts have.
    """
    with tempfile.TemporaryDirectory(prefix="portal-") as folder:
        path = Path(folder) / "table.xlsx"
        book = await asyncio.to_thread(_Workbook, path, sheet, columns)
        async for rows in _ahead(parts):
            for start in range(0, len(rows), ROWS_AT_ONCE):
                await asyncio.to_thread(book.write, rows[start : start + ROWS_AT_ONCE])
        await asyncio.to_thread(book.close)
        with await asyncio.to_thread(path.open, "rb") as file:
            async for chunk in _chunks(file):
                yield chunk


async def _chunks(file: BinaryIO) -> AsyncIterator[bytes]:
    while chunk := await asyncio.to_thread(file.read, CHUNK):
        yield chunk
