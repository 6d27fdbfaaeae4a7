"""Captions of a course: the transcript that they become, and what can be wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.authoring.captions import parse_vtt
from portal.authoring.compiler import build, inspect
from portal.learning.course import MEDIA_FOLDER, Cue, load_course
from tests.authoring.checking import check, kitchen

STEP = kitchen("eggs")
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
        assert list(parse_vtt(text)) == cues


def test_cues_come_in_order_and_captions_that_roll_up_are_said_once() -> None:
    times = ("00:03.000 --> 00:04.000", "00:01.000 --> 00:03.000", "00:02.000 --> 00:03.000")
    blocks = "\n\n".join(f"{time}\n{text}" for time, text in zip(times, "baa", strict=True))
    assert parse_vtt(f"WEBVTT\n\n{blocks}") == (Cue(1, "a"), Cue(3, "b"))


def test_captions_that_youtube_made_itself() -> None:
    """Each line stands three times in them: while it is spoken, for a hundredth of a second, and
    above the next one."""
    blocks = """
00:00:00.160 --> 00:00:02.470 align:start position:0%
{blank}
no<00:00:00.480><c> no</c><00:00:00.640><c> no</c>

00:00:02.470 --> 00:00:02.480 align:start position:0%
no no no
{blank}

00:00:02.480 --> 00:00:04.789 align:start position:0%
no no no
no<00:00:02.720><c> no</c><00:00:03.000><c> no</c>

00:00:04.789 --> 00:00:04.799 align:start position:0%
no no no
{blank}

00:00:04.799 --> 00:00:07.000 align:start position:0%
no no no
that's<00:00:05.000><c> what</c><00:00:05.200><c> they</c><00:00:05.440><c> said</c>

00:00:07.000 --> 00:00:07.010 align:start position:0%
that's what they said
{blank}

00:00:12.000 --> 00:00:14.000 align:start position:0%
{blank}
[Music]

00:00:14.000 --> 00:00:14.010 align:start position:0%
[Music]
{blank}

