"""What `kubectl apply -k deploy/kubernetes` sends, as it stands and with every option."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import find_tool
from tests.gate import deployed
from tests.gate.deployed import DEPLOY, yaml

# The oldest version that the manifests are made for, and the newest whose schemas there are.
VERSIONS = ("1.30", None)
COMMIT = "sha-" + "a" * 40
DIGEST = "sha256:" + "5" * 64
# What each line of kustomization.yaml becomes when its reader sets it.
EVERY_OPTION = {
    "components: []": "components:",
    "#  - components/pull-secret": "  - components/pull-secret",
    "#  - components/monitoring": "  - components/monitoring",
    "  # - backup.yaml": "  - backup.yaml",
    "newTag: sha-0000000": f"newTag: {COMMIT}",
    "# digest: sha256:…": f"digest: {DIGEST}",
    "PUBLIC_URL=https://learn.example.com": "PUBLIC_URL=https://portal.example.org/",
    "INGRESS_CLASS=traefik": "INGRESS_CLASS=nginx",
    "INGRESS_NAMESPACE=traefik": "INGRESS_NAMESPACE=ingress-nginx",
    "MONITORING_NAMESPACE=monitoring": "MONITORING_NAMESPACE=prometheus",
    "DATABASE_PORT=5432": "DATABASE_PORT=25061",
    "DATABASE_PORT_UNPOOLED=5432": "DATABASE_PORT_UNPOOLED=25060",
    "# - TRUSTED_PROXIES=10.0.0.0/8": "- TRUSTED_PROXIES=10.9.0.0/16",
}


def build(folder: Path, changes: dict[str, str]) -> list[Any]:
    """Returns the objects that kubectl would send, after `changes` in kustomization.yaml."""
    copy = folder / "kubernetes"
    shutil.copytree(DEPLOY / "kubernetes", copy)
    text = (copy / "kustomization.yaml").read_text()
    for before, after in changes.items():
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    (copy / "kustomization.yaml").write_text(text)
    done = subprocess.run(
        [find_tool("kubectl"), "kustomize", copy], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


@pytest.fixture(params=[{}, EVERY_OPTION], ids=["as-it-stands", "every-option"])
def built(request: pytest.FixtureRequest, tmp_path: Path) -> list[Any]:
    return build(tmp_path, request.param)


def one(objects: list[Any], kind: str) -> Any:
    (found,) = (each for each in objects if each["kind"] == kind)
    return found


def test_the_api_takes_what_is_sent(built: list[Any], tmp_path: Path) -> None:
    sent = tmp_path / "sent.yaml"
    sent.write_text(yaml.safe_dump_all(each for each in built if each["kind"] != "PodMonitor"))
    for version in VERSIONS:
        chosen = ["-k", version] if version else []
        command = [find_tool("kubernetes-validate"), "--strict", *chosen, str(sent)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_is_sent_that_only_the_folder_needs(built: list[Any]) -> None:
    text = yaml.safe_dump_all(built)
    assert one(built, "ConfigMap")["metadata"]["name"].startswith("portal-")
    assert "image: ai-training-portal" not in text
    changed = "portal.example.org" in text
    assert ("learn.example.com" in text, "TRUSTED_PROXIES" in text) == (not changed, changed)


def test_one_place_holds_what_differs_between_clusters(tmp_path: Path) -> None:
    objects = build(tmp_path, EVERY_OPTION)
    ingress = one(objects, "Ingress")["spec"]
    assert ingress["ingressClassName"] == "nginx"
    assert ingress["tls"][0]["hosts"] == [ingress["rules"][0]["host"]] == ["portal.example.org"]
    policy = one(objects, "NetworkPolicy")["spec"]
    names = [each["namespaceSelector"]["matchLabels"] for each in policy["ingress"][0]["from"]]
    assert [name["kubernetes.io/metadata.name"] for name in names] == [
        "ingress-nginx",
        "prometheus",
    ]
    assert [each["port"] for each in policy["egress"][-1]["ports"]] == [25061, 25060]
    pods = [pod for pod in map(deployed.pod_of, objects) if pod]
    assert len(pods) == 4
    for pod in pods:
        assert pod["imagePullSecrets"] == [{"name": "registry"}]
        for container in deployed.containers_of(pod):
            if "postgres" not in container["image"]:
                assert container["image"].endswith(f"/ai-training-portal:{COMMIT}@{DIGEST}")


def test_names_are_found_wherever_they_are_answered() -> None:
    """A destination would have to name every place that a cluster's DNS may have."""
    policy = deployed.document("kubernetes/network.yaml", "NetworkPolicy")["spec"]
    names = [rule for rule in policy["egress"] if {"port": 53, "protocol": "UDP"} in rule["ports"]]
    assert len(names) == 1
    assert names[0].keys() == {"ports"}
    assert {"port": 53, "protocol": "TCP"} in names[0]["ports"]


