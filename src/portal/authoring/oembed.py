"""`portal content links`: whether the providers let their videos be shown here, by oEmbed.

Only a clear answer is kept. A video that is gone becomes a link until a later check succeeds. Any
other refusal may depend on who asks, which here is no browser on a page of ours: it puts a link
beside the player. An answer that does not come, or says that the provider has a problem, changes
nothing.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec

from portal import clock
from portal.db import sql
from portal.errors import CommandFailed
from portal.learning.course import Course, Video
from portal.learning.outline import GONE
from portal.learning.player import provider_name, watch_url
from portal.web.formats import plural

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


async def check_links(
    course: Course,
    echo: Callable[[str], None],
    endpoints: Iterable[str] = (),
    *,
    site: str | None = None,
    seconds: float = TIMEOUT_SECONDS,
) -> int:
    """Print a line for every video that is refused or gave no clear answer; returns 1 when one is
    refused. `endpoints` are others than the providers' own, as `provider=address`.
    """
    known = endpoints_of(endpoints)
    answers = await ask_all(course.ordered, known, site=site, timeout_seconds=seconds)
    await keep(answers)
    refused = [answer for answer in answers if answer.refused]
    unclear = [answer for answer in answers if answer.refused is None]
    for answer in refused:
        place = "instead of" if answer.gone else "beside"
        echo(f"{answer.video.id}: {answer.detail}. Learners get a link {place} the player.")
    for answer in unclear:
        echo(f"{answer.video.id}: {answer.detail}. What was known before stays.")
    echo(
        f"{plural(len(answers), 'video')} asked about: {len(refused)} refused,"
        f" {len(unclear)} without a clear answer."
    )
    return 1 if refused else 0


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
    headers = {
        "User-Agent": "ai-training-portal",
        "Accept": "application/json",
        "Accept-Encoding": "identity",  # so that no answer grows beyond the bytes that are read
    }
    if site:
        headers["Referer"] = f"{site}/"
    trusted = ssl.create_default_context()  # the certificates of this machine, a company's included
    async with httpx.AsyncClient(
        headers=headers, timeout=timeout_seconds, verify=trusted, follow_redirects=True
    ) as client:
        return await asyncio.gather(
            *(
                _ask_provider(client, gate, video, endpoints[video.provider], timeout_seconds)
                for video in videos
                if video.provider in endpoints
            )
        )


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


async def _ask_provider(
    client: httpx.AsyncClient,
    gate: asyncio.Semaphore,
    video: Video,
    endpoint: str,
    timeout_seconds: float,
) -> ProviderAnswer:
    name = provider_name(video)
    query = urlencode({"url": watch_url(video), "format": "json"})
    request = client.stream("GET", f"{endpoint}?{query}")
    body = b""
    try:
        async with gate, asyncio.timeout(timeout_seconds), request as answer:
            async for part in answer.aiter_raw():
                body += part
                if len(body) >= MAX_BYTES:
                    break
    except (TimeoutError, httpx.TimeoutException):
        return ProviderAnswer(video, None, f"{name} did not answer in time")
    except (httpx.HTTPError, httpx.InvalidURL):
        return ProviderAnswer(video, None, f"{name} did not answer")
    return _judged(video, name, answer.status_code, body)


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
        return ProviderAnswer(video, refused=True, detail=detail, status=status)
    if isinstance(said, dict):
        return ProviderAnswer(video, refused=False, detail=f"{name} lets it be shown")
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
