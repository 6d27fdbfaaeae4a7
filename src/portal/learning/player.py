"""Addresses of a video at its provider. Nothing is loaded from there before the learner asks."""

from __future__ import annotations

from portal.learning.course import Video

NAMES = {"youtube": "YouTube", "vimeo": "Vimeo", "file": "the file"}


def provider_name(video: Video) -> str:
    return NAMES[video.provider]


def embed_url(video: Video) -> str | None:
    """Returns the player's address on a host that sets no cookie before playing, or None."""
    if video.provider == "youtube":
        return f"https://www.youtube-nocookie.com/embed/{video.ref}"
    if video.provider == "vimeo":
        number, _, unlisted = video.ref.partition("/")
        return f"https://player.vimeo.com/video/{number}?dnt=1" + (
            f"&h={unlisted}" if unlisted else ""
        )
    return None


def watch_url(video: Video) -> str:
    """Returns the page of the video for people, to open in a tab of its own."""
    if video.provider == "youtube":
        return f"https://www.youtube.com/watch?v={video.ref}"
    if video.provider == "vimeo":
        return f"https://vimeo.com/{video.ref}"
    return media_url(video.ref)


def media_url(name: str) -> str:
    """Returns the address of one of the course's own files."""
    return f"/media/{name}"
