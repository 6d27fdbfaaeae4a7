"""Addresses of videos, as authors copy them: which video they name, and which forms are known.

An id is taken only from a form that is known to carry one. A channel, a playlist or an event has
something in the same place that looks like an id, and would become a player that shows nothing.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, parse_qs, urlsplit

FORMS = (
    "Understood are addresses of one video at YouTube or Vimeo, such as"
    " https://www.youtube.com/watch?v=…, https://youtu.be/…, https://vimeo.com/123456789 and"
    " https://vimeo.com/123456789/0a1b2c3d4e, and the path of an .mp4 or .webm file"
)

YOUTUBE_ID = re.compile(r"[A-Za-z0-9_-]{11}")
# What YouTube has in the place of an id, and of the same length.
NO_IDS = frozenset({"videoseries", "live_stream"})
VIMEO_REF = re.compile(r"[0-9]+(/[0-9a-f]+)?")
FILE = re.compile(r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9._/-]*\.(mp4|webm)")

YOUTUBE_HOSTS = frozenset(
    {
        "youtube.com",
        "www.youtube.com",
        "m.youtube.com",
        "music.youtube.com",
        "youtube-nocookie.com",
        "www.youtube-nocookie.com",
    }
)
SHORT_HOSTS = frozenset({"youtu.be", "www.youtu.be"})
VIMEO_HOSTS = frozenset({"vimeo.com", "www.vimeo.com"})
VIMEO_PLAYER = "player.vimeo.com"
PORTS = {"http": 80, "https": 443}

# Paths of the page of one video. The group is its number and, if it is unlisted, its hash.
VIMEO_PATHS = re.compile(
    r"(?:(?:manage/videos/)?|channels/[^/]+/|groups/[^/]+/videos/|(?:showcase|album)/[0-9]+/video/)"
    r"([0-9]+(?:/[0-9a-f]+)?)"
)
YOUTUBE_PATHS = re.compile(r"(?:embed|shorts|live|v|e)/([^/]+)")


def reference(address: str) -> tuple[str, str] | None:
    """Returns provider and reference of a video's address; None when it is of no known form."""
    address = address.strip()
    if re.search(r"[\s\\\x00-\x1f]", address):
        return None
    if not re.match(r"https?://|//", address, re.IGNORECASE):
        if FILE.fullmatch(address.lstrip("/")) and not _begins_with_host(address):
            return "file", address.lstrip("/")
        address = f"//{address}"
    try:
        parts = urlsplit(address, scheme="https")
        is_plain = "@" not in parts.netloc and parts.port in (None, PORTS.get(parts.scheme))
    except ValueError:
        return None
    if not is_plain:
        return None
    host = parts.hostname or ""
    path = "/".join(part for part in parts.path.split("/") if part)
    if host in SHORT_HOSTS:
        return _youtube(path)
    if host in YOUTUBE_HOSTS:
        return _youtube(_youtube_name(parts, path))
    if host in VIMEO_HOSTS:
        found = VIMEO_PATHS.fullmatch(path)
    elif host == VIMEO_PLAYER:
        found = re.fullmatch(r"video/([0-9]+)", path)
    else:
        return None
    return _vimeo(found[1], parse_qs(parts.query).get("h", [])) if found else None


def is_reference(provider: str, ref: str) -> bool:
    """Whether `ref` can be what the provider calls a video."""
    if provider == "youtube":
        return bool(YOUTUBE_ID.fullmatch(ref)) and ref not in NO_IDS
    return bool((VIMEO_REF if provider == "vimeo" else FILE).fullmatch(ref))


def _youtube_name(parts: SplitResult, path: str) -> str:
    if path == "watch":
        names = parse_qs(parts.query).get("v", [])
        return names[0] if len(set(names)) == 1 else ""
    found = YOUTUBE_PATHS.fullmatch(path)
    return found[1] if found else ""


def _youtube(name: str) -> tuple[str, str] | None:
    return ("youtube", name) if is_reference("youtube", name) else None


def _vimeo(found: str, hashes: list[str]) -> tuple[str, str] | None:
    """Returns the video; a hash in the query names an unlisted one, as one in the path does."""
    number, _, unlisted = found.partition("/")
    known = {*hashes, unlisted} - {""}
    ref = "/".join((number, *known))
    return ("vimeo", ref) if len(known) < 2 and is_reference("vimeo", ref) else None


def _begins_with_host(path: str) -> bool:
    first, slash, _ = path.partition("/")
    return bool(slash) and "." in first
