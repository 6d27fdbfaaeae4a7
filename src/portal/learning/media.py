"""The course's own files: videos and their captions, from the folder `media` beside the course."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO, Final

from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Stream

from portal.errors import NotFound
from portal.learning.course import MEDIA_FOLDER, Course, Video
from portal.learning.queries import locks_of
from portal.learning.site import course_of
from portal.web.actor import CurrentActor
from portal.web.site import Req, site

SHIPPED: Final = Path(__file__).parent.parent / "content"
TYPES: Final = {".mp4": "video/mp4", ".webm": "video/webm", ".vtt": "text/vtt"}
RANGE: Final = re.compile(r"bytes=([0-9]*)-([0-9]*)", re.IGNORECASE)
BEYOND: Final = 10**18  # no file has a byte there
PART: Final = 4 * 1024 * 1024  # bytes of an answer to a range, which may be shorter than asked
CHUNK: Final = 256 * 1024  # bytes of a file that are in memory


@get("/media/{name:path}", include_in_schema=False)
async def media_file(
    request: Req, actor: CurrentActor, name: FromPath[Path]
) -> Response[bytes] | Stream:
    """A file that the course names, whole or in the part that a player asks for. However much that
    is, a `CHUNK` of it is in memory; nothing is when only the headers are asked for."""
    course = course_of(request)
    content: Path = site(request).settings.content_dir or SHIPPED
    path, videos = _course_file(course, content, name.as_posix().lstrip("/"))
    locks = await locks_of(actor, course)
    if all(locks.of_video(video) for video in videos):
        locks.check_video(videos[0])
    try:
        # An open file stays what it is while a new one takes its place.
        stream = await asyncio.to_thread(path.open, "rb")
    except OSError:
        raise NotFound("No file at this address.") from None
    state = os.fstat(stream.fileno())
    size = state.st_size
    headers = {"accept-ranges": "bytes", "etag": f'"{state.st_mtime_ns:x}-{size:x}"'}
    kind = TYPES[path.suffix]
    part = _byte_range(request, headers["etag"], size)
    if part is not None and not part:
        stream.close()
        headers["content-range"] = f"bytes */{size}"
        return Response(b"", status_code=416, headers=headers, media_type=kind)
    sent = range(size) if part is None else part
    if part is not None:
        headers["content-range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    headers["content-length"] = str(len(sent))
    if request.scope["state"].get("head"):
        sent = range(0)
    return Stream(
        _chunks(stream, sent),
        status_code=200 if part is None else 206,
        headers=headers,
        media_type=kind,
    )


def _course_file(course: Course, content: Path, name: str) -> tuple[Path, list[Video]]:
    """Returns the path of a file that the course names, and the videos that it belongs to;
    `NotFound` for anything else there."""
    folder = content / MEDIA_FOLDER
    videos = [
        video
        for video in course.ordered
        if name in ((video.ref, video.captions) if video.provider == "file" else (video.captions,))
    ]
    path = folder / name
    # only a name of the course's is looked up: no other can be trusted to be one of a file
    if not videos or path.suffix not in TYPES or not _is_inside(path, folder):
        raise NotFound("No file at this address.")
    return path, videos


def _is_inside(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _byte_range(request: Req, etag: str, size: int) -> range | None:
    """Returns the bytes that are asked for, at most `PART`, empty where the file has none; None
    for the whole file: no range is asked for, more than one, or one of another file, which had
    this name before."""
    wanted = RANGE.fullmatch(request.headers.get("range", ""))
    if wanted is None or not any(wanted.groups()):
        return None
    if request.headers.get("if-range", etag) != etag:
        return None
    first, last = (_position(digits) for digits in wanted.groups())
    if first is None:
        start, end = max(0, size - (last or 0)), size
    else:
        start, end = first, size if last is None else min(last + 1, size)
    return range(start, min(end, start + PART))


def _position(digits: str) -> int | None:
    """Returns the number, or one beyond every file for a longer one; None for no digits."""
    if not digits:
        return None
    digits = digits.lstrip("0") or "0"
    return int(digits) if len(digits) < 19 else BEYOND


async def _chunks(stream: BinaryIO, part: range) -> AsyncIterator[bytes]:
    """Yields these bytes of the file, and closes it."""
    with stream:
        await asyncio.to_thread(stream.seek, part.start)
        left = len(part)
        while left and (chunk := await asyncio.to_thread(stream.read, min(CHUNK, left))):
            left -= len(chunk)
            yield chunk


HANDLERS = [media_file]
