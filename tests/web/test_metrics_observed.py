"""The dashboard and the alert rules speak of metrics that exist. tests/gate/test_observability.py:
everything about them that needs no portal."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.gate.observability import DASHBOARD_TEXT, FILES, OF_JOBS, RULES_TEXT
from tests.ops.samples import Samples, scrape
from tests.support import take_quiz

_METRIC = re.compile(r"\b(?:portal|process)_[a-z_]+\b|\bup\b")
_LABELS = re.compile(r"(portal_[a-z_]+)\{([^}]*)\}")
_LABEL = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')
OF_PROMETHEUS = {"up", *OF_JOBS}
LABELS_OF_PROMETHEUS = {"job", "instance"}


@pytest.fixture
async def live(alex: httpx.AsyncClient) -> Samples:
    """The metrics of a portal in which somebody has learned something."""
    await take_quiz(alex, wrong=1)
    await alex.get("/dashboard")
    return await scrape(alex)


@pytest.mark.parametrize("text", [DASHBOARD_TEXT, RULES_TEXT], ids=["dashboard", "alerts"])
async def test_every_metric_and_label_exists(live: Samples, text: str) -> None:
    named = set(_METRIC.findall(text)) - OF_PROMETHEUS
    assert len(named) > 8
    assert named <= live.names
    values: dict[tuple[str, str], set[str]] = {}
    for name, labels in live:
        for label, value in labels:
            values.setdefault((name, label), set()).add(value)
    for name, selector in _LABELS.findall(text):
        for label, operator, value in _LABEL.findall(selector):
            if label in LABELS_OF_PROMETHEUS:
                continue
            assert (name, label) in values, f"{name} has no label {label}"
            if operator in ("=", "=~") and label != "status":
                known = values[name, label]
                assert set(value.split("|")) <= known, f"{name}: {label} is one of {known}"


async def test_every_metric_is_told_of(live: Samples) -> None:
    """Whatever the portal exposes is in the list of the README, and used on the dashboard."""
    readme = (FILES / "README.md").read_text("utf-8")
    own = {re.sub(r"_(bucket|sum|count)$", "", name) for name in live.names}
    for name in sorted(name for name in own if name.startswith("portal_")):
        assert f"`{name}" in readme, name
        assert name in DASHBOARD_TEXT, name
