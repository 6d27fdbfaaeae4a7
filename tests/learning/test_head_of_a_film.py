"""HEAD of a film says how long it is, and does not read it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
from msgspec.structs import replace

from portal.learning.course import MEDIA_FOLDER
from tests.learning.courses import course_of, teach, video
from tests.support import Portal
from tests.web.portals import change_site, site_of

SIZE = 32 * 1024**3  # bytes, of which the file system keeps none


async def test_a_film_is_not_read_for_its_length(
    portal: Portal, alex: httpx.AsyncClient, tmp_path: Path
) -> None:
    film = replace(video("film"), provider="file", ref="film.webm")
    teach(portal, course_of(film, video("tube")))
    change_site(portal, settings=replace(site_of(portal).settings, content_dir=tmp_path))
    (tmp_path / "course.json").write_text("{}")
    (tmp_path / MEDIA_FOLDER).mkdir()
    with (tmp_path / MEDIA_FOLDER / "film.webm").open("wb") as file:
        file.truncate(SIZE)
    async with asyncio.timeout(5):
        answer = await alex.head("/media/film.webm")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(SIZE)
    assert answer.headers["content-type"] == "video/webm"
