"""What deploy/vps promises of its scripts and its Compose file."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from tests.gate import deployed
from tests.gate.deployed import DEPLOY, read
from tests.gate.test_delivery import stand_in


def test_the_single_server_exchanges_nothing_in_vain() -> None:
    """Compose before 2.29.3 counts depends_on as a change when `--no-deps` was used before."""
    services = deployed.vps_services()
    for name in ("caddy", "web", "web2", "pgbouncer", "db"):
        assert "depends_on" not in services[name], name
    commands = re.findall(r"docker compose up.*", read("vps/up.sh"))
    assert commands
    assert all("--no-deps" in command for command in commands)


def test_the_single_server_makes_nothing_of_the_example(tmp_path: Path) -> None:
    shutil.copy(DEPLOY / "vps/up.sh", tmp_path)
    shutil.copy(DEPLOY / "vps/.env.example", tmp_path / ".env")
    stand_in(tmp_path, "docker", "echo 2.40.3")
    stand_in(tmp_path, "secrets.sh", "touch made")
    done = subprocess.run(
        ["./up.sh"],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    named = re.findall(r"^\d+:(\w+)=", done.stderr, re.MULTILINE)
    assert named == ["PORTAL_IMAGE", "DOMAIN", "ADMIN_EMAIL"]
    assert not (tmp_path / "made").exists()


def test_the_single_server_waits_for_what_has_a_health_check() -> None:
    """`up --wait` fails at a service whose health check is disabled."""
    waited = re.findall(r'up --wait "?([$\w]+)', read("vps/up.sh"))
    assert set(waited) == {"db", "$portal"}  # web and web2
    services = deployed.vps_services()
    for name in ("db", "web", "web2"):
        assert not services[name]["healthcheck"].get("disable"), name


def test_the_single_server_serves_with_a_role_of_its_own() -> None:
    services = deployed.vps_services()
    for name in ("web", "web2"):
        assert set(services[name]["secrets"]) == {"database_url", "metrics_token"}
    script = read("vps/secrets.sh")
    assert re.search(r'^keep database_url "postgresql://portal:', script, re.MULTILINE)
    assert re.search(r'^users="\\"portal\\" ', script, re.MULTILINE)


def test_dumps_are_made_by_the_server_s_own_version() -> None:
    services = deployed.vps_services()
    assert services["backup"]["image"] == services["db"]["image"]


def test_both_scripts_ask_for_the_same_compose() -> None:
    wanted = {
        re.search(r"^oldest=(\S+)", read(name), re.MULTILINE)
        for name in ("vps/up.sh", "compose/roll.sh")
    }
    assert len({found and found[1] for found in wanted}) == 1
