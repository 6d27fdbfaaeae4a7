"""Traces: what a collector receives, what the log says, and that nobody waits for either."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import time
from pathlib import Path

import pytest

from portal.web import log
from portal.web.middleware import PROBES
from tests.breaking import unreadable
from tests.collector import collecting, spans_of
from tests.ops.command import STOPPED, running
from tests.support import Database, Portal
from tests.web.portals import logged, opened

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = "b7ad6b7169203331"
TRACEPARENT = {"traceparent": f"00-{TRACE}-{CALLER}-01"}


async def sent(portal: Portal) -> None:
    """Have everything sent that was recorded."""
    assert portal.app.tracing is not None
    await portal.app.tracing.close()


async def test_a_request_and_its_statements_are_sent(database: Database) -> None:
    with collecting() as collector:
        async with opened(database, otlp_endpoint=f"{collector.url}/base/") as portal:
            alex = await portal.signed_in("alex")
            session = alex.cookies["sid"]
            await alex.get("/step/1?q=secret-question", headers=TRACEPARENT)
            for probe in PROBES:
                await alex.get(probe)
            await sent(portal)
    assert set(collector.paths) == {"/base/v1/traces"}
    (request,) = (span for span in collector.spans if span.kind == 2)
    statements = [span for span in collector.spans if span.kind == 3]
    assert (request.name, request.trace, request.parent) == ("GET /step/{step_id}", TRACE, CALLER)
    assert request.service == "ai-training-portal"
    assert not request.failed
    number = request.attributes.pop("portal.request_id")
    assert len(number) == 12
    assert request.attributes == {
        "http.request.method": "GET",
        "http.route": "/step/{step_id}",
        "http.response.status_code": 200,
    }
    assert len(statements) >= 2
    assert {span.parent for span in statements} == {request.span}
    assert {span.trace for span in statements} == {TRACE}
    texts = [span.attributes["db.query.text"] for span in statements]
    assert any("login_session" in text and "$1" in text for text in texts)
    assert {span.attributes["db.system.name"] for span in statements} == {"postgresql"}
    assert all(span.name == span.attributes["db.operation.name"] for span in statements)
    everything = b"".join(collector.bodies)
    for personal in ("alex", "secret-question", session, "/step/1"):
        assert personal.encode() not in everything, personal


async def test_a_write_shows_its_transaction_and_a_bug_is_an_error(database: Database) -> None:
    with collecting() as collector:
        async with opened(database, otlp_traces_endpoint=f"{collector.url}/traces") as portal:
            alex = await portal.signed_in("alex")
            await alex.post("/api/auth/logout", headers={"traceparent": "rubbish"})
            async with unreadable(database, "video_progress"):
                mike = await portal.signed_in("mike")
                assert (await mike.get("/api/progress")).status_code == 500
            await mike.request("BREW", "/no/such/page")
            await sent(portal)
    assert set(collector.paths) == {"/traces"}
    requests = {span.name: span for span in collector.spans if span.kind == 2}
    assert requests.keys() == {"POST /api/auth/logout", "GET /api/progress", "_OTHER"}
    assert all(len(span.trace) == 32 and not span.parent for span in requests.values())
    broken = requests["GET /api/progress"]
    assert broken.failed
    assert broken.attributes["error.type"] == "500"
    (refused,) = (span for span in collector.spans if span.kind == 3 and span.failed)
    assert refused.parent == broken.span
    assert refused.attributes["error.type"]
    written = requests["POST /api/auth/logout"]
    assert not written.failed
    names = [span.name for span in collector.spans if span.parent == written.span]
    assert names


async def test_every_line_of_a_request_names_its_trace(portal: Portal) -> None:
    alex = await portal.signed_in("alex")
    async with unreadable(portal.database, "video_progress"):
        with logged() as lines:
            await alex.get("/api/progress", headers=TRACEPARENT)
            await alex.get("/api/progress", headers={"traceparent": f"00-{TRACE}-{CALLER}-1"})
            await alex.get("/api/progress")
    assert len(lines) == 3
    contexts = [json.loads("{" + line.partition(" {")[2]) for line in lines]
    assert [context.get("trace_id") for context in contexts] == [TRACE, None, None]
    log.trace_id.set(TRACE)
    record = logging.LogRecord("a/b", logging.ERROR, "f", 1, "b", (), None)
    entry = json.loads(log.JsonFormatter().format(record))
    assert entry["trace_id"] == TRACE
    assert "trace_id" not in entry["context"]


async def test_a_line_names_the_trace_that_began_here(database: Database) -> None:
    with collecting() as collector:
        async with opened(database, otlp_endpoint=collector.url) as portal:
            alex = await portal.signed_in("alex")
            async with unreadable(database, "video_progress"):
                with logged() as lines:
                    await alex.get("/api/progress")
            await sent(portal)
    (request,) = (span for span in collector.spans if span.kind == 2)
    (line,) = lines
    context = json.loads("{" + line.partition(" {")[2])
    assert context["trace_id"] == request.trace
    assert context["requestId"] == request.attributes["portal.request_id"]


async def test_a_silent_collector_holds_neither_requests_nor_the_end(
    database: Database, tmp_path: Path
) -> None:
    headers = tmp_path / "headers"
    headers.write_text("authorization=Bearer%20a-collector-s-key\n", encoding="utf-8")
    with (
        collecting(silent=True) as collector,
        running(
            "serve",
            url=database.url,
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
            OTEL_EXPORTER_OTLP_HEADERS_FILE=str(headers),
            OTEL_RESOURCE_ATTRIBUTES="service.name=learning,deployment.environment.name=test",
            OTEL_BSP_SCHEDULE_DELAY="20",
        ) as portal,
    ):
        await portal.answers("/health/ready")
        await portal.answers("/login")
        assert await asyncio.to_thread(collector.arrived.wait, 30)
        started = time.monotonic()
        for _ in range(20):  # while the batch is under way
            await portal.answers("/login")
        asked = time.monotonic() - started
        portal.signal(15)
        assert await portal.ended() in STOPPED
        ended = time.monotonic() - started - asked
        assert asked < 5, "not one request waited for a batch"
        assert ended < 4, "the end waits a second, not the half minute of the library"
        output = portal.output()
    assert "[serve/traces] the last traces could not be sent within 1 s" in output
    assert "[serve/stop] stopped" in output
    assert "a-collector-s-key" not in output
    assert {span.service for span in collector.spans} == {"learning"}
    assert collector.headers[0]["authorization"] == "Bearer a-collector-s-key"


async def test_a_collector_that_refuses_is_told_of_once(database: Database) -> None:
    with collecting() as collector, logged() as lines:
        host = collector.url.removeprefix("http://")
        async with opened(database, otlp_endpoint=f"http://user:hush@{host}") as portal:
            tracing, browser = portal.app.tracing, portal.browser()
            assert tracing is not None
            for status in (401, 401, 200, 200, 401):
                collector.status = status
                await browser.get("/login")
                await asyncio.to_thread(tracing.flush)
            await tracing.close()
    assert len(collector.bodies) == 5
    refused = f"[serve/traces] traces cannot be sent to {host}"
    said = [line.partition(" {")[0] for line in lines]
    assert said == [refused, f"[serve/traces] traces are sent again to {host}", refused]
    assert "hush" not in "".join(lines)


OFF = """
import os, sys

