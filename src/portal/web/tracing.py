"""Spans of requests and their statements, sent by OpenTelemetry. Imported only where
`OTEL_EXPORTER_OTLP_ENDPOINT` is set.

A span holds route templates, statuses and statements with their placeholders: no address, no
argument, no message of an error. Spans are sent from a thread of their own, out of a queue that
drops what does not fit; nobody waits for it but the end of the process, for a moment.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.re import parse_env_headers

from portal import __version__
from portal.config.settings import Settings
from portal.web import log
from portal.web.metrics import METHODS
from portal.web.traces import endpoint_of

logger = logging.getLogger("serve/traces")

SERVICE = "ai-training-portal"
FLUSH_SECONDS = 1.0  # for what has not been sent when the process ends
SEND_SECONDS = 5.0  # for one batch with its repetitions; OTEL_EXPORTER_OTLP_TIMEOUT changes it
STATEMENT_LENGTH = 2000  # characters
# Alone: the library's default also reads a header with whatever callers like to hand on.
CALLER = TraceContextTextMapPropagator()
_TIMEOUTS = ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT")


class Tracing:
    """Makes the spans of one process, and sends them."""

    def __init__(self, settings: Settings) -> None:
        if settings.app_env == "production":
            # The library reports every batch that it cannot send; the exporter below reports the
            # first one of a row.
            logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        resource = Resource.create({"service.version": __version__})
        if _unnamed(resource):
            resource = resource.merge(Resource({"service.name": SERVICE}))
        # Not at the exit of the interpreter, which would wait for half a minute.
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(_Exporter(settings)))
        self._tracer = self._provider.get_tracer("portal", __version__)

    @contextmanager
    def request(
        self, method: str, headers: Mapping[str, str]
    ) -> Iterator[Callable[[str, int], None]]:
        """The span of a request, which goes on with the trace that its headers name, and which the
        log lines of the block name. Yields what notes the route's template and the status."""
        method = method if method in METHODS else "_OTHER"
        with self._tracer.start_as_current_span(
            method,
            context=CALLER.extract(headers),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": method, "portal.request_id": log.request_id.get()},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            log.trace_id.set(f"{span.get_span_context().trace_id:032x}")
            yield lambda route, status: _note(span, method, route, status)

    @contextmanager
    def statement(self, query: str) -> Iterator[None]:
        """The span of a statement, the wait for a connection included. Outside of a request that is
        recorded there is none."""
        if not trace.get_current_span().is_recording():
            yield
            return
        text = " ".join(query.split())[:STATEMENT_LENGTH]
        operation = text.partition(" ")[0].upper()
        with self._tracer.start_as_current_span(
            operation,
            kind=SpanKind.CLIENT,
            attributes={
                "db.system.name": "postgresql",
                "db.operation.name": operation,
                "db.query.text": text,
            },
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except BaseException as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(Status(StatusCode.ERROR))
                raise

    def flush(self) -> None:
        """Send what has not been sent; the caller waits for the collector."""
        self._provider.force_flush()

    async def close(self) -> None:
        """Send what has not been sent, and give up after `FLUSH_SECONDS`."""
        closed = asyncio.Event()
        loop = asyncio.get_running_loop()

        def shut_down() -> None:
            self._provider.shutdown()
            loop.call_soon_threadsafe(closed.set)

        # No thread of a pool: the interpreter waits for those.
        threading.Thread(target=shut_down, daemon=True).start()
        try:
            await asyncio.wait_for(closed.wait(), FLUSH_SECONDS)
        except TimeoutError:
            logger.error("the last traces could not be sent within %g s", FLUSH_SECONDS)


def _note(span: Span, method: str, route: str, status: int) -> None:
    if route != log.UNROUTED:
        span.update_name(f"{method} {route}")
        span.set_attribute("http.route", route)
    span.set_attribute("http.response.status_code", status)
    if status >= 500:
        span.set_attribute("error.type", str(status))
        span.set_status(Status(StatusCode.ERROR))


class _Exporter(SpanExporter):
    """Sends over OTLP, and says when that begins to fail and when it works again."""

    def __init__(self, settings: Settings) -> None:
        endpoint = endpoint_of(settings)
        assert endpoint
        headers = None
        if settings.otlp_headers and not os.environ.get("OTEL_EXPORTER_OTLP_TRACES_HEADERS"):
            headers = parse_env_headers(settings.otlp_headers, liberal=True)
        timeout = None if any(map(os.environ.get, _TIMEOUTS)) else SEND_SECONDS
        self._otlp = OTLPSpanExporter(endpoint=endpoint, headers=headers, timeout=timeout)
        self._host = urlsplit(endpoint).netloc.rpartition("@")[2]
        self._failing = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._otlp.export(spans)
        failed = result is not SpanExportResult.SUCCESS
        if failed is not self._failing:
            self._failing = failed
            said = "cannot be sent" if failed else "are sent again"
            logger.error("traces %s to %s", said, self._host)
        return result

    def shutdown(self) -> None:
        self._otlp.shutdown()  # type: ignore[no-untyped-call]


def _unnamed(resource: Resource) -> bool:
    """Returns whether the environment names no service; the library then names the program."""
    return str(resource.attributes.get("service.name", "")).startswith("unknown_service")
