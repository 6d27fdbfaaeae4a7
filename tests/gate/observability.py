"""What deploy/observability holds: the rules, the dashboard, and the PromQL in both."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.support import ROOT

FILES = ROOT / "deploy" / "observability"
RULES = FILES / "alerts.yml"
DASHBOARD: dict[str, Any] = json.loads((FILES / "grafana-dashboard.json").read_text("utf-8"))
# What the job that makes the dumps writes for node_exporter.
OF_JOBS = set(
    re.findall(r"portal_\w+_seconds", (ROOT / "deploy" / "vps" / "backup.sh").read_text("utf-8"))
)


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


DASHBOARD_TEXT = "\n".join(expressions(DASHBOARD))
RULES_TEXT = "\n".join(
    line for line in RULES.read_text("utf-8").splitlines() if not line.lstrip().startswith("#")
)
