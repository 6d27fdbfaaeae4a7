"""The check of a course, as far as it keeps one from being published, and a step to check."""

from __future__ import annotations

from pathlib import Path

from portal.authoring.compiler import inspect
from portal.authoring.problems import Problem


def check(root: Path, *, any_channel: bool = False) -> list[Problem]:
    """Returns the faults of the course in `root`; an empty list when it may be published."""
    return [found for found in inspect(root, any_channel=any_channel) if found.is_fault]


def kitchen(*videos: str) -> str:
    """Returns the source of a step with one topic of these videos."""
    return f"""
id = "1"
title = "Kitchen"
summary = "How to work in the kitchen."
objectives = ["Cook", "Clean"]
practice = ["Cook an egg.", "Clean a pan."]

[[topics]]
id = "cooking"
title = "Cooking"
description = "Heat and time."
videos = [{", ".join(f'"{video}"' for video in videos)}]
"""
