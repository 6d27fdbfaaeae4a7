"""`portal doctor`: checks of this machine: the port, the course, the mail server, the disk."""

from __future__ import annotations

import asyncio
import errno
import http.client
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any

import msgspec

from portal.authoring.loading import course_in
from portal.config.settings import Settings
from portal.learning.course import ContentError
from portal.mail.delivery import MailServer, NotReachable
from portal.manager.mailing import missing_settings
from portal.ops.doctor.result import CheckResult, fail, ok, warn
from portal.serving import local
from portal.web.formats import plural

HTTP_SECONDS = 2.5  # the slowest probe answers within two
FREE_BYTES = 16 * 1024 * 1024  # a tmpfs of 32 MB is what the image is given
SHOWN_PROBLEMS = 5


def port(settings: Settings) -> Iterator[CheckResult]:
    """Checks that the port is free, or that the portal already answers there."""
    subject = f"port {settings.port}"
    health = _json_at(settings, "/api/health")
    if health is not None and health.get("status") == "ok" and "timestamp" in health:
        ready = _json_at(settings, "/health/ready") or {}
        if ready.get("status") == "ready":
            yield ok(subject, "a portal answers there, and is ready")
        else:
            checks = ready.get("checks") or {"probe": "no answer"}
            said = ", ".join(f"{name}: {state}" for name, state in checks.items() if state != "ok")
            yield fail(
                subject, f"a portal answers there and is not ready ({said}): look at its log."
            )
        return
    why = _why_not_bindable(settings.host, settings.port)
    yield ok(subject, "is free") if why is None else fail(subject, why)


def _json_at(settings: Settings, path: str) -> dict[str, Any] | None:
    """Returns the JSON object that stands at `path` on our own port, or None."""
    try:
        _, answer = local.http_get(settings.host, settings.port, path, seconds=HTTP_SECONDS)
        body = msgspec.json.decode(answer)
    except (OSError, http.client.HTTPException, msgspec.DecodeError):
        return None
    return body if isinstance(body, dict) else None


def _why_not_bindable(host: str, number: int) -> str | None:
    try:
        local.listening_socket(host, number, backlog=0).close()
    except PermissionError:
        return "this user may not listen there: set PORT to 1024 or more."
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return f"another process listens there (lsof -i :{number}): end it, or set PORT."
        return f"{host} is no address of this machine: set HOST, for all of them to 0.0.0.0."
    return None


def course(settings: Settings) -> Iterator[CheckResult]:
    """Checks the shipped course, or the one in CONTENT_DIR."""
    subject = "course" if settings.content_dir is None else "CONTENT_DIR"
    try:
        found = course_in(settings.content_dir)
    except ContentError as error:
        for problem in error.problems[:SHOWN_PROBLEMS]:
            yield fail(subject, problem)
        if len(error.problems) > SHOWN_PROBLEMS:
            more = plural(len(error.problems) - SHOWN_PROBLEMS, "problem")
            yield fail(subject, f"and {more} more: portal content check FOLDER lists them.")
        return
    parts = (
        plural(len(found.steps), "step"),
        plural(len(found.videos), "video"),
        plural(len(found.quizzes), "quiz", "quizzes"),
    )
    yield ok(subject, f"{', '.join(parts)}, content hash {found.content_hash[:12]}")


def mail(settings: Settings) -> Iterator[CheckResult]:
    """Connects to the mail server and signs in; sends nothing."""
    if settings.smtp_url is None:
        yield warn("SMTP_URL", "is not set: managers get no weekly mail.")
        return
    missing = missing_settings(settings)
    if missing:
        yield fail("SMTP_URL", f"is of no use without {' and '.join(missing)}: set them, too.")
    server = MailServer(settings.smtp_url, name="localhost", seconds=HTTP_SECONDS)
    try:
        yield ok("SMTP_URL", asyncio.run(server.try_out()))
    except NotReachable as error:
        yield fail("SMTP_URL", error.sentence)


def disk(_: Settings) -> Iterator[CheckResult]:
    """Checks the only folder that the service itself writes to."""
    try:
        folder = tempfile.gettempdir()
        free = shutil.disk_usage(folder).free
    except OSError:
        yield fail("disk", "no temporary folder can be written to: mount a tmpfs at /tmp.")
        return
    space = f"{free // 1024 // 1024:,} MB free in {folder}"
    yield (
        ok("disk", space)
        if free >= FREE_BYTES
        else fail("disk", f"only {space}: make room (docker system df -v shows what takes it).")
    )
