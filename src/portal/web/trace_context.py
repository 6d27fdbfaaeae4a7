"""The trace that a request belongs to, as the caller's `traceparent` says (W3C Trace Context)."""

from __future__ import annotations

import re

# version, trace id, id of the caller's span, flags; later versions may go on behind a further dash
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")
_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16


def trace_id_of(traceparent: str) -> str:
    """Returns the id of the trace, 32 hexadecimal digits, or "" for a header that is none. Several
    lines of the header, joined by commas, are none either."""
    found = _TRACEPARENT.fullmatch(traceparent)
    if found is None:
        return ""
    version, trace, span, more = found.groups()
    if version == "ff" or (version == "00" and more is not None):
        return ""
    return "" if trace == _NO_TRACE or span == _NO_SPAN else trace
