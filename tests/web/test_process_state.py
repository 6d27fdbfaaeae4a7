"""No request changes what belongs to the whole process: its logging, signals, warnings, locale."""

from __future__ import annotations

import asyncio
import gc
import json
import locale
import logging
import os
import signal
import socket
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

from tests.support import Database, Portal
from tests.web.portals import address, routes_of
from tests.web.raw import raw_portal
from tests.web.test_refused_requests import API, FORMS

SIGNALS = [number for number in signal.Signals if number not in (signal.SIGKILL, signal.SIGSTOP)]


def _logger(made: logging.Logger) -> tuple[Any, ...]:
    return made.level, made.disabled, made.propagate, [*made.handlers], [*made.filters]


UNTOUCHED = _logger(logging.getLogger("nobody/uses/this"))


def process_state() -> dict[str, Any]:
    """Returns what a library could change behind everybody's back; of loggers, those that are not
    as `getLogger` makes them."""
    named = {
        name: _logger(made)
        for name, made in logging.root.manager.loggerDict.items()
        if isinstance(made, logging.Logger) and _logger(made) != UNTOUCHED
    }
    handlers = [(h, h.level, h.formatter, [*h.filters]) for h in logging.root.handlers]
    return {
        "root logger": (logging.root.level, logging.root.disabled, [*logging.root.filters]),
        "handlers": handlers,
        "loggers": named,
        "logging": (logging.root.manager.disable, logging.raiseExceptions, logging.lastResort),
        "logging classes": (logging.getLoggerClass(), logging.getLogRecordFactory()),
        "logging levels": logging.getLevelNamesMapping(),
        "signals": {number: signal.getsignal(number) for number in SIGNALS},
        "warnings": ([*warnings.filters], warnings.showwarning),
        "locale": locale.setlocale(locale.LC_ALL),
        "hooks": (sys.excepthook, sys.unraisablehook, threading.excepthook, sys.displayhook),
        "streams": (sys.stdin, sys.stdout, sys.stderr),
        "limits": (sys.getrecursionlimit(), sys.get_int_max_str_digits(), sys.getswitchinterval()),
        "path": [*sys.path],
        "environment": dict(os.environ),
        "folder": Path.cwd(),
        "sockets": socket.getdefaulttimeout(),
        "memory": (gc.isenabled(), gc.get_threshold(), gc.get_freeze_count()),
        "loop": asyncio.get_running_loop().get_exception_handler(),
        "umask": _umask(),
    }


def _umask() -> int:
    mask = os.umask(0o22)
    os.umask(mask)
    return mask


async def test_no_route_changes_the_process(portal: Portal) -> None:
    for name in ("alex", "sara", "admin", None):
        browser = await portal.signed_in(name) if name else portal.browser()
        # signing out comes last
        for route in sorted(routes_of(portal), key=lambda route: "logout" in route.path):
            url = address(portal, route.path)
            form = {"json": API[url]} if url in API else {"data": FORMS.get(url)}
            before = process_state()
            sent = form if route.method == "POST" else {}
            answer = await browser.request(route.method, url, **sent)
            after = process_state()
            assert (answer.status_code == 401) <= (name is None), url
            assert after == before, (route.method, url)


async def test_the_log_goes_on_as_before(database: Database) -> None:
    """One object per line, with its number, also after the description of the API was made."""
    async with raw_portal(database.url, LOG_FORMAT="json", ACCESS_LOG="true") as raw:
        for path in ("/api/openapi.json", "/login", "/api/openapi.json", "/no/such/page"):
            await raw.get(path)
        lines = [json.loads(line) for line in raw.serving.output().splitlines()]
    requests = [line["context"] for line in lines if line["route"] == "http/access"]
    routes = [line["route"] for line in requests]
    first = routes.index("/api/openapi.json")
    assert routes[first : first + 3] == ["/api/openapi.json", "/login", "/api/openapi.json"]
    assert all(len(line["requestId"]) >= 8 for line in requests)
