"""Captions in WebVTT: what is said from when on. A transcript is the same cues as text."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Final

from portal.learning.catalogue import Cue
from portal.learning.findings import Finding
from portal.learning.textfiles import Unreadable, read_text

SIGNATURE: Final = re.compile(r"\ufeff?WEBVTT(?:[ \t\n]|$)")
PATH: Final = re.compile(r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9._/-]*\.vtt")
TIMING: Final = re.compile(r"\s*(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})\s+-->\s+[\d:.]+.*")
SPEAKER: Final = re.compile(r"<v(?:\.[^ >]*)?\s+([^>]+)>")
TAG: Final = re.compile(r"<[^>]*>")


def read_captions(
    folder: Path, name: str, file: str
) -> tuple[tuple[Cue, ...], tuple[Finding, ...]]:
    """Returns the cues of the captions `name` in a folder of media, and what is wrong with them.

    `file` is the course file that names them.
    """

    def refused(problem: str, remedy: str) -> tuple[tuple[Cue, ...], tuple[Finding, ...]]:
        return (), (Finding(file, "captions", problem, remedy),)

    if not PATH.fullmatch(name):
        return refused(f'"{name}" is no path of captions', "Write a relative path in .vtt.")
    try:
        text = read_text(folder / name, only_utf8=True)
    except Unreadable as error:
        problem = "cannot be read" if error.is_missing else error.problem
        remedy = "Put the captions there." if error.is_missing else error.remedy
        return refused(f"{folder.name}/{name} {problem}", remedy)
    cues = parse(text)
    if not cues:
        remedy = "Begin it with WEBVTT, and write cues with their times."
        return refused(f"{folder.name}/{name} holds no captions", remedy)
    return cues, ()


def parse(text: str) -> tuple[Cue, ...]:
    """Returns the cues of a WebVTT text in the order of their times, without styling; none for
    anything else. The same words twice in a row, as in captions that roll up, are one cue."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not SIGNATURE.match(text):
        return ()
    cues: list[Cue] = []
    for block in re.split(r"\n{2,}", text):
        lines = block.strip("\n").split("\n")
        # A cue may have a name on a line of its own before its times.
        for at, line in enumerate(lines[:2]):
            timing = TIMING.fullmatch(line)
            if timing:
                cues.append(Cue(_seconds(timing), _plain(" ".join(lines[at + 1 :]))))
                break
    cues.sort(key=lambda cue: cue.start)
    said = [cue for cue in cues if cue.text]
    return tuple(cue for n, cue in enumerate(said) if n == 0 or cue.text != said[n - 1].text)


def _seconds(timing: re.Match[str]) -> float:
    hours, minutes, seconds, thousandths = (int(part or 0) for part in timing.groups())
    return hours * 3600 + minutes * 60 + seconds + thousandths / 1000


def _plain(text: str) -> str:
    """The words, with who says them; in one line."""
    named = SPEAKER.sub(lambda match: f"{match[1].strip()}: ", text)
    return " ".join(html.unescape(TAG.sub("", named)).split())
