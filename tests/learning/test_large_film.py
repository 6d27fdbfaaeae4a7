"""A film larger than the memory of the process that sends it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import psutil
import pytest
from msgspec.structs import replace

from portal.learning.course import COMPILED_NAME, FORMAT, MEDIA_FOLDER, Compiled, content_hash
from tests.learning.courses import course_of, video
from tests.support import Database
from tests.web.raw import Raw, raw_portal

SIZE = 400_000_000
SLACK = 20_000_000  # bytes; a film that is held in memory takes twenty times as many
FILM = "/media/film.mp4"
RANGES = (
    b"bytes=-400000000",
    b"bytes=-300000000",
    b"bytes=0-",
    b"bytes=0-399999999",
    b"bytes=1-99999999999999999999999999",
    b"bytes=0-199999999,200000000-399999999",
    b"nonsense",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A course with one film, which takes no room on the disk."""
    film = replace(video("film", duration=600), provider="file", ref="film.mp4")
    steps = course_of(film).steps
    compiled = Compiled(FORMAT, content_hash(steps), steps)
    (tmp_path / COMPILED_NAME).write_bytes(msgspec.json.encode(compiled))
    (tmp_path / MEDIA_FOLDER).mkdir()
    with (tmp_path / MEDIA_FOLDER / "film.mp4").open("wb") as file:
        file.truncate(SIZE)
    return tmp_path


async def headers_of(raw: Raw, method: str, *headers: bytes) -> tuple[bytes, int]:
    """Returns the status line with the headers, and the bytes of memory that the process then has,
    while the client has not read the body yet."""
    async with raw.sent(raw.head(method, FILM, *headers)) as reader:
        head = await reader.readuntil(b"\r\n\r\n")
        if method == "GET":
            await reader.readexactly(1)
        return head, psutil.Process(raw.serving.process.pid).memory_info().rss


async def test_no_request_holds_a_film_in_memory(database: Database, folder: Path) -> None:
    async with raw_portal(database.url, CONTENT_DIR=str(folder)) as raw:
        await headers_of(raw, "GET", b"Range: bytes=0-0")
        before = psutil.Process(raw.serving.process.pid).memory_info().rss
        for wanted in RANGES:
            head, memory = await headers_of(raw, "GET", b"Range: " + wanted)
            assert head.startswith((b"HTTP/1.1 206", b"HTTP/1.1 200")), wanted
            assert memory - before < SLACK, wanted
        head, memory = await headers_of(raw, "GET")
        assert f"content-length: {SIZE}".encode() in head.lower()
        assert memory - before < SLACK


async def test_head_reads_nothing_of_a_film(database: Database, folder: Path) -> None:
    async with raw_portal(database.url, CONTENT_DIR=str(folder)) as raw:
        process = psutil.Process(raw.serving.process.pid)
        await headers_of(raw, "HEAD")
        before = process.io_counters().read_chars
        for _ in range(5):
            async with raw.sent(raw.head("HEAD", FILM)) as reader:
                answer = await reader.read()
            assert f"content-length: {SIZE}".encode() in answer.lower()
            assert answer.endswith(b"\r\n\r\n")
        assert process.io_counters().read_chars - before < 1_000_000
