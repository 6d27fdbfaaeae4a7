"""When traces are sent, and where to: OpenTelemetry's variables."""

from __future__ import annotations

import pytest
from opentelemetry.util.re import parse_env_headers

from portal.config.settings import Settings
from portal.ops.doctor.result import WARN
from portal.ops.doctor.settings import plausibility
from portal.web.traces import endpoint_of, refusal, tracing_for

BASE = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}
OWN = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://other.example/traces"}


def settings(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return Settings.from_env({"DATABASE_URL": "postgresql://a:b@c/d", **variables})


@pytest.mark.parametrize(
    ("variables", "endpoint"),
    [
        ({}, None),
        ({"OTEL_SERVICE_NAME": "portal", "OTEL_TRACES_EXPORTER": "otlp"}, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, None),
        (BASE, "http://collector:4318/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://c/otlp/"}, "https://c/otlp/v1/traces"),
        (OWN, "https://other.example/traces"),
        ({**BASE, **OWN}, "https://other.example/traces"),
        ({**BASE, "OTEL_SDK_DISABLED": "true"}, None),
        ({**BASE, "OTEL_SDK_DISABLED": "false"}, "http://collector:4318/v1/traces"),
        ({**BASE, "OTEL_TRACES_EXPORTER": "none"}, None),
    ],
)
def test_where_traces_go(
    variables: dict[str, str], endpoint: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert endpoint_of(settings(variables, monkeypatch)) == endpoint


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, None),
        (BASE, None),
        ({**BASE, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, None),
        ({**BASE, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "OTEL_EXPORTER_OTLP_PROTOCOL is 'grpc'"),
        (
            {
                **BASE,
                "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
                "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf",
            },
            None,
        ),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, None),
    ],
)
def test_why_they_cannot_be_sent(
    variables: dict[str, str], said: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = settings(variables, monkeypatch)
    reason = refusal(made)
    assert reason is None if said is None else said in (reason or "")
    warned = [str(each) for each in plausibility(made) if each.status == WARN]
    assert any("traces: " in line for line in warned) == bool(said)


ADDRESSES = ["collector:4318", "grpc://collector:4317", "http://", "http://c:0", "http://a b:1"]


@pytest.mark.parametrize("value", ADDRESSES)
@pytest.mark.parametrize(
    "name", ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]
)
def test_an_address_that_is_none_is_told_and_ends_nothing(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Platforms set it for whatever they run."""
    made = settings({name: value}, monkeypatch)
    assert tracing_for(made) is None
    assert f"{name} must be http:// or https:// and a host" in caplog.text
    assert [each for each in plausibility(made) if "must be http://" in str(each)]


HEADERS = ["OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"]


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ("authorization=Bearer%20hush", True),
        ("authorization=Bearer hush", True),
        ("a=hush, b=c==,", True),
        ("a=", True),
        ("Bearer hush", False),
        ("a b=hush", False),
        ("a=h\u00fcsh", False),
        ("a=hush%0D%0Ab", False),
        ("a=%E2%82%AChush", False),
    ],
)
def test_headers_that_cannot_be_sent_are_not_shown(
    name: str,
    value: str,
    fits: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    made = settings({**BASE, name: value}, monkeypatch)
    reason = refusal(made)
    assert reason == (
        None
        if fits
        else f"no traces are sent: {name} must be name=value,name=value, percent-encoded."
    )
    if fits:
        assert parse_env_headers(value, liberal=True)
        assert not caplog.records, "the library reads it too"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "5000"),
        ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "hush"),
        ("OTEL_PYTHON_EXPORTER_OTLP_HTTP_TRACES_CREDENTIAL_PROVIDER", "hush"),
    ],
)
def test_a_variable_that_the_library_refuses_ends_nothing(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert tracing_for(settings({**BASE, name: value}, monkeypatch)) is None
    assert "OpenTelemetry refuses one of its variables" in caplog.text
    assert "hush" not in caplog.text


def test_what_the_collector_wants_to_see_is_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    made = settings({**BASE, "OTEL_EXPORTER_OTLP_HEADERS": "authorization=hush"}, monkeypatch)
    assert made.otlp_headers == "authorization=hush"
    assert "hush" not in repr(made)
    login = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://user:hush@collector:4318"}
    assert "'http://…@collector:4318'" in repr(settings(login, monkeypatch))
