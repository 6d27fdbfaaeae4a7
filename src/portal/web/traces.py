"""Whether traces are sent. OpenTelemetry itself is imported only when they are."""

from __future__ import annotations

import importlib.util
import logging
import os
from typing import TYPE_CHECKING

from portal.config.settings import Settings

if TYPE_CHECKING:
    from portal.web.tracing import Tracing

log = logging.getLogger("serve/traces")

PROTOCOL = "http/protobuf"
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
NOT_INSTALLED = (
    "no traces are sent, whatever OTEL_EXPORTER_OTLP_ENDPOINT says: OpenTelemetry is not installed."
    " Use the image whose tag ends in -otel, or pip install 'ai-training-portal[otel]'."
)


def endpoint_of(settings: Settings) -> str | None:
    """Returns the address that takes traces, or None when none are wanted."""
    disabled = os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    if disabled or os.environ.get("OTEL_TRACES_EXPORTER", "").strip() == "none":
        return None
    if settings.otlp_traces_endpoint:
        return settings.otlp_traces_endpoint
    return settings.otlp_endpoint and f"{settings.otlp_endpoint.rstrip('/')}/v1/traces"


def refusal(settings: Settings) -> str | None:
    """Returns why the traces that the settings want cannot be sent; None when nothing is in the
    way. No reason to end: platforms set the variables for whatever they run."""
    if endpoint_of(settings) is None:
        return None
    for name in _PROTOCOLS:
        protocol = os.environ.get(name, "").strip()
        if protocol and protocol != PROTOCOL:
            return f"no traces are sent: {name} is {protocol!r}, and only {PROTOCOL} is spoken."
        if protocol:
            break
    try:
        found = importlib.util.find_spec("opentelemetry.exporter.otlp.proto.http")
    except ModuleNotFoundError:
        found = None
    return NOT_INSTALLED if found is None else None


def tracing_for(settings: Settings) -> Tracing | None:
    """Returns what makes and sends the spans, None when no traces are wanted; one line in the log
    when they cannot be sent."""
    if endpoint_of(settings) is None:
        return None
    if reason := refusal(settings):
        log.error("%s", reason)
        return None
    from portal.web.tracing import Tracing

    return Tracing(settings)
