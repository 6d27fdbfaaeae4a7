"""Log lines: one per event, in one form, without what people typed."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from portal.web import log


@pytest.fixture
def no_request() -> Iterator[None]:
    token = log.request_id.set("")
    yield
    log.request_id.reset(token)


@pytest.fixture
def logging_as_it_was() -> Iterator[None]:
    """`configure` is for a whole process; the run of the tests gets its own back."""
    root = logging.getLogger()
    named = [logging.getLogger(name) for name in (*log.NOTICES, "uvicorn.error", "asyncio")]
    before = root.handlers[:], root.level, [(entry, entry.level, entry.disabled) for entry in named]
    yield
    root.handlers[:], level = before[0], before[1]
    root.setLevel(level)
    for entry, entry_level, disabled in before[2]:
        entry.setLevel(entry_level)
        entry.disabled = disabled


def record(name: str, message: str, *args: object, **context: object) -> logging.LogRecord:
    made = logging.LogRecord(name, logging.ERROR, "file.py", 1, message, args, None)
    if context:
        made.context = context
    return made


def failed(name: str = "path") -> logging.LogRecord:
    """Returns the record of an error whose messages quote a secret, with a cause."""
    try:
        try:
            raise ValueError("hunter2 is no number")
        except ValueError as cause:
            raise RuntimeError("could not read hunter2") from cause
    except RuntimeError:
        return logging.LogRecord(
            name, logging.ERROR, "f", 1, "%s", ("RuntimeError",), sys.exc_info()
        )


def test_a_line_has_route_message_and_context(no_request: None) -> None:
    line = log.TextFormatter().format(record("quiz/submit", "took %d ms", 7, quiz="a", n=2))
    assert line == '[quiz/submit] took 7 ms {"quiz":"a","n":2}'
    assert log.TextFormatter().format(record("db/engine", "gone")) == "[db/engine] gone"


def test_the_request_is_named() -> None:
    token = log.request_id.set("abc-123")
    try:
        line = log.TextFormatter().format(record("path", "broken"))
        assert line == '[path] broken {"requestId":"abc-123"}'
        line = log.TextFormatter().format(record("path", "broken", requestId="its-own"))
        assert line == '[path] broken {"requestId":"its-own"}'
    finally:
        log.request_id.reset(token)


@pytest.mark.parametrize("newline", ["\n", "\r", "\r\n"])
def test_one_event_is_one_line(no_request: None, newline: str) -> None:
    text = f"a{newline}[db/engine] forged"
    for made in (record("path", "%s", text), record(text, "b"), record("path", "b", c=text)):
        assert len(log.TextFormatter().format(made).splitlines()) == 1
        assert len(log.JsonFormatter().format(made).splitlines()) == 1


@pytest.mark.parametrize("formatter", [log.TextFormatter(), log.JsonFormatter()])
def test_a_traceback_has_places_and_types_and_no_messages(
    no_request: None, formatter: logging.Formatter
) -> None:
    text = formatter.format(failed())
    assert "RuntimeError" in text
    assert "ValueError" in text
    assert "test_log.py" in text
    assert "hunter2" not in text


def test_json_has_the_same_fields(no_request: None) -> None:
    entry: dict[str, Any] = json.loads(log.JsonFormatter().format(record("path", "b", c=1)))
    assert entry.pop("time").endswith("+00:00")
    assert entry == {"level": "error", "route": "path", "message": "b", "context": {"c": 1}}
    entry = json.loads(log.JsonFormatter().format(failed()))
    assert entry["message"] == "RuntimeError"
    assert "test_log.py" in entry["traceback"]


@pytest.mark.parametrize(
    ("app_env", "access", "expected"),
    [
        ("production", False, ["[path] error", "[serve/start] notice"]),
        ("production", True, ["[path] error", "[serve/start] notice", "[http/access] line"]),
        ("development", False, ["[path] warning", "[path] error", "[serve/start] notice"]),
    ],
)
def test_what_is_written(
    no_request: None,
    logging_as_it_was: None,
    monkeypatch: pytest.MonkeyPatch,
    app_env: str,
    access: bool,
    expected: list[str],
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    log.configure(app_env=app_env, log_format="text", access_log=access)
    logging.getLogger("path").info("info")
    logging.getLogger("path").warning("warning")
    logging.getLogger("path").error("error")
    logging.getLogger("serve/start").info("notice")
    logging.getLogger("http/access").info("line")
    logging.getLogger("uvicorn.error").error("said already")
    assert stream.getvalue().splitlines() == expected


def test_the_form_is_chosen(
    no_request: None, logging_as_it_was: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    log.configure(app_env="production", log_format="json", access_log=False)
    logging.getLogger("path").error("broken")
    assert json.loads(stream.getvalue())["message"] == "broken"