class Absent:
    def find_spec(self, name, *_):
        if name.startswith("opentelemetry"):
            raise ModuleNotFoundError(name)

{before}
from portal.cli.server import create_app
from portal.config.settings import Settings
app = create_app(Settings.from_env(dict(os.environ)))
names = {{name.split(".")[0] for name in sys.modules}}
print(app.tracing, names & {{"opentelemetry", "requests", "google"}})
"""


@pytest.mark.parametrize(
    ("variables", "before", "said"),
    [
        ({}, "", ""),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"},
            "sys.meta_path.insert(0, Absent())",
            "pip install 'ai-training-portal[otel]'",
        ),
    ],
    ids=["unset", "not installed"],
)
def test_without_traces_nothing_is_imported(
    variables: dict[str, str], before: str, said: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OFF.format(before=before)],
        env={"DATABASE_URL": "postgresql://a:b@127.0.0.1:1/c", **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "None set()"
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == bool(said)


def test_the_collector_of_the_tests_reads_what_the_library_reads() -> None:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.add(key="service.name").value.string_value = "x"
    span = resource.scope_spans.add().spans.add(name="GET /", trace_id=b"t" * 16, span_id=b"s" * 8)
    span.kind = 2
    span.status.code = 2
    span.attributes.add(key="n").value.int_value = 300
    (read,) = spans_of(request.SerializeToString())
    assert (read.name, read.kind, read.failed, read.attributes) == ("GET /", 2, True, {"n": 300})
    assert (read.trace, read.parent) == ((b"t" * 16).hex(), "")