00:00:20.000 --> 00:00:22.000 align:start position:0%
{blank}
[Music]
""".replace("{blank}", " ")
    assert list(parse_vtt(f"WEBVTT\nKind: captions\nLanguage: en\n{blocks}")) == [
        Cue(0.16, "no no no"),
        Cue(2.48, "no no no"),
        Cue(4.799, "that's what they said"),
        Cue(12, "[Music]"),
        Cue(20, "[Music]"),
    ]


def shown(*cues: tuple[float, float, str]) -> list[tuple[float, str]]:
    """Returns what is said, and when, in captions of these starts, ends and lines."""
    blocks = [f"00:{start:06.3f} --> 00:{end:06.3f}\n{lines}" for start, end, lines in cues]
    return [(cue.start, cue.text) for cue in parse_vtt("WEBVTT\n\n" + "\n\n".join(blocks))]


@pytest.mark.parametrize(
    ("cues", "said"),
    [
        pytest.param(
            [(1, 2, "a\nb"), (2, 3, "b\nc"), (3, 4, "c\nd")],
            [(1, "a b"), (2, "c"), (3, "d")],
            id="two lines roll up",
        ),
        pytest.param(
            [(1, 2, "a"), (2, 3, "a\nb"), (3, 4, "a\nb\nc"), (4, 5, "b\nc\nd")],
            [(1, "a"), (2, "b"), (3, "c"), (4, "d")],
            id="three lines roll up",
        ),
        pytest.param(
            [(1, 2, "a\nb"), (2.04, 3, "b\nc")],
            [(1, "a b"), (2.04, "c")],
            id="a frame between them is no pause",
        ),
        pytest.param(
            [(1, 2, "a"), (1, 2, "a")], [(1, "a")], id="the same cue in two pieces of a stream"
        ),
        pytest.param(
            [(1, 2, "a"), (4, 5, "a")], [(1, "a"), (4, "a")], id="said again after a pause"
        ),
        pytest.param(
            [(1, 2, "a\nb"), (4, 5, "b\nc")],
            [(1, "a b"), (4, "b c")],
            id="a line said again after a pause",
        ),
        pytest.param(
            [(1, 2, "a"), (2, 3, "b"), (3, 4, "a"), (4, 5, "b")],
            [(1, "a"), (2, "b"), (3, "a"), (4, "b")],
            id="a chorus",
        ),
        pytest.param([(1, 2, "la\nla"), (2, 3, "la\nlu")], [(1, "la la"), (2, "lu")], id="la"),
        pytest.param([(1, 2, "a\na")], [(1, "a a")], id="twice in one cue"),
        pytest.param(
            [(1, 2, "A b"), (2, 3, "a b")], [(1, "A b"), (2, "a b")], id="not quite the same"
        ),
    ],
)
def test_each_line_is_said_once(
    cues: list[tuple[float, float, str]], said: list[tuple[float, str]]
) -> None:
    assert shown(*cues) == said


T1, T2 = "00:01.000 --> 00:02.000", "00:05.000 --> 00:06.000"
RULES = [
    # what follows "WEBVTT", and what is said
    (f"\n\n{T1}\nA\n\n{T2}\nB", ["A", "B"]),
    (f"\tA title\nKind: captions\n\n{T1}\nA", ["A"]),
    (f"\n{T1}\nA", ["A"]),  # no empty line after the header
    (f"\n\n\n\n{T1}\nA\n\n\n\n{T2}\nB\n\n", ["A", "B"]),
    (f"\n\n{T1}\nA\n{T2}\nB", ["A", "B"]),  # none between cues
    (f"\n\n1\n{T1}\nA\n2\n{T2}\nB", ["A", "B"]),
    (f"\n\n{T1}\nin\n2024\n\n{T2}\nB", ["in 2024", "B"]),
    (f"\n\n{T1}\nA\n \n", ["A"]),
    (f"\n\nNOTE\nlines of\na note\n\n{T1}\nA\n\nNOTE said nowhere\n\n{T2}\nB", ["A", "B"]),
    (f"\n\nSTYLE\n::cue(v) {{\n  color: red\n}}\n\nREGION\nid:x\nwidth:40%\n\n{T1}\nA", ["A"]),
    (f"\n\nintro - part 1\n{T1} region:x line:-1,end align:start size:50%\nA", ["A"]),
    ("\n\n00:01.000-->00:02.000\nA", ["A"]),
    ("\n\n1:00:01.000 --> 100:00:02.000\nA", ["A"]),
    ("\n\n00:00:01,000 --> 00:00:02,000\nA", []),  # SubRip
    ("\n\n00:01.00 --> 00:02.000\nA", []),
    ("\n\n00:01.000 --> soon\nA", []),
    ("\n\n00:01.000 -> 00:02.000\nA", []),
    (f"\n\n{T1}\n<v Ann>Hi.</v> <v.loud Bob Lee>Hi\nthere.", ["Ann: Hi. Bob Lee: Hi there."]),
    (f"\n\n{T1}\n<i>A</i> <b.x>b</b> <u>c</u> <c.yellow.bg_blue>d</c>", ["A b c d"]),
    (f"\n\n{T1}\n<lang en-GB>colour</lang> <c>over\ntwo</c>", ["colour over two"]),
    (f"\n\n{T1}\n<ruby>漢<rt>kan</rt>字<rt>ji</rt></ruby>", ["漢(kan)字(ji)"]),
    (f"\n\n{T1}\n<00:01.200>A<00:00:01.400> b", ["A b"]),
    (f"\n\n{T1}\nR&amp;D &lt;b&gt; a&nbsp;b &quot;c&quot; &#233;", ['R&D <b> a b "c" é']),
    (f"\n\n{T1}\n&lrm;A&rlm;", ["\u200eA\u200f"]),
    (f"\n\n{T1}\nif a < b and c > d, a List<String>", ["if a < b and c > d, a List<String>"]),
    (f'\n\n{T1}\n<font color="#fff">A</font>', ["A"]),
]


@pytest.mark.parametrize(("rest", "said"), RULES)
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_rules_of_the_format(rest: str, said: list[str], ends: str, mark: str) -> None:
    text = f"{mark}WEBVTT{rest}".replace("\n", ends)
    assert [cue.text for cue in parse_vtt(text)] == said


@pytest.mark.parametrize("first", ["", "WEBVTTX", "webvtt", " WEBVTT", T1, "1"])
def test_other_texts_hold_no_captions(first: str) -> None:
    assert parse_vtt(f"{first}\n\n{T1}\nA") == ()


def test_a_cue_without_readable_times_is_named(root: Path) -> None:
    choose(root, "eggs.vtt", f"{VTT}\n00:00:07,000 --> 00:00:08,000\nSalt.\n".encode())
    (note,) = [finding for finding in inspect(root) if finding.note]
    assert note.line == (
        "Note: 01-kitchen/eggs.toml: captions: media/eggs.vtt, line 9, is no time of a cue, so its"
        " text is left out. Write it as in 00:01.500 --> 00:04.000."
    )
    assert check(root) == []
