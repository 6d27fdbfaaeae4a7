"""The course's own files: who gets them, which ones there are, and in which parts."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from portal.learning import media
from portal.learning.course import MEDIA_FOLDER, Requirement
from tests.learning.courses import course_of, teach, video
from tests.learning.locked_course import numbered
from tests.support import Portal
from tests.web.portals import change_site, site_of

BODY = bytes(range(256)) * 8
SIZE = len(BODY)


@pytest.fixture
def folder(portal: Portal, tmp_path: Path) -> Path:
    """The media of a course with one file; what else lies around is not in the course."""
    film = replace(video("film"), provider="file", ref="one/film.webm", captions="film.vtt")
    teach(portal, course_of(film, video("tube")))
    change_site(portal, settings=replace(site_of(portal).settings, content_dir=tmp_path))
    made = tmp_path / MEDIA_FOLDER
    (made / "one").mkdir(parents=True)
    (made / "one" / "film.webm").write_bytes(BODY)
    (made / "film.vtt").write_text("WEBVTT\n", encoding="utf-8")
    (made / "other.webm").write_bytes(BODY)
    (tmp_path / "course.json").write_text("{}")
    return made


async def test_a_whole_file(folder: Path, alex: httpx.AsyncClient) -> None:
    answer = await alex.get("/media/one/film.webm")
    assert (answer.status_code, answer.content) == (200, BODY)
    assert answer.headers["content-type"] == "video/webm"
    assert answer.headers["content-length"] == str(SIZE)
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["cache-control"] == "private, no-store"
    captions = await alex.get("/media/film.vtt")
    assert captions.text == "WEBVTT\n"
    assert captions.headers["content-type"] == "text/vtt; charset=utf-8"


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [
        ("bytes=0-", 0, SIZE),
        ("bytes=0-0", 0, 1),
        ("bytes=100-299", 100, 300),
        ("bytes=2000-999999", 2000, SIZE),
        ("bytes=-48", SIZE - 48, SIZE),
        ("bytes=-999999", 0, SIZE),
        ("Bytes=7-", 7, SIZE),
        ("bytes=00-0000000000000000000000009", 0, 10),
        ("bytes=1-" + "9" * 5000, 1, SIZE),
        ("bytes=-" + "9" * 5000, 0, SIZE),
    ],
)
async def test_a_part(
    folder: Path, alex: httpx.AsyncClient, wanted: str, start: int, end: int
) -> None:
    answer = await alex.get("/media/one/film.webm", headers=[(b"range", wanted.encode("latin-1"))])
    assert (answer.status_code, answer.content) == (206, BODY[start:end])
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{SIZE}"
    assert answer.headers["content-length"] == str(end - start)


@pytest.mark.parametrize(
    "wanted",
    ["bytes=2048-", "bytes=9999-10000", "bytes=5-4", "bytes=-0", "bytes=" + "9" * 5000 + "-"],
)
async def test_a_part_that_is_not_there(folder: Path, alex: httpx.AsyncClient, wanted: str) -> None:
    answer = await alex.get("/media/one/film.webm", headers=[(b"range", wanted.encode("latin-1"))])
    assert (answer.status_code, answer.content) == (416, b"")
    assert answer.headers["content-range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize(
    "wanted",
    ["", "bytes=-", "seconds=1-2", "bytes=0-1,5-6", "bytes=a-b", "bytes=1--2", "bytes=²-", "1-2"],
)
async def test_a_range_that_says_nothing_is_ignored(
    folder: Path, alex: httpx.AsyncClient, wanted: str
) -> None:
    answer = await alex.get("/media/one/film.webm", headers=[(b"range", wanted.encode("latin-1"))])
    assert (answer.status_code, answer.content) == (200, BODY)


async def test_the_parts_of_two_files_are_not_mixed(folder: Path, alex: httpx.AsyncClient) -> None:
    """A player goes on with a film that has been replaced meanwhile."""
    film, part = folder / "one" / "film.webm", {"range": "bytes=100-199"}
    first = await alex.get("/media/one/film.webm", headers=part)
    going_on = {**part, "if-range": first.headers["etag"]}
    assert (await alex.get("/media/one/film.webm", headers=going_on)).status_code == 206
    film.write_bytes(b"another film")
    answer = await alex.get("/media/one/film.webm", headers=going_on)
    assert (answer.status_code, answer.content) == (200, b"another film")
    dated = {**part, "if-range": "Fri, 27 Nov 2026 00:00:00 GMT"}
    assert (await alex.get("/media/one/film.webm", headers=dated)).status_code == 200


async def test_no_answer_holds_a_large_file_in_memory(
    folder: Path, alex: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A player asks for everything from a second on; it gets a part, and asks again."""
    monkeypatch.setattr(media, "PART", 1000)
    monkeypatch.setattr(media, "CHUNK", 100)
    read = b""
    while len(read) < SIZE:
        answer = await alex.get("/media/one/film.webm", headers={"range": f"bytes={len(read)}-"})
        assert answer.status_code == 206
        assert 0 < len(answer.content) <= 1000
        read += answer.content
    assert read == BODY
    assert (await alex.get("/media/one/film.webm")).content == BODY


@pytest.mark.parametrize(
    "path",
    [
        "other.webm",
        "one/",
        "one",
        "../course.json",
        "%2e%2e/course.json",
        "one/../one/film.webm",
        "/etc/passwd",
        "%00",
        "one/film.webm%00",
        "JpGtOfSgR-c",
    ],
)
async def test_only_what_the_course_names(folder: Path, alex: httpx.AsyncClient, path: str) -> None:
    answer = await alex.get(f"/media/{path}")
    if answer.status_code == 200:  # httpx takes dots out of an address before it asks
        assert answer.url.path == "/media/one/film.webm"
    else:
        assert answer.status_code == 404


async def test_a_course_cannot_name_what_lies_outside(
    portal: Portal, folder: Path, alex: httpx.AsyncClient
) -> None:
    secret = folder.parent / "secret.webm"
    secret.write_bytes(b"secret")
    (folder / "link.webm").symlink_to(secret)
    teach(
        portal,
        course_of(
            replace(video("up"), provider="file", ref="../secret.webm"),
            replace(video("link"), provider="file", ref="link.webm"),
            replace(video("other"), provider="file", ref="../course.json"),
        ),
    )
    for path in ("..%2fsecret.webm", "link.webm", "..%2fcourse.json"):
        assert (await alex.get(f"/media/{path}")).status_code == 404


async def test_a_file_that_is_gone(folder: Path, alex: httpx.AsyncClient) -> None:
    (folder / "film.vtt").unlink()
    assert (await alex.get("/media/film.vtt")).status_code == 404


async def test_a_visitor_has_to_sign_in(folder: Path, visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get("/media/one/film.webm")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login")


async def test_a_file_of_a_locked_video_is_closed(
    portal: Portal, folder: Path, alex: httpx.AsyncClient
) -> None:
    """Until what opens its topic is done."""
    (film,) = (v for v in site_of(portal).course.ordered if v.id == "film")
    course = course_of(video("opening"))
    (step,) = course.steps
    later = replace(
        step.topics[0],
        id="later",
        videos=(replace(film, topic_id="later"),),
        requires=(Requirement(topic="all-of-it"),),
    )
    teach(portal, numbered([replace(step, topics=(*step.topics, later))]))
    refused = await alex.get("/media/one/film.webm")
    assert refused.status_code == 403
    await alex.post("/api/progress", json={"videoId": "opening", "done": True})
    assert (await alex.get("/media/one/film.webm")).status_code == 200