def test_no_network_of_proxies_is_guessed() -> None:
    (settings,) = deployed.documents("kubernetes/kustomization.yaml")
    for generator in settings["configMapGenerator"]:
        assert not [each for each in generator["literals"] if each.startswith("TRUSTED_PROXIES")]


@pytest.mark.parametrize("pinned", [False, True], ids=["by-tag", "by-digest"])
def test_each_image_has_a_job_of_its_own(tmp_path: Path, pinned: bool) -> None:
    """To go back is to apply another tag; a job of the same name could not be changed."""
    change = {"newTag: sha-0000000": f"newTag: {COMMIT}"}
    digest = {"# digest: sha256:…": f"digest: {DIGEST}"} if pinned else {}
    job = one(build(tmp_path, change | digest), "Job")
    assert job["metadata"]["name"] == f"portal-release-{COMMIT}"
    assert len(job["metadata"]["name"]) <= 63  # it becomes a label of the pod
    assert job["spec"]["ttlSecondsAfterFinished"] <= 86400
    readme = deployed.read("kubernetes/README.md")
    jobs = re.findall(r"job/(portal-release\S*?)[`\s]|delete job (\S+?)`", readme)
    assert {name for pair in jobs for name in pair if name} == {"portal-release-TAG"}


def test_prometheus_finds_the_pods_that_serve() -> None:
    monitor = one(
        deployed.documents("kubernetes/components/monitoring/pod-monitor.yaml"), "PodMonitor"
    )
    template = deployed.document("kubernetes/deployment.yaml", "Deployment")["spec"]["template"]
    labels, wanted = template["metadata"]["labels"], monitor["spec"]["selector"]["matchLabels"]
    assert wanted.items() <= labels.items()
    for name in ("release.yaml", "prune.yaml", "backup.yaml"):
        pod = next(filter(deployed.pod_of, deployed.documents(f"kubernetes/{name}")))
        assert wanted.items() - pod["metadata"]["labels"].items(), "jobs answer nobody"
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    assert endpoint["path"] == "/metrics"
    ports = {
        each["name"]
        for each in deployed.pod_of({"spec": {"template": template}})["containers"][0]["ports"]
    }
    assert endpoint["port"] in ports
    assert endpoint["authorization"]["credentials"] == {"name": "portal", "key": "METRICS_TOKEN"}
    # The alert rules ask for this job.
    job = labels[monitor["spec"]["jobLabel"]]
    asked = re.findall(r'job="([\w-]+)"', (DEPLOY / "observability/alerts.yml").read_text())
    assert job in asked


def test_the_alert_rules_are_those_of_observability() -> None:
    done = subprocess.run(
        [DEPLOY / "kubernetes/alerts.sh", "release=monitoring"], capture_output=True, check=True
    )
    rules = yaml.safe_load(done.stdout)
    assert (rules["apiVersion"], rules["kind"]) == ("monitoring.coreos.com/v1", "PrometheusRule")
    assert rules["metadata"]["labels"]["release"] == "monitoring"
    assert rules["spec"] == yaml.safe_load((DEPLOY / "observability/alerts.yml").read_text())
