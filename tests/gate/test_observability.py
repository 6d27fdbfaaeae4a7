"""The rules, the dashboard and the scrape configuration, by the programs that read them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

from tests.conftest import find_tool
from tests.gate.deployed import documents, read, yaml
from tests.gate.observability import DASHBOARD, FILES, RULES_TEXT, expressions
from tests.support import ROOT

TESTS = sorted(FILES.glob("alerts*-test.yml"))
_PERIOD = re.compile(r"\$__(?:rate_interval|range)\b")


def promtool(*arguments: str | Path) -> str:
    """Run promtool and return what it said; skips where it is not installed."""
    tool = find_tool("promtool")
    done = subprocess.run([tool, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_alert_says_how_bad_it_is_and_where_help_is() -> None:
    headings = {
        re.sub(r"[^a-z0-9 -]", "", line.removeprefix("## ").lower()).replace(" ", "-")
        for line in (ROOT / "docs" / "ALERTS.md").read_text("utf-8").splitlines()
        if line.startswith("## ")
    }
    alerts = RULES_TEXT.split("- alert: ")[1:]
    assert len(alerts) >= 20
    tested = "".join(path.read_text("utf-8") for path in TESTS)
    told = set()
    for alert in alerts:
        name = alert.split()[0]
        assert re.search(r"severity: (critical|warning)\n", alert), name
        assert re.search(r"summary: \S", alert), name
        found = re.search(r"runbook: docs/ALERTS\.md#([a-z-]+)\n?", alert)
        assert found, name
        assert found[1] in headings, f"{name} points to a heading that is not there: {found[1]}"
        told.add(found[1])
        assert f'alertname="{name}"' in tested, name
    assert told == headings, "a heading that no alert leads to"


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
    assert "SUCCESS" in promtool("test", "rules", *TESTS)


def test_the_dashboard_s_promql_parses(tmp_path: Path) -> None:
    rules = [
        {"record": f"panel_{number}", "expr": _PERIOD.sub("5m", expression)}
        for number, expression in enumerate(expressions(DASHBOARD))
    ]
    path = tmp_path / "panels.yml"  # JSON is YAML
    path.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}), encoding="utf-8")
    assert f"SUCCESS: {len(rules)} rules found" in promtool("check", "rules", path)


def test_the_single_server_scrapes_what_it_runs(tmp_path: Path) -> None:
    """monitoring.sh makes the configuration of compose.monitoring.yaml from the general one."""
    script = read("vps/monitoring.sh")
    rendering = re.search(r"(?ms)^sed -e .*?prometheus\.yml$", script)
    assert rendering
    (tmp_path / "vps/monitoring").mkdir(parents=True)
    shutil.copytree(FILES, tmp_path / "observability")
    done = subprocess.run(
        ["sh", "-eu", "-c", f"domain=portal.example.org\n{rendering[0]}"],
        cwd=tmp_path / "vps",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    made = tmp_path / "vps/monitoring/prometheus.yml"
    jobs = {job["job_name"]: job for job in yaml.safe_load(made.read_text())["scrape_configs"]}
    services = documents("vps/compose.monitoring.yaml")[0]["services"]
    targets = {name: job["static_configs"][0]["targets"] for name, job in jobs.items()}
    assert targets["portal"] == ["web:3000", "web2:3000"]
    assert targets["portal-outside"] == ["https://portal.example.org/api/health"]
    replaced = {rule.get("replacement") for rule in jobs["portal-outside"]["relabel_configs"]}
    exporters = {
        target.partition(":")[0]
        for name in ("node", "postgres", "pgbouncer")
        for target in targets[name]
    } | {target.partition(":")[0] for target in replaced if target}
    assert exporters == services.keys() - {"prometheus", "backup"}
    assert "stats_users = monitor\n" in read("vps/pgbouncer.ini")
    for name, service in services.items():
        assert name == "backup" or re.search(r":v[\d.]+$", service["image"]), name
