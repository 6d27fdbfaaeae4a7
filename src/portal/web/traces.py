"""Whether traces are sent. OpenTelemetry itself is imported only when they are."""

from __future__ import annotations

import importlib.util
import logging
import os
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from portal.config.settings import Settings

if TYPE_CHECKING:
    from portal.web.tracing import Tracing

log = logging.getLogger("serve/traces")

PROTOCOL = "http/protobuf"
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_HEADERS = "OTEL_EXPORTER_OTLP_HEADERS"
_TRACES_HEADERS = "OTEL_EXPORTER_OTLP_TRACES_HEADERS"
# What the library reads of them; of anything else it would write the value into the log.
_HEADER = re.compile(r"([!#-'*+.0-9A-Z^-z|~-]+)[ \t]*=([ -!#-+\--:<-\[\]-~]*)")
_ADDRESS = "must be http:// or https:// and a host, such as http://collector:4318."
NOT_INSTALLED = (
    "no traces are sent, whatever OTEL_EXPORTER_OTLP_ENDPOINT says: OpenTelemetry is not installed."
    " Use the image whose tag ends in -otel, or pip install 'ai-training-portal[otel]'."
)
UNFIT = (
    "no traces are sent: OpenTelemetry refuses one of its variables, such as OTEL_BSP_*,"
    " OTEL_SPAN_* or OTEL_ATTRIBUTE_*: correct it, or take it out."
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
    return _other_protocol() or _no_address(settings) or _unreadable_headers(settings) or _missing()


def _other_protocol() -> str | None:
    for name in _PROTOCOLS:
        protocol = os.environ.get(name, "").strip()
        if protocol and protocol != PROTOCOL:
            return f"no traces are sent: {name} is {protocol!r}, and only {PROTOCOL} is spoken."
        if protocol:
            break
    return None


def _no_address(settings: Settings) -> str | None:
    own = settings.otlp_traces_endpoint
    name = f"OTEL_EXPORTER_OTLP_{'TRACES_' if own else ''}ENDPOINT"
    try:
        parts = urlsplit(own or settings.otlp_endpoint or "")
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        usable = usable and not re.search(r"\s", parts.netloc)
    except ValueError:
        usable = False
    return None if usable else f"no traces are sent: {name} {_ADDRESS}"


def _unreadable_headers(settings: Settings) -> str | None:
    given = {
        _HEADERS: settings.otlp_headers or os.environ.get(_HEADERS),
        _TRACES_HEADERS: os.environ.get(_TRACES_HEADERS),
    }
    for name, text in given.items():
        if not all(map(_is_header, (text or "").split(","))):
            return f"no traces are sent: {name} must be name=value,name=value, percent-encoded."
    return None


def _is_header(text: str) -> bool:
    """Returns whether one part of a list of headers is one that can be sent, or is empty."""
    text = text.strip(" \t")
    if not text:
        return True
    found = _HEADER.fullmatch(text)
    if found is None:
        return False
    value = unquote(found[2]).strip()
    return value.isprintable() and all(letter <= "\xff" for letter in value)


def _missing() -> str | None:
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

    try:
        return Tracing(settings)
    except Exception as error:  # noqa: BLE001 - the library's own variables may be anything
        log.error("%s (%s)", UNFIT, type(error).__name__)
        return None
