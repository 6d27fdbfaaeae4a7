"""Log lines: one per event, in one form, without what people typed."""

from __future__ import annotations

import io
import json
import logging
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from portal.config.settings import Settings, SettingsError
from portal.web import log


@pytest.fixture
def no_request() -> Iterator[None]:
    number, scope = log.request_id.set(""), log.scope.set(None)
    yield
    log.request_id.reset(number)
    log.scope.reset(scope)


@pytest.fixture
def logging_as_it_was() -> Iterator[None]:
    """`configure` is for a whole process; the run of the tests gets its own back."""
    root = logging.getLogger()
    named = [logging.getLogger(name) for name in (*log.NOTICES, "uvicorn.error", "asyncio")]
    before = root.handlers[:], root.level, [(entry, entry.level, entry.disabled) for entry in named]
    hook, raises = sys.excepthook, logging.raiseExceptions
    yield
    sys.excepthook, logging.raiseExceptions = hook, raises
    logging.captureWarnings(False)
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


def error_in_the_code() -> logging.LogRecord:
    try:
        Settings.from_env({})
    except SettingsError:
        return logging.LogRecord("a/b", logging.ERROR, "f", 1, "b", (), sys.exc_info())
    raise AssertionError


def test_a_line_has_route_message_and_context(no_request: None) -> None:
    line = log.TextFormatter().format(record("quiz/submit", "took %d ms", 7, quiz="a", n=2))
    assert line == '[quiz/submit] took 7 ms {"quiz":"a","n":2}'
    assert log.TextFormatter().format(record("db/engine", "gone")) == "[db/engine] gone"


def test_the_request_is_named() -> None:
    token = log.request_id.set("abc-123")
    try:
        line = log.TextFormatter().format(record("quiz/submit", "broken"))
        assert line == '[quiz/submit] broken {"requestId":"abc-123"}'
        line = log.TextFormatter().format(record("quiz/submit", "broken", requestId="its-own"))
        assert line == '[quiz/submit] broken {"requestId":"its-own"}'
    finally:
        log.request_id.reset(token)


def test_the_route_is_named_by_its_template(no_request: None) -> None:
    scope: dict[str, Any] = {"path": "/manager/member/alex"}
    token = log.scope.set(scope)
    try:
        line = log.TextFormatter().format(record("db/engine", "slow query"))
        assert line == '[db/engine] slow query {"route":"none"}'
        scope["path_template"] = "/manager/member/{person}"  # the router comes later
        line = log.TextFormatter().format(record("db/engine", "slow query"))
        assert line == '[db/engine] slow query {"route":"/manager/member/{person}"}'
    finally:
        log.scope.reset(token)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("quiz/submit", "quiz/submit"),
        ("dashboard", "portal/dashboard"),
        ("root", "portal/root"),
        ("uvicorn.error", "uvicorn/error"),
        ("piccolo.engine.base", "piccolo/engine/base"),
    ],
)
def test_every_logger_speaks_as_service_and_route(no_request: None, name: str, place: str) -> None:
    assert log.TextFormatter().format(record(name, "b")) == f"[{place}] b"
    assert json.loads(log.JsonFormatter().format(record(name, "b")))["route"] == place


@pytest.mark.parametrize("name", ["asyncio", "py.warnings", "uvicorn.error"])
def test_of_a_library_s_report_only_the_first_line_is_kept(no_request: None, name: str) -> None:
    """What follows quotes exceptions and values."""
    text = "Task exception was never retrieved\nfuture: <Task exception=ValueError('hunter2')>"
    for formatter in (log.TextFormatter(), log.JsonFormatter()):
        line = formatter.format(record(name, text))
        assert "never retrieved" in line
        assert "hunter2" not in line


def test_what_cannot_be_encoded_is_still_written(no_request: None) -> None:
    line = log.TextFormatter().format(record("quiz/submit", "b", c=object))
    assert line.startswith("[quiz/submit] b {")


@pytest.mark.parametrize("newline", ["\n", "\r", "\r\n", "\v", "\x1b[2J", "\x85", "\u2028"])
def test_one_event_is_one_line(no_request: None, newline: str) -> None:
    text = f"a{newline}[db/engine] forged"
    for made in (record("a/b", "%s", text), record(text, "b"), record("a/b", "b", c=text)):
        for formatter in (log.TextFormatter(), log.JsonFormatter()):
            line = formatter.format(made)
            assert len(line.splitlines()) == 1
            assert "\x1b" not in line


