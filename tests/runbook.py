"""The runbook's commands, read from the document itself, so that it cannot rot.

A fence begins with ```sh, how it is tested, and what to do while it runs:
    lab | local | by-hand="why no test runs it"
    until="…"   it does not end by itself: Ctrl-C once its output shows this
    type="…"    typed into it
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

RUNBOOK = Path(__file__).parents[1] / "docs" / "RUNBOOK.md"
PARTS = (RUNBOOK, RUNBOOK.with_name("MAINTENANCE.md"), RUNBOOK.with_name("FAILURES.md"))


class Fence(NamedTuple):
    """One fenced block of commands. `line` is where it begins."""

    section: str
    line: int
    how: str
    script: str
    why: str | None
    until: str | None
    typed: str | None

    @property
    def commands(self) -> list[str]:
        """Returns the commands without comments, continued lines joined."""
        joined = self.script.replace("\\\n", " ")
        bare = (re.sub(r"(^|\s+)# .*$", "", line).strip() for line in joined.splitlines())
        return [" ".join(line.split()) for line in bare if line]


def fences(*paths: Path) -> list[Fence]:
    """Returns the shell fences of these documents, or of the runbook's parts, in their order."""
    return [fence for path in paths or PARTS for fence in _fences(path)]


def _fences(path: Path) -> list[Fence]:
    found: list[Fence] = []
    section, opened, tags, body = "", 0, [""], [""]
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if opened and line == "```":
            if tags[0] == "sh":
                found.append(_fence(section, opened, tags[1:], "\n".join(body)))
            opened = 0
        elif opened:
            body.append(line)
        elif line.startswith("```"):
            opened, tags, body = number, shlex.split(line[3:]) or ["text"], []
        elif line.startswith("#"):
            section = line.lstrip("# ")
    return found


def _fence(section: str, line: int, tags: list[str], script: str) -> Fence:
    named = dict(tag.partition("=")[::2] for tag in tags)
    how = next((tag for tag in ("lab", "local", "by-hand") if tag in named), "")
    if not how or set(named) - {how, "until", "type"}:
        raise ValueError(f"The runbook, line {line}: a fence says lab, local or by-hand")
    why = named.get("by-hand")
    if how == "by-hand" and not why:
        raise ValueError(f"The runbook, line {line}: by-hand needs its reason")
    return Fence(section, line, how, script, why, named.get("until"), named.get("type"))
