"""Captions in WebVTT: what is said from when on. A transcript is the same cues as text.

Captions that roll up, as YouTube makes them, show each line again while the next one is spoken. So
lines are compared, not cues: what stays on the screen is said once. What is said again after a
pause, or after something else, is said twice.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from portal.authoring.markup import without_tags
from portal.authoring.problems import Problem
from portal.authoring.textfiles import Unreadable, read_text
from portal.learning.course import Cue

SIGNATURE = re.compile(r"\ufeff?WEBVTT(?:[ \t].*)?")
PATH = re.compile(r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9._/-]*\.vtt")
ARROW = "-->"
TIME = r"(?:(\d+):)?([0-5]\d):([0-5]\d)\.(\d{3})"
TIMING = re.compile(rf"\s*{TIME}\s*-->\s*{TIME}(?:\s.*)?", re.ASCII)
NUMBER = re.compile(r"\s*\d+\s*", re.ASCII)
# The tags of WebVTT; others stand in captions that were made from other formats.
SPEAKER = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]+)>")
READING = re.compile(r"<rt(?:[.\s][^>]*)?>(.*?)(?:</rt>|(?=</ruby>)|$)", re.DOTALL)
OWN_TAG = re.compile(r"</?(?:c|v|i|b|u|ruby|rt|lang)(?:[.\s][^>]*)?>|<[\d:.]+>", re.ASCII)
# Lines that follow each other this closely, in seconds, are on the screen without a pause.
NO_PAUSE = 0.1


class Shown(NamedTuple):
    """A cue as it is written: its times in seconds, and the lines on the screen."""

    start: float
    end: float
    lines: list[str]


def read_captions(
    folder: Path, name: str, file: str
) -> tuple[tuple[Cue, ...], tuple[Problem, ...]]:
    """Returns the cues of the captions `name` in a folder of media, and what is wrong with them.

    `file` is the course file that names them.
    """

    def refused(problem: str, remedy: str) -> tuple[tuple[Cue, ...], tuple[Problem, ...]]:
        return (), (Problem(file, "captions", problem, remedy),)

    if not PATH.fullmatch(name):
        return refused(f'"{name}" is no path of captions', "Write a relative path in .vtt.")
    try:
        text = read_text(folder / name, only_utf8=True)
    except Unreadable as error:
        problem = "cannot be read" if error.is_missing else error.problem
        remedy = "Put the captions there." if error.is_missing else error.remedy
        return refused(f"{folder.name}/{name} {problem}", remedy)
    if not (folder / name).resolve().is_relative_to(folder.resolve()):
        problem = f"{folder.name}/{name} is a link that leads out of {folder.name}"
        return refused(problem, "Put the captions there, since nothing else is served.")
    cues = parse_vtt(text)
    if not cues:
        remedy = "Begin it with WEBVTT, and write cues with their times."
        return refused(f"{folder.name}/{name} holds no captions", remedy)
    return cues, tuple(_unreadable_times(text, f"{folder.name}/{name}", file))


def _unreadable_times(text: str, name: str, file: str) -> Iterator[Problem]:
    """Finds what players leave out as well: cues whose times are not written as they have to be."""
    for number, line in enumerate(text.split("\n"), start=1):
        if ARROW in line and not TIMING.fullmatch(line):
            problem = f"{name}, line {number}, is no time of a cue, so its text is left out"
            remedy = "Write it as in 00:01.500 --> 00:04.000."
            yield Problem(file, "captions", problem, remedy, note=True)


def parse_vtt(text: str) -> tuple[Cue, ...]:
    """Returns the cues of a WebVTT text in the order of their times, without styling, each line
    once; none for anything else."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not SIGNATURE.fullmatch(lines[0]):
        return ()
    shown = sorted(_shown_cues(lines[1:]), key=lambda cue: cue.start)
    said = [(shown[0], shown[0].lines)] if shown else []
    said += [(cue, cue.lines[_lines_kept(before, cue) :]) for before, cue in pairwise(shown)]
    return tuple(Cue(cue.start, " ".join(new)) for cue, new in said if new)


def _shown_cues(lines: Sequence[str]) -> Iterator[Shown]:
    """Yields the cues with something in them, as the standard finds them: a line with times begins
    one, an empty line ends it, or the times of the next. Notes and styles have no times."""
    timing: re.Match[str] | None = None
    payload: list[str] = []
    for line in (*lines, ""):
        begins = TIMING.fullmatch(line) if ARROW in line else None
        if line and ARROW not in line:
            payload.append(line)
            continue
        if begins and payload and NUMBER.fullmatch(payload[-1]):
            payload.pop()  # the number of this cue, where the empty line before it is missing
        if timing and (cue := _cue(timing, payload)).lines:
            yield cue
        timing, payload = begins, []


def _cue(timing: re.Match[str], payload: Sequence[str]) -> Shown:
    times = [int(part or 0) for part in timing.groups()]
    start, end = (
        hours * 3600 + minutes * 60 + seconds + thousandths / 1000
        for hours, minutes, seconds, thousandths in (times[:4], times[4:])
    )
    lines = [" ".join(line.split()) for line in _spoken_text("\n".join(payload)).split("\n")]
    return Shown(start, end, [line for line in lines if line])


def _spoken_text(text: str) -> str:
    """Returns the words, with who says them, and the reading of characters behind them."""
    named = SPEAKER.sub(lambda match: f"{' '.join(match[1].split())}: ", text)
    read = READING.sub(lambda match: f"({match[1].strip()})" if match[1].strip() else "", named)
    return html.unescape(without_tags(OWN_TAG.sub("", read)))


def _lines_kept(before: Shown, cue: Shown) -> int:
    """Returns how many lines at the beginning of a cue are those that the cue before it ended with,
    and have stayed on the screen."""
    if cue.start > before.end + NO_PAUSE:
        return 0
    most = min(len(before.lines), len(cue.lines))
    counts = range(most, 0, -1)
    return next((n for n in counts if before.lines[-n:] == cue.lines[:n]), 0)