def test_an_error_with_its_traceback_is_one_line(no_request: None) -> None:
    for formatter in (log.TextFormatter(), log.JsonFormatter()):
        assert len(formatter.format(failed()).splitlines()) == 1


@pytest.mark.parametrize("formatter", [log.TextFormatter(), log.JsonFormatter()])
def test_a_traceback_has_places_and_types_and_no_messages(
    no_request: None, formatter: logging.Formatter
) -> None:
    text = formatter.format(failed())
    assert "RuntimeError" in text
    assert "ValueError" in text
    assert "test_log.py" in text
    assert "hunter2" not in text
    assert '"portal/config/settings.py:' in formatter.format(error_in_the_code())


def test_json_has_the_same_fields(no_request: None) -> None:
    entry: dict[str, Any] = json.loads(log.JsonFormatter().format(record("a/b", "b", c=1)))
    assert entry.pop("time").endswith("+00:00")
    assert entry == {"level": "error", "route": "a/b", "message": "b", "context": {"c": 1}}
    entry = json.loads(log.JsonFormatter().format(failed()))
    assert entry["message"] == "RuntimeError"
    assert entry["context"]["traceback"][0] == "builtins.RuntimeError"
    text = log.TextFormatter().format(failed())
    assert json.loads(text.partition(" {")[1] + text.partition(" {")[2]) == entry["context"]


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"])
def test_google_is_json_with_a_severity(no_request: None, level: str) -> None:
    """The names are those of Cloud Logging's LogSeverity. Other readers keep what they have."""
    made = record("a/b", "b", c=1)
    made.levelno, made.levelname = getattr(logging, level), level
    entry = json.loads(log.FORMATTERS["google"]().format(made))
    assert entry.pop("severity") == level
    assert entry == json.loads(log.FORMATTERS["json"]().format(made))


@pytest.mark.parametrize(
    ("app_env", "access", "expected"),
    [
        ("production", False, ["[quiz/submit] error", "[serve/start] notice"]),
        ("production", True, ["[quiz/submit] error", "[serve/start] notice", "[http/access] line"]),
        (
            "development",
            False,
            ["[quiz/submit] warning", "[quiz/submit] error", "[serve/start] notice"],
        ),
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
    for level in ("info", "warning", "error"):
        getattr(logging.getLogger("quiz/submit"), level)(level)
    logging.getLogger("serve/start").info("notice")
    logging.getLogger("http/access").info("line")
    logging.getLogger("uvicorn.error").error("Exception in ASGI application\n")
    assert stream.getvalue().splitlines() == expected


@pytest.mark.parametrize("log_format", ["json", "google"])
def test_the_form_is_chosen(
    no_request: None,
    logging_as_it_was: None,
    monkeypatch: pytest.MonkeyPatch,
    log_format: str,
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    log.configure(app_env="production", log_format=log_format, access_log=False)
    logging.getLogger("path").error("broken")
    written = json.loads(stream.getvalue())
    assert written["message"] == "broken"
    assert ("severity" in written) == (log_format == "google")


@pytest.mark.parametrize(("app_env", "lines"), [("development", 1), ("production", 0)])
def test_warnings_of_python_are_lines_like_any_other(
    no_request: None,
    logging_as_it_was: None,
    monkeypatch: pytest.MonkeyPatch,
    app_env: str,
    lines: int,
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    log.configure(app_env=app_env, log_format="text", access_log=False)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn("a coroutine was never awaited", RuntimeWarning, stacklevel=1)
    written = stream.getvalue().splitlines()
    assert len(written) == lines, written
    assert all(line.startswith("[py/warnings] ") for line in written)


def test_what_nobody_caught_is_a_line_without_its_message(
    no_request: None, logging_as_it_was: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    log.configure(app_env="production", log_format="text", access_log=False)
    made = failed().exc_info
    assert made is not None
    assert made[0] is not None
    assert made[1] is not None
    sys.excepthook(made[0], made[1], made[2])
    line = stream.getvalue()
    assert line.startswith("[serve/stop] ended by RuntimeError {")
    assert len(line.splitlines()) == 1
    assert "hunter2" not in line
