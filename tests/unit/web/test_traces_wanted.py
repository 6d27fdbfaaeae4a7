"""When traces are sent, and where to: OpenTelemetry's variables."""

from __future__ import annotations

import pytest

from portal.config.settings import Settings, SettingsError
from portal.ops.doctor.result import WARN
from portal.ops.doctor.settings import plausibility
from portal.web.traces import endpoint_of, refusal

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


@pytest.mark.parametrize(
    "value", ["collector:4318", "grpc://collector:4317", "http://", "http://c:0"]
)
def test_an_address_that_is_none_stops_the_start(value: str) -> None:
    with pytest.raises(SettingsError, match="OTEL_EXPORTER_OTLP_ENDPOINT must be http:// or"):
        Settings.from_env(
            {"DATABASE_URL": "postgresql://a:b@c/d", "OTEL_EXPORTER_OTLP_ENDPOINT": value}
        )


def test_what_the_collector_wants_to_see_is_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    made = settings({**BASE, "OTEL_EXPORTER_OTLP_HEADERS": "authorization=hush"}, monkeypatch)
    assert made.otlp_headers == "authorization=hush"
    assert "hush" not in repr(made)
