"""The dashboard and the alert rules speak of metrics that exist, in PromQL that parses."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import find_tool
from tests.ops.samples import Samples, scrape
from tests.support import ROOT, take_quiz

FILES = ROOT / "deploy" / "observability"
RULES = FILES / "alerts.yml"
DASHBOARD: dict[str, Any] = json.loads((FILES / "grafana-dashboard.json").read_text("utf-8"))

_METRIC = re.compile(r"\b(?:portal|process)_[a-z_]+\b|\bup\b")
_LABELS = re.compile(r"(portal_[a-z_]+)\{([^}]*)\}")
_LABEL = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')
OF_PROMETHEUS = {"up"}
LABELS_OF_PROMETHEUS = {"job", "instance"}
_PERIOD = re.compile(r"\$__(?:rate_interval|range)\b")


def expressions(part: Any) -> Iterator[str]:
    """Returns every PromQL expression in a part of the dashboard."""
    if isinstance(part, dict):
        if isinstance(part.get("expr"), str):
            yield part["expr"]
        for value in part.values():
            yield from expressions(value)
    elif isinstance(part, list):
        for value in part:
            yield from expressions(value)


def promtool(*arguments: str | Path) -> str:
    """Run promtool and return what it said; skips where it is not installed."""
    tool = find_tool("promtool")
    done = subprocess.run([tool, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
async def live(alex: httpx.AsyncClient) -> Samples:
    """The metrics of a portal in which somebody has learned something."""
    await take_quiz(alex, wrong=1)
    await alex.get("/dashboard")
    return await scrape(alex)


DASHBOARD_TEXT = "\n".join(expressions(DASHBOARD))
RULES_TEXT = "\n".join(
    line for line in RULES.read_text("utf-8").splitlines() if not line.lstrip().startswith("#")
)


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


def test_every_alert_says_how_bad_it_is_and_where_help_is() -> None:
    headings = {
        re.sub(r"[^a-z0-9 -]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in (ROOT / "docs" / "ALERTS.md").read_text("utf-8").splitlines()
        if line.startswith("#")
    }
    alerts = RULES_TEXT.split("- alert: ")[1:]
    assert len(alerts) >= 8
    for alert in alerts:
        name = alert.split()[0]
        assert re.search(r"severity: (critical|warning)\n", alert), name
        assert re.search(r"summary: \S", alert), name
        found = re.search(r"runbook: docs/ALERTS\.md#([a-z-]+)\n?", alert)
        assert found, name
        assert found[1] in headings, f"{name} points to a heading that is not there: {found[1]}"
        assert f'alertname="{name}"' in (FILES / "alerts-test.yml").read_text("utf-8"), name


def test_the_dashboard_can_be_imported() -> None:
    panels = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
    assert DASHBOARD["title"]
    assert DASHBOARD["uid"]
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    for panel in panels:
        assert panel["datasource"]["uid"] == "${datasource}", panel["title"]
        assert panel["targets"], panel["title"]
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]
    variables = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(DASHBOARD)))
    assert {name for name in used if not name.startswith("__")} == variables


def test_prometheus_takes_the_rules_and_the_configuration(tmp_path: Path) -> None:
    folder = tmp_path / "observability"
    shutil.copytree(FILES, folder)
    (folder / "portal-token").write_text("an-operator-s-token", encoding="utf-8")
    assert "SUCCESS" in promtool("check", "rules", folder / "alerts.yml")
    assert "SUCCESS" in promtool("check", "config", folder / "prometheus.yml")


def test_each_alert_fires_when_it_should() -> None:
    assert "SUCCESS" in promtool("test", "rules", FILES / "alerts-test.yml")


def test_the_dashboard_s_promql_parses(tmp_path: Path) -> None:
    rules = [
        {"record": f"panel_{number}", "expr": _PERIOD.sub("5m", expression)}
        for number, expression in enumerate(expressions(DASHBOARD))
    ]
    path = tmp_path / "panels.yml"  # JSON is YAML
    path.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}), encoding="utf-8")
    assert f"SUCCESS: {len(rules)} rules found" in promtool("check", "rules", path)
