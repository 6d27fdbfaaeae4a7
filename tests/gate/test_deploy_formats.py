"""Every file in deploy/ against its format, by the program that reads it where that is there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from portal.config.settings import SETTINGS, Settings
from tests.conftest import find_tool
from tests.gate import deployed
from tests.gate.deployed import DEPLOY, documents, read
from tests.support import ROOT

OVERRIDES = (("pgbouncer",), ("replicas",), ("pgbouncer", "replicas"))
KNOWN = {setting.name for setting in SETTINGS}


def run(*command: str | Path, folder: Path = ROOT, **environ: str) -> str:
    """Returns what a checking program prints; fails with what it complains about."""
    kept = {name: os.environ[name] for name in ("PATH", "DOCKER_CONFIG") if name in os.environ}
    done = subprocess.run(
        command,
        cwd=folder,
        env={"HOME": "/nonexistent", **kept, **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "level=warning" not in done.stderr, done.stderr
    return done.stdout


def test_cloud_run_takes_the_files() -> None:
    (service,) = deployed.documents("cloud-run/service.yaml")
    (job,) = deployed.documents("cloud-run/job.yaml")
    assert (service["apiVersion"], service["kind"]) == ("serving.knative.dev/v1", "Service")
    assert (job["apiVersion"], job["kind"]) == ("run.googleapis.com/v1", "Job")
    revision = service["spec"]["template"]
    for value in (
        service["metadata"]["annotations"] | revision["metadata"]["annotations"]
    ).values():
        assert isinstance(value, str)
    assert revision["spec"].keys() == {
        "serviceAccountName",
        "containerConcurrency",
        "timeoutSeconds",
        "containers",
    }
    (container,) = revision["spec"]["containers"]
    assert container.keys() == {
        "image",
        "ports",
        "env",
        "resources",
        "startupProbe",
        "livenessProbe",
    }
    # Without it nobody gets past Google's own sign-in.
    public = "run.googleapis.com/invoker-iam-disabled"
    assert service["metadata"]["annotations"][public] == "true"
    # The same database for both, under accounts that do not see each other's secrets.
    attached = "run.googleapis.com/cloudsql-instances"
    databases = [
        revision["metadata"]["annotations"][attached],
        job["spec"]["template"]["metadata"]["annotations"][attached],
    ]
    assert databases == ["PROJECT:REGION:portal"] * 2
    # Reserved: the platform sets it from containerPort.
    assert "PORT" not in {entry["name"] for entry in container["env"]}
    startup = container["startupProbe"]
    assert startup["timeoutSeconds"] <= startup["periodSeconds"]
    assert startup["periodSeconds"] * startup["failureThreshold"] <= 240
    assert job["spec"]["template"]["spec"]["taskCount"] == 1
    task = job["spec"]["template"]["spec"]["template"]["spec"]
    assert task.keys() == {"serviceAccountName", "maxRetries", "timeoutSeconds", "containers"}
    assert task["serviceAccountName"] != revision["spec"]["serviceAccountName"]


def test_cloud_run_s_readme_makes_what_the_files_name() -> None:
    """Every secret by its version, and each account may read what its file gives it."""
    readme = read("cloud-run/README.md")
    for name in ("service.yaml", "job.yaml"):
        text = read(f"cloud-run/{name}")
        (account,) = re.findall(r"serviceAccountName: ([\w-]+)@", text)
        assert f"gcloud iam service-accounts create {account}\n" in readme
        secrets = re.findall(r'secretKeyRef:\s+name: (\S+)\s+key: "(\d+)"', text)
        assert len(secrets) == text.count("secretKeyRef")
        for secret, _ in secrets:
            assert f"gcloud secrets create {secret} " in readme
            assert f"\nmay_read {account} {secret}\n" in readme
    granted = re.findall(r"^may_read ([\w-]+) ([\w-]+)$", readme, re.MULTILINE)
    assert "portal-database-url-unpooled" not in {name for who, name in granted if who == "portal"}


def test_fly_takes_the_file() -> None:
    settings = deployed.fly()
    assert settings.keys() == {
        "app",
        "primary_region",
        "kill_signal",
        "kill_timeout",
        "deploy",
        "env",
        "http_service",
        "checks",
        "metrics",
        "vm",
    }
    assert settings["kill_signal"] == "SIGTERM"
    port = settings["http_service"]["internal_port"]
    assert settings["env"]["PORT"] == str(port)
    assert {check["port"] for check in settings["checks"].values()} == {port}
    # Fly asks without a token; with one set it would be refused.
    assert settings["metrics"] == {"port": port, "path": "/metrics"}
    assert "METRICS_TOKEN=" not in read("fly/README.md")
    assert all(isinstance(value, str) for value in settings["env"].values())


def test_vercel_takes_the_file() -> None:
    settings = json.loads(read("vercel/vercel.json"))
    assert settings.keys() == {"$schema", "services", "rewrites"}
    (service,) = settings["services"].values()
    assert service["runtime"] == "container"
    assert (ROOT / service["root"] / service["entrypoint"]).is_file()
    assert service["functions"].keys() == {service["entrypoint"]}
    assert settings["rewrites"] == [{"source": "/(.*)", "destination": {"service": "portal"}}]
    named = set(re.findall(r"^\| `([A-Z_]+)`", read("vercel/README.md"), re.MULTILINE))
    assert {"DATABASE_URL", "PORT", "PUBLIC_URL", "MIGRATE_ON_START"} <= named <= KNOWN


def compose(folder: Path, *arguments: str) -> dict[str, Any]:
    """Returns what Compose itself reads from the files, as it would run it."""
    docker = find_tool("docker")
    found = subprocess.run([docker, "compose", "version"], capture_output=True, check=False)
    if found.returncode != 0:
        pytest.skip("Docker is there without its Compose plugin: apt-get install docker-compose")
    read_back: dict[str, Any] = json.loads(
        run(docker, "compose", *arguments, "config", "--format", "json", folder=folder)
    )
    return read_back


@pytest.mark.parametrize("names", OVERRIDES, ids="+".join)
def test_compose_takes_the_overrides(names: tuple[str, ...]) -> None:
    chosen = [
        argument for name in names for argument in ("-f", f"deploy/compose/compose.{name}.yml")
    ]
    read_back = compose(ROOT, "-f", "docker-compose.yml", *chosen)
    web = read_back["services"]["web"]
    settings = Settings.from_env(
        {name: value for name, value in web["environment"].items() if value}, cwd=ROOT / "deploy"
    )
    assert settings.database
    assert settings.database.pooled == ("pgbouncer" in names)
    assert settings.direct
    assert not settings.direct.pooled
    assert deployed.seconds(web["stop_grace_period"]) >= settings.shutdown_seconds + 2
    if "replicas" not in names:
        assert [each["host_ip"] for each in web["ports"]] == ["127.0.0.1"]
    else:
        assert "ports" not in web
        assert web["deploy"]["replicas"] == 3
        (subnet,) = (each["subnet"] for each in read_back["networks"]["edge"]["ipam"]["config"])
        assert [str(each) for each in settings.trusted_proxies] == [subnet]
        balancer = read_back["services"]["balancer"]
        assert balancer["networks"].keys() == {"edge"}
        assert [each["published"] for each in balancer["ports"]] == ["3000"]
        assert [each["host_ip"] for each in balancer["ports"]] == ["127.0.0.1"]
        assert Path(balancer["volumes"][0]["source"]) == DEPLOY / "compose/haproxy.cfg"


def test_compose_takes_the_server() -> None:
    read_back = compose(DEPLOY / "vps", "--env-file", ".env.example")
    services = read_back["services"]
    published = {name for name, service in services.items() if service.get("ports")}
    assert published == {"caddy"}
    assert read_back["networks"]["inside"]["internal"] is True
    assert services["db"]["networks"].keys() == {"inside"}
    (subnet,) = (each["subnet"] for each in read_back["networks"]["edge"]["ipam"]["config"])
    assert services["web"]["environment"]["TRUSTED_PROXIES"] == subnet
    assert services["web"]["restart"] == services["db"]["restart"] == "unless-stopped"
    assert services["release"]["restart"] == "no"
    made = set(re.findall(r"^(?:keep|write) (\w+)", read("vps/secrets.sh"), re.MULTILINE))
    assert read_back["secrets"].keys() | {"portal_password"} == made  # up.sh alone reads that
    assert read_back["volumes"]["db_data"]["name"] == "vps_db_data", "data of earlier versions"


def test_compose_takes_what_watches_over_the_server(tmp_path: Path) -> None:
    folder = tmp_path / "vps"
    shutil.copytree(DEPLOY / "vps", folder, ignore=shutil.ignore_patterns("secrets", "backups"))
    read_back = compose(
        folder, "-f", "compose.yaml", "-f", "compose.monitoring.yaml", "--env-file", ".env.example"
    )
    services = read_back["services"]
    assert services["prometheus"]["ports"][0]["host_ip"] == "127.0.0.1"
    for name in documents("vps/compose.monitoring.yaml")[0]["services"]:
        # From there, the portals would believe what X-Forwarded-For says.
        assert "edge" not in services[name]["networks"], name
        assert services[name]["read_only"], name
    told = {mount["target"]: mount["source"] for mount in services["backup"]["volumes"]}
    shown = {mount["target"]: mount["source"] for mount in services["node-exporter"]["volumes"]}
    assert told["/metrics"] == shown["/textfile"]


def test_caddy_takes_the_file() -> None:
    caddy = find_tool("caddy")
    file = DEPLOY / "vps/Caddyfile"
    run(caddy, "validate", "--adapter", "caddyfile", "--config", file, DOMAIN="learn.example.com")


def test_haproxy_takes_the_file() -> None:
    haproxy = find_tool("haproxy")
    run(haproxy, "-c", "-f", DEPLOY / "compose/haproxy.cfg")
