"""The course's own files: videos and their captions, from the folder `media` beside the course."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, BinaryIO, Final

from litestar import Request, Response, get
from litestar.params import FromPath
from litestar.response import Stream

from portal.errors import NotFound
from portal.learning.catalogue import MEDIA_FOLDER, Course, Video
from portal.learning.queries import locks_of
from portal.web.actor import CurrentActor

SHIPPED: Final = Path(__file__).parent.parent / "content"
TYPES: Final = {".mp4": "video/mp4", ".webm": "video/webm", ".vtt": "text/vtt"}
RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
PART: Final = 4 * 1024 * 1024  # bytes of an answer to a range, which may be shorter than asked
CHUNK: Final = 256 * 1024


@get("/media/{name:path}", include_in_schema=False)
async def media_file(
    request: Request[Any, Any, Any], actor: CurrentActor, name: FromPath[Path]
) -> Response[bytes] | Stream:
    """A file that the course names, whole or in the part that a player asks for."""
    course: Course = request.app.state.course
    content: Path = request.app.state.settings.content_dir or SHIPPED
    path, videos = _find(course, content, name.as_posix().lstrip("/"))
    locks = await locks_of(actor, course)
    if all(locks.of_video(video) for video in videos):
        locks.check_video(videos[0])
    try:
        # An open file stays what it is while a new one takes its place.
        stream = await asyncio.to_thread(path.open, "rb")
    except OSError:
        raise NotFound("No file at this address.") from None
    size = await asyncio.to_thread(stream.seek, 0, 2)
    headers = {"accept-ranges": "bytes"}
    kind = TYPES[path.suffix]
    wanted = RANGE.fullmatch(request.headers.get("range", ""))
    if wanted is None or not any(wanted.groups()):
        headers["content-length"] = str(size)
        return Stream(_chunks(stream), headers=headers, media_type=kind)
    start, end = _span(wanted, size)
    with stream:
        if start >= end:
            headers["content-range"] = f"bytes */{size}"
            return Response(b"", status_code=416, headers=headers, media_type=kind)
        body = await asyncio.to_thread(_read, stream, start, end - start)
    headers["content-range"] = f"bytes {start}-{start + len(body) - 1}/{size}"
    return Response(body, status_code=206, headers=headers, media_type=kind)


def _find(course: Course, content: Path, name: str) -> tuple[Path, list[Video]]:
    """Returns the path of a file that the course names, and the videos that it belongs to;
    `NotFound` for anything else there."""
    folder = content / MEDIA_FOLDER
    videos = [
        video
        for video in course.ordered
        if name in ((video.ref, video.captions) if video.provider == "file" else (video.captions,))
    ]
    path = folder / name
    inside = path.resolve().is_relative_to(folder.resolve())
    if not videos or not inside or path.suffix not in TYPES:
        raise NotFound("No file at this address.")
    return path, videos


def _span(wanted: re.Match[str], size: int) -> tuple[int, int]:
    """Returns where the part begins and where it ends, the latter excluded; empty if there is no
    such part."""
    first, last = wanted.groups()
    if not first:
        return max(0, size - int(last)), size
    start = int(first)
    end = min(int(last) + 1, size) if last else size
    return start, min(end, start + PART)


def _read(stream: BinaryIO, start: int, count: int) -> bytes:
    stream.seek(start)
    return stream.read(count)


async def _chunks(stream: BinaryIO) -> AsyncIterator[bytes]:
    with stream:
        await asyncio.to_thread(stream.seek, 0)
        while chunk := await asyncio.to_thread(stream.read, CHUNK):
            yield chunk


HANDLERS = [media_file]
