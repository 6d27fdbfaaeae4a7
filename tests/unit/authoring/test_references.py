"""Addresses of videos: which of them name one, and what an author reads about the others."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from portal.authoring.lint.structure import video_problems
from portal.authoring.references import reference
from tests.learning.courses import video

ID = "JpGtOfSgR-c"
YOUTUBE = [
    f"https://www.youtube.com/watch?v={ID}",
    f"https://youtube.com/watch?v={ID}",
    f"https://m.youtube.com/watch?list=PLx&v={ID}&index=2",
    f"https://music.youtube.com/watch?v={ID}&si=abc",
    f"https://www.youtube.com/watch?v={ID}&t=1m2s",
    f"https://www.youtube.com/watch/?v={ID}#t=62",
    f"https://youtu.be/{ID}",
    f"https://youtu.be/{ID}?t=20",
    f"https://www.youtube.com/embed/{ID}?start=30&autoplay=1",
    f"https://www.youtube-nocookie.com/embed/{ID}",
    f"https://www.youtube.com/shorts/{ID}",
    f"https://www.youtube.com/live/{ID}?feature=share",
    f"https://www.youtube.com/v/{ID}",
    f"http://www.youtube.com/watch?v={ID}",
    f"HTTPS://WWW.YOUTUBE.COM/watch?v={ID}",
    f"https://www.youtube.com:443/watch?v={ID}",
    f"//www.youtube.com/embed/{ID}",
    f"www.youtube.com/watch?v={ID}",
    f"youtu.be/{ID}",
    f"  https://youtu.be/{ID}\n",
]
VIMEO = [
    ("https://vimeo.com/76979871", "76979871"),
    ("https://www.vimeo.com/76979871/", "76979871"),
    ("http://vimeo.com/76979871?share=copy#t=30s", "76979871"),
    ("https://vimeo.com/76979871/752c4d2b80", "76979871/752c4d2b80"),
    ("https://vimeo.com/76979871/752c4d2b80?ts=0", "76979871/752c4d2b80"),
    ("https://vimeo.com/76979871?h=752c4d2b80", "76979871/752c4d2b80"),
    ("https://player.vimeo.com/video/76979871", "76979871"),
    ("https://player.vimeo.com/video/76979871?h=752c4d2b80&dnt=1", "76979871/752c4d2b80"),
    ("https://vimeo.com/channels/staffpicks/76979871", "76979871"),
    ("https://vimeo.com/groups/motion/videos/76979871", "76979871"),
    ("https://vimeo.com/showcase/1234567/video/76979871", "76979871"),
    ("https://vimeo.com/album/1234567/video/76979871", "76979871"),
    ("https://vimeo.com/showcase/1234567/video/76979871?h=752c4d2b80", "76979871/752c4d2b80"),
    ("https://vimeo.com/manage/videos/76979871/752c4d2b80", "76979871/752c4d2b80"),
]
FILES = ["films/one.webm", "/films/one.mp4", "one.mp4"]
NONE = [
    "",
    "https://www.youtube.com/AnthropicAI",
    "https://www.youtube.com/@anthropic-ai",
    "https://www.youtube.com/@AnthropicAI",
    "https://www.youtube.com/channel/UCrDwWp7EBBv4NwvScIpBDOA",
    "https://www.youtube.com/c/AnthropicAI",
    "https://www.youtube.com/user/AnthropicAI",
    "https://www.youtube.com/playlist?list=PLf2m23nhTg1P5BsOHUOXyQz5RhfUSSVUi",
    "https://www.youtube.com/embed/videoseries?list=PLf2m23nhTg1P5BsOHUOXyQz5RhfUSSVUi",
    "https://www.youtube.com/embed/live_stream?channel=UCrDwWp7EBBv4NwvScIpBDOA",
    "https://www.youtube.com/watch?v=videoseries",
    f"https://www.youtube.com/{ID}",
    f"https://www.youtube.com/watch?v={ID}x",
    f"https://www.youtube.com/watch?v={ID[:10]}",
    f"https://www.youtube.com/watch?v={ID}&v=aaaaaaaaaaa",
    f"https://www.youtube.com/results?search_query={ID}&v={ID}",
    f"https://www.youtube.com/embed/{ID}/more",
    f"https://youtu.be/watch/{ID}",
    f"https://youtube.com@evil.example/watch?v={ID}",
    f"https://youtube.com:x@evil.example/watch?v={ID}",
    f"https://evil@youtube.com/watch?v={ID}",
    f"https://youtube.com\\@evil.example/watch?v={ID}",
    f"https://youtube.com.evil.example/watch?v={ID}",
    f"https://notyoutube.com/watch?v={ID}",
    f"https://yоutube.com/watch?v={ID}",  # a Cyrillic letter
    f"https://m.m.youtube.com/watch?v={ID}",
    f"https://www.youtube.com:8443/watch?v={ID}",
    f"https://www.youtube.com:http/watch?v={ID}",
    f"ftp://www.youtube.com/watch?v={ID}",
    f"javascript:https://www.youtube.com/watch?v={ID}",
    f"https://www.you\ttube.com/watch?v={ID}",
    f"see https://youtu.be/{ID}",
    "https://vimeo.com/about",
    "https://vimeo.com/showcase/1234567",
    "https://vimeo.com/event/1234567",
    "https://vimeo.com/event/1234567/embed",
    "https://vimeo.com/channels/staffpicks",
    "https://vimeo.com/channels/1234567",
    "https://vimeo.com/groups/1234567",
    "https://vimeo.com/user1234567",
    "https://vimeo.com/76979871/settings",
    "https://vimeo.com/76979871/752c4d2b80/more",
    "https://vimeo.com/76979871/752c4d2b80?h=ab12",
    "https://vimeo.com/76979871?h=NOHASH",
    "https://vimeo.com/٧٦٩٧٩٨٧١",
    "https://player.vimeo.com/76979871",
    "https://player.vimeo.com/event/1234567",
    "https://player.vimeo.com.evil.example/video/76979871",
    "https://example.com/x.mp4",
    "www.example.com/x.mp4",
    "../x.mp4",
    "films\\one.mp4",
    "films/one.avi",
    "https://[youtube.com/watch",
]  # fmt: skip


@pytest.mark.parametrize("address", YOUTUBE)
def test_an_address_at_youtube(address: str) -> None:
    assert reference(address) == ("youtube", ID)


@pytest.mark.parametrize(("address", "ref"), VIMEO)
def test_an_address_at_vimeo(address: str, ref: str) -> None:
    assert reference(address) == ("vimeo", ref)


@pytest.mark.parametrize("address", FILES)
def test_a_path_of_a_file(address: str) -> None:
    assert reference(address) == ("file", address.lstrip("/"))


@pytest.mark.parametrize("address", NONE)
def test_what_names_no_video(address: str) -> None:
    assert reference(address) is None


@pytest.mark.parametrize(
    ("provider", "ref", "remedy"),
    [
        ("youtube", "videoseries", "Write the 11 characters after watch?v=."),
        ("youtube", "live_stream", "Write the 11 characters after watch?v=."),
        ("youtube", f"https://youtu.be/{ID}?t=1", f'Write provider = "youtube" and ref = "{ID}".'),
        (
            "youtube",
            "https://vimeo.com/showcase/1/video/76979871?h=ab12",
            'Write provider = "vimeo" and ref = "76979871/ab12".',
        ),
        ("vimeo", "event/1234567", "Write the number of the video, or number/hash."),
        (
            "vimeo",
            "https://vimeo.com/event/1234567",
            "Write the number of the video, or number/hash. Understood are addresses of one video",
        ),
    ],
)
def test_the_check_says_what_to_write(provider: str, ref: str, remedy: str) -> None:
    wrong = replace(video("plain"), provider=provider, ref=ref)
    (finding,) = video_problems("x.toml", wrong, None)
    assert (finding.where, finding.problem) == ("ref", f'"{ref}" is no {provider} reference')
    assert finding.remedy.startswith(remedy)
