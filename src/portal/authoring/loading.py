"""Which course the portal runs: the shipped one, or what CONTENT_DIR holds."""

from __future__ import annotations

from pathlib import Path

from portal.learning.course import Course, load_course


def course_in(folder: Path | None) -> Course:
    """Returns the course of a folder with TOML sources or `course.json`; of None, the shipped one.

    Where a folder holds both, the sources count: a compiled file beside them may be out of date.
    Raises `ContentError` with every problem found.
    """
    if folder is not None:
        from portal.authoring.folders import has_steps

        if has_steps(folder):
            from portal.authoring.compiler import read_sources

            # Which channels to trust is decided where a course is reviewed, not where it runs.
            return read_sources(folder, any_channel=True)
    return load_course(folder)
