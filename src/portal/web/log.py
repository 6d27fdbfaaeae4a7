"""Log lines in the runbook's pattern: `[service/route] message {context}`, on stderr."""

from __future__ import annotations

import logging
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import msgspec

request_id: ContextVar[str] = ContextVar("request_id", default="")

# What an operator must see in production too: start, release, stop. And the access lines.
NOTICES = ("serve/start", "serve/release", "serve/stop", "http/access")


class TextFormatter(logging.Formatter):
    """`[service/route] message {"key":"value"}`, followed by the traceback of an error."""

    def format(self, record: logging.LogRecord) -> str:
        context = _context(record)
        line = f"[{_one_line(record.name)}] {_one_line(record.getMessage())}"
        if context:
            line += " " + msgspec.json.encode(context).decode()
        if record.exc_info:
            line += "\n" + _traceback(record)
        return line


class JsonFormatter(logging.Formatter):
    """One object per line with the same fields."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "route": record.name,
            "message": _one_line(record.getMessage()),
        }
        context = _context(record)
        if context:
            entry["context"] = context
        if record.exc_info:
            entry["traceback"] = _traceback(record)
        return msgspec.json.encode(entry).decode()


def _one_line(message: str) -> str:
    return message.replace("\n", " ").replace("\r", " ")


def _context(record: logging.LogRecord) -> dict[str, Any]:
    context: dict[str, Any] = dict(getattr(record, "context", None) or {})
    current = request_id.get()
    if current and "requestId" not in context:
        context["requestId"] = current
    return context


def _traceback(record: logging.LogRecord) -> str:
    """Frames and exception types without the messages, which may quote what a person typed."""
    assert record.exc_info is not None
    error = record.exc_info[1]
    parts: list[str] = []
    while error is not None:
        parts.append(f"{type(error).__module__}.{type(error).__qualname__}")
        parts.extend(
            f"  {frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)
        )
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(parts)


def configure(*, app_env: str, log_format: str, access_log: bool) -> None:
    """Send all logging to stderr: errors only in production, warnings too in development."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING if app_env == "development" else logging.ERROR)
    for name in NOTICES:
        logging.getLogger(name).setLevel(logging.INFO)
    logging.getLogger("http/access").disabled = not access_log
    # These two report to us what our own error handler and shutdown already say.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
