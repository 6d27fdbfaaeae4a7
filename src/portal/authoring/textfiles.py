"""Text files as authors' programs write them: with a byte order mark, in UTF-16, with any ends of
lines. What cannot be read is told in words, never as an error of the system."""

from __future__ import annotations

import codecs
import errno
import os
import stat
from pathlib import Path

from portal.errors import PortalError

MAX_BYTES = 8 * 1024 * 1024
# The longer mark first: that of UTF-32 begins with that of UTF-16.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
REASONS = {
    errno.EACCES: ("may not be read by this user", "Change its permissions."),
    errno.EPERM: ("may not be read by this user", "Change its permissions."),
    errno.ELOOP: ("is a link that leads in a circle", "Put the file itself there."),
}


class Unreadable(PortalError):
    """A file that is no text that can be read: `problem` is a clause about it, `remedy` a sentence.

    `is_missing` tells that there is none.
    """

    def __init__(self, problem: str, remedy: str, *, is_missing: bool = False) -> None:
        self.problem, self.remedy, self.is_missing = problem, remedy, is_missing
        super().__init__(f"{problem}. {remedy}")


def read_text(path: Path, *, only_utf8: bool = False) -> str:
    """Returns the text of a file without byte order mark, its lines ended by line feeds.
    Raises `Unreadable`.

    UTF-16 and UTF-32 are understood by their marks, unless others have to read the file too and
    understand UTF-8 only.
    """
    try:
        # A pipe or a device would be waited for, or never end.
        what = path.stat()
        if stat.S_ISDIR(what.st_mode):
            raise Unreadable("is a folder, not a file", "Put a file in its place.")
        if not stat.S_ISREG(what.st_mode):
            raise Unreadable("is no ordinary file", "Put one in its place.")
        if what.st_size > MAX_BYTES:
            limit = f"{MAX_BYTES // 1024 // 1024} MB"
            raise Unreadable(f"is larger than {limit}", "Check that it is the file that you mean.")
        body = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from None
    return _decoded(body, only_utf8=only_utf8)


def link_problem(path: Path) -> tuple[str, str] | None:
    """Returns what is wrong with a link, as problem and remedy; None for one that leads to
    something, and for what is no link."""
    try:
        path.stat()
    except OSError as error:
        if path.is_symlink():
            reason = _unreadable(path, error)
            return reason.problem, reason.remedy
    return None


def _unreadable(path: Path, error: OSError) -> Unreadable:
    if error.errno in REASONS:
        return Unreadable(*REASONS[error.errno])
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        if path.is_symlink():
            return Unreadable("is a link to something that is not there", "Mend or delete it.")
        return Unreadable("is missing", "Put it there.", is_missing=True)
    reason = os.strerror(error.errno) if error.errno else "it is damaged"
    return Unreadable(f"cannot be read ({reason})", "Check the file and its disk.")


def _decoded(body: bytes, *, only_utf8: bool) -> str:
    mark, encoding = next((known for known in MARKS if body.startswith(known[0])), (b"", "utf-8"))
    name = encoding.upper().removesuffix("-LE").removesuffix("-BE")
    if only_utf8 and encoding != "utf-8":
        raise Unreadable(f"is {name}, not UTF-8", "Save it as UTF-8.")
    try:
        text = body[len(mark) :].decode(encoding)
    except UnicodeDecodeError:
        problem = "is not UTF-8" if encoding == "utf-8" else f"is damaged {name}"
        raise Unreadable(problem, "Save it as UTF-8.") from None
    if "\0" in text:  # UTF-16 without a mark, or no text at all
        raise Unreadable("is not text in UTF-8", "Save it as UTF-8.")
    return text.replace("\r\n", "\n").replace("\r", "\n")
