"""Whether the providers let their videos be shown here, asked at their oEmbed endpoints.

Only a clear answer is kept. A video that is gone becomes a link until a later check succeeds. Any
other refusal may depend on who asks, which here is no browser on a page of ours: it puts a link
beside the player. An answer that does not come, or says that the provider has a problem, changes
nothing.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

import msgspec

from portal import clock
from portal.db import sql
from portal.errors import CommandFailed
from portal.learning.course import Video
from portal.learning.outline import GONE
from portal.learning.player import provider_name, watch_url

ENDPOINTS: Mapping[str, str] = {
    "youtube": "https://www.youtube.com/oembed",
    "vimeo": "https://vimeo.com/api/oembed.json",
}
REFUSALS = frozenset({401, 403, 404})
TIMEOUT_SECONDS = 10.0
AT_ONCE = 4
MAX_BYTES = 65_536

_KEEP = """
    INSERT INTO embed_check (video_id, reference, refused, detail, status, checked_at)
    SELECT video_id, reference, refused, detail, status, $6
    FROM unnest($1::text[], $2::text[], $3::boolean[], $4::text[], $5::int[])
         AS answer (video_id, reference, refused, detail, status)
    ON CONFLICT (video_id) DO UPDATE SET reference = EXCLUDED.reference, refused = EXCLUDED.refused,
        detail = EXCLUDED.detail, status = EXCLUDED.status, checked_at = EXCLUDED.checked_at
"""


class ProviderAnswer(msgspec.Struct, frozen=True):
    """What a provider said about a video. `refused` is None when that is not clear; `status` is the
    one of HTTP that it was refused with."""

    video: Video
    refused: bool | None
    detail: str
    status: int | None = None

    @property
    def gone(self) -> bool:
        return self.status == GONE


async def ask_all(
    videos: Iterable[Video],
    endpoints: Mapping[str, str] = ENDPOINTS,
    *,
    site: str | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
    at_once: int = AT_ONCE,
) -> list[ProviderAnswer]:
    """Ask about every video that a provider holds, a few at a time; returns them in their order.

    `site` is our own address, which a provider may have to know to allow it.
    """
    gate = asyncio.Semaphore(at_once)

    async def ask(video: Video) -> ProviderAnswer:
        async with gate:
            endpoint = endpoints[video.provider]
            return await asyncio.to_thread(_ask_provider, video, endpoint, site, timeout_seconds)

    return await asyncio.gather(*(ask(video) for video in videos if video.provider in endpoints))


async def keep(answers: Iterable[ProviderAnswer]) -> None:
    """Keep the clear answers; what is not clear leaves what was known before."""
    clear = [answer for answer in answers if answer.refused is not None]
    await sql.execute(
        _KEEP,
        [answer.video.id for answer in clear],
        [answer.video.ref for answer in clear],
        [answer.refused for answer in clear],
        [answer.detail for answer in clear],
        [answer.status for answer in clear],
        clock.now(),
        retry=True,
    )


def _ask_provider(
    video: Video, endpoint: str, site: str | None, timeout_seconds: float
) -> ProviderAnswer:
    name = provider_name(video)
    headers = {"User-Agent": "ai-training-portal", "Accept": "application/json"}
    if site:
        headers["Referer"] = f"{site}/"
    query = urlencode({"url": watch_url(video), "format": "json"})
    try:
        request = Request(f"{endpoint}?{query}", headers=headers)  # noqa: S310 - checked in endpoints_of
        status, body = _fetch(request, timeout_seconds)
    except OSError as error:
        reason = "in time" if isinstance(error, TimeoutError) or "timed out" in str(error) else ""
        return ProviderAnswer(video, None, f"{name} did not answer {reason}".rstrip())
    return _judged(video, name, status, body)


def _fetch(request: Request, timeout_seconds: float) -> tuple[int, bytes]:
    """Returns the status and the beginning of the body. OSError when the answer does not come in
    time."""
    deadline = time.monotonic() + timeout_seconds
    body = b""
    try:
        with urlopen(request, timeout=timeout_seconds) as answer:  # noqa: S310
            while len(body) < MAX_BYTES and (part := answer.read1(MAX_BYTES)):
                body += part
                if time.monotonic() > deadline:
                    raise TimeoutError
            return answer.status, body
    except HTTPError as error:
        with error:
            return error.code, b""


def _judged(video: Video, name: str, status: int, body: bytes) -> ProviderAnswer:
    # Both were seen to answer 200 and say no in the body: one in words, one in its own field.
    said: Any = None
    if status == HTTPStatus.OK:
        try:
            said = json.loads(body)
        except ValueError:
            words = body.strip().decode(errors="replace").casefold()
            codes = [code for code in REFUSALS if HTTPStatus(code).phrase.casefold() == words]
            status = codes[0] if codes else status
        else:
            code = said.get("domain_status_code") if isinstance(said, dict) else None
            status = code if code in REFUSALS else status
    if status in REFUSALS:
        detail = f"{name} answered {status} {HTTPStatus(status).phrase}"
        return ProviderAnswer(video, True, detail, status)
    if isinstance(said, dict):
        return ProviderAnswer(video, False, f"{name} lets it be shown")
    return ProviderAnswer(
        video, None, f"{name} answered {status}, which says nothing about the video"
    )


def endpoints_of(pairs: Iterable[str]) -> dict[str, str]:
    """Returns the endpoints with others put in, given as `provider=address`. Raises
    CommandFailed."""
    changed = dict(ENDPOINTS)
    for pair in pairs:
        provider, _, address = pair.partition("=")
        if provider not in ENDPOINTS or urlsplit(address).scheme not in ("http", "https"):
            raise CommandFailed(f"{pair} is not a provider, = and an address.")
        changed[provider] = address
    return changed
