"""Captions of a course: the transcript that they become, and what can be wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.learning.authoring import build, check
from portal.learning.captions import parse
from portal.learning.catalogue import MEDIA_FOLDER, Cue, load_course

STEP = """
id = "1"
title = "Kitchen"
summary = "How to work in the kitchen."
objectives = ["Cook", "Clean"]
practice = ["Cook an egg.", "Clean a pan."]

[[topics]]
id = "cooking"
title = "Cooking"
description = "Heat and time."
videos = ["eggs"]
"""
EGGS = """
title = "Eggs"
provider = "file"
ref = "eggs.webm"
channel = "Our kitchen"
level = "beginner"
summary = "How to boil eggs."
objectives = ["Boil an egg"]
captions = "CAPTIONS"
"""
VTT = "WEBVTT\n\n00:01.500 --> 00:04.000\nBoil the water.\n\n00:04.000 --> 00:06.000\nWait.\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A course of one video, whose captions a test chooses."""
    step = tmp_path / "01-kitchen"
    step.mkdir()
    (step / "step.toml").write_text(STEP, encoding="utf-8")
    (tmp_path / MEDIA_FOLDER).mkdir()
    return tmp_path


def choose(root: Path, captions: str, body: bytes | None = None) -> None:
    (root / "01-kitchen" / "eggs.toml").write_text(
        EGGS.replace("CAPTIONS", captions), encoding="utf-8"
    )
    if body is not None:
        (root / MEDIA_FOLDER / captions).write_bytes(body)


def test_captions_become_the_transcript(root: Path) -> None:
    choose(root, "eggs.vtt", VTT.encode())
    build(root, root / "course.json")
    video = load_course(root).videos["eggs"]
    assert video.captions == "eggs.vtt"
    assert video.transcript == (Cue(1.5, "Boil the water."), Cue(4.0, "Wait."))


@pytest.mark.parametrize(
    ("captions", "body", "problem"),
    [
        ("eggs.vtt", None, "media/eggs.vtt cannot be read"),
        ("../eggs.vtt", None, '"../eggs.vtt" is no path of captions'),
        ("/eggs.vtt", None, '"/eggs.vtt" is no path of captions'),
        ("eggs.srt", b"1\n", '"eggs.srt" is no path of captions'),
        ("eggs.vtt", b"WEBVTT\n\n00:00.000 --> 00:01.000\n\xff\n", "media/eggs.vtt is not UTF-8"),
        ("eggs.vtt", b"1\n00:00:01,000 --> 00:00:02,000\nNo\n", "media/eggs.vtt holds no captions"),
        ("eggs.vtt", b"WEBVTT\n\nNOTE nothing yet\n", "media/eggs.vtt holds no captions"),
    ],
)
def test_what_is_wrong_with_captions(
    root: Path, captions: str, body: bytes | None, problem: str
) -> None:
    choose(root, captions, body)
    found = check(root)
    assert [(f.file, f.where, f.problem) for f in found] == [
        ("01-kitchen/eggs.toml", "captions", problem)
    ]


@pytest.mark.parametrize(
    ("block", "cues"),
    [
        ("00:00.000 --> 00:01.000\nOne", [Cue(0, "One")]),
        ("01:02:03.250 --> 01:02:04.000\nLate", [Cue(3723.25, "Late")]),
        ("name\n00:02.000 --> 00:03.000 align:start line:0\nNamed", [Cue(2, "Named")]),
        ("00:02.000 --> 00:03.000\ntwo\nlines", [Cue(2, "two lines")]),
        ("00:02.000 --> 00:03.000\n<v.loud Ann Lee>Hi <b>you</b>", [Cue(2, "Ann Lee: Hi you")]),
        (
            "00:02.000 --> 00:03.000\n1 &lt; 2 &amp; <00:02.500><c>so on</c>",
            [Cue(2, "1 < 2 & so on")],
        ),
        ("00:02.000 --> 00:03.000\n", []),
        ("STYLE\n::cue { color: red }", []),
        ("NOTE 00:02.000 --> 00:03.000\nnot said", []),
        ("00:61.000 --> 00:63.000\nno time", []),
    ],
)
def test_a_cue(block: str, cues: list[Cue]) -> None:
    for text in (
        f"WEBVTT\n\n{block}\n",
        f"\ufeffWEBVTT - title\r\n\r\n{block}".replace("\n", "\r\n"),
    ):
        assert list(parse(text)) == cues


def test_cues_come_in_order_and_captions_that_roll_up_are_said_once() -> None:
    times = ("00:03.000 --> 00:04.000", "00:01.000 --> 00:03.000", "00:02.000 --> 00:03.000")
    blocks = "\n\n".join(f"{time}\n{text}" for time, text in zip(times, "baa", strict=True))
    assert parse(f"WEBVTT\n\n{blocks}") == (Cue(1, "a"), Cue(3, "b"))
