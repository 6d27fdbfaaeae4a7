"""Log lines in the runbook's pattern: `[service/route] message {context}`, on stderr."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import Any

import msgspec

request_id: ContextVar[str] = ContextVar("request_id", default="")
# 32 hexadecimal digits, or "" for a request that belongs to no trace.
trace_id: ContextVar[str] = ContextVar("trace_id", default="")

# The ASGI scope of the request that is being answered; its route is only known later on.
scope: ContextVar[Mapping[str, Any] | None] = ContextVar("scope", default=None)

# What an operator must see in production too: start, release, stop. And the access lines.
NOTICES = ("serve/start", "serve/release", "serve/stop", "http/access")

# Their messages go on with values, source lines or a traceback; the first line says what it is.
TALKATIVE = ("asyncio", "py.warnings", "uvicorn.error")
# What `web/middleware.py` says itself, with the request's route and number.
SAID_ALREADY = ("Exception in ASGI application", "Cancel ")

UNROUTED = "none"
_BREAKING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_PACKAGES = re.compile(r".*/(?:site-packages|src|python3\.\d+)/")


def route_of(request: Mapping[str, Any]) -> str:
    """Returns the template of the route, such as `/video/{video_id}`, or "none" for a request that
    reached none. An address itself may hold a name or a secret."""
    return str(request.get("path_template") or UNROUTED)


class TextFormatter(logging.Formatter):
    """`[service/route] message {"key":"value"}`, one line per event."""

    def format(self, record: logging.LogRecord) -> str:
        context = _context_of(record)
        line = f"[{_place_of_record(record)}] {_message(record)}"
        if context:
            line += " " + _encode(context)
        return _one_line(line)


class JsonFormatter(logging.Formatter):
    """One object per line with the same fields, the time and the level. `severity` adds the level
    once more, under the name by which Google's Cloud Logging knows it; without it, whatever is
    written to stderr is of the same severity there."""

    def __init__(self, *, severity: bool = False) -> None:
        super().__init__()
        self._severity = severity

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "route": _place_of_record(record),
            "message": _message(record),
        }
        if self._severity:
            entry["severity"] = record.levelname  # its names are Python's
        context = _context_of(record)
        if "trace_id" in context:
            entry["trace_id"] = context.pop("trace_id")  # where collectors of logs look for it
        if context:
            entry["context"] = context
        return _one_line(_encode(entry))


FORMATTERS: Mapping[str, Callable[[], logging.Formatter]] = {
    "text": TextFormatter,
    "json": JsonFormatter,
    "google": partial(JsonFormatter, severity=True),
}


def _encode(value: dict[str, Any]) -> str:
    return msgspec.json.encode(value, enc_hook=str).decode()


def _one_line(text: str) -> str:
    return _BREAKING.sub(" ", text)


def _place_of_record(record: logging.LogRecord) -> str:
    """Returns `service/route` also for a library's logger, and for a route of one word."""
    name = _one_line(record.name).replace(".", "/")
    return name if "/" in name else f"portal/{name}"


def _message(record: logging.LogRecord) -> str:
    message = record.getMessage()
    if record.name in TALKATIVE:
        message = message.strip().partition("\n")[0]
    return _one_line(message)


def _context_of(record: logging.LogRecord) -> dict[str, Any]:
    context: dict[str, Any] = dict(getattr(record, "context", None) or {})
    request = scope.get()
    if request is not None:
        context.setdefault("route", route_of(request))
    current = request_id.get()
    if current:
        context.setdefault("requestId", current)
    if trace := trace_id.get():
        context.setdefault("trace_id", trace)  # under the name that OpenTelemetry gives it in logs
    if record.exc_info and record.exc_info[1] is not None:
        context["traceback"] = _traceback(record.exc_info[1])
    return context


def _traceback(error: BaseException | None) -> list[str]:
    """Returns types and places without the messages, which may quote what a person typed. A cause
    comes after what it led to."""
    lines: list[str] = []
    while error is not None:
        lines.append(f"{type(error).__module__}.{type(error).__qualname__}")
        lines.extend(
            f"{_PACKAGES.sub('', frame.filename)}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)
        )
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return lines


def _is_no_repetition(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith(SAID_ALREADY)


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What nobody caught ends the process with a line like any other."""
    if not issubclass(kind, KeyboardInterrupt):
        tell_end(error.with_traceback(trace))


def tell_end(error: BaseException, place: str = "serve/stop") -> None:
    """Log what ended the process, and where in the code."""
    logging.getLogger(place).critical("ended by %s", type(error).__name__, exc_info=error)


def configure(*, app_env: str, log_format: str, access_log: bool) -> None:
    """Send all logging of the process to stderr: errors only in production, warnings too in
    development. Warnings of Python and uncaught exceptions become lines as well."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(FORMATTERS[log_format]())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING if app_env == "development" else logging.ERROR)
    for name in NOTICES:
        logging.getLogger(name).setLevel(logging.INFO)
    logging.getLogger("http/access").disabled = not access_log
    logging.getLogger("uvicorn.error").addFilter(_is_no_repetition)
    logging.captureWarnings(capture=True)
    # A line that cannot be written must not be shown with its arguments instead.
    logging.raiseExceptions = False
    sys.excepthook = _uncaught
