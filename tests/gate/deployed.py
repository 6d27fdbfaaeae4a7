"""What deploy/ runs: each portal container there, with its variables, its command and its grace."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support import ROOT

DEPLOY = ROOT / "deploy"
PORTAL_IMAGES = ("ai-training-portal", "registry.example.com/ai-training-portal")
CLOUD_RUN_GRACE = 10  # fixed by the platform

yaml: Any = pytest.importorskip("yaml", reason="PyYAML is not installed: ./portal test brings it")


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """YAML with the tags that Compose adds for overrides (`!reset`)."""


_Loader.add_multi_constructor("!", lambda *_: None)


@dataclass(frozen=True)
class Container:
    """One portal container. A variable that is a secret by reference has the value None."""

    where: str
    command: str
    env: dict[str, str | None]
    grace: int | None = None


def files(*suffixes: str) -> list[Path]:
    """Returns the files of deploy/ that are ours to check here; observability has its own tests."""
    return sorted(
        path
        for path in DEPLOY.rglob("*")
        if path.is_file()
        and path.relative_to(DEPLOY).parts[0] != "observability"
        and (not suffixes or path.suffix in suffixes)
    )


def read(name: str) -> str:
    return (DEPLOY / name).read_text()


def documents(name: str) -> list[Any]:
    """Returns the YAML documents of a file below deploy/."""
    return list(yaml.load_all(read(name), Loader=_Loader))


def document(name: str, kind: str) -> Any:
    """Returns the one document of a kind."""
    (found,) = (each for each in documents(name) if each["kind"] == kind)
    return found


def kubernetes_names() -> list[str]:
    """Returns the manifests that the kustomization builds, and those that wait in a comment."""
    resources = documents("kubernetes/kustomization.yaml")[0]["resources"]
    return [f"kubernetes/{name}" for name in (*resources, "backup.yaml", "digest.yaml")]


def pod_of(manifest: Any) -> Any:
    """Returns the pod's specification inside a Deployment, Job or CronJob, else None."""
    spec = manifest.get("spec", {})
    spec = spec.get("jobTemplate", {}).get("spec", spec)
    return spec.get("template", {}).get("spec")


def containers_of(pod: Any) -> list[Any]:
    """Returns a pod's containers, those that run before the others included."""
    return [*pod.get("initContainers", []), *pod["containers"]] if pod else []


def platforms() -> list[tuple[str, list[tuple[int, ...]], str]]:
    """Returns of each platform in README.md's table: the folder, its sums of connections (count,
    pool, product, limit), and how far it was tried."""
    found = []
    for line in read("README.md").splitlines():
        row = re.match(r"\| \[([\w-]+)/\]", line)
        if row and row[1] != "observability":
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            sums = re.findall(r"(\d+) × (\d+) = (\d+) ≤ (\d+)", cells[2])
            found.append((row[1], [tuple(map(int, each)) for each in sums], cells[3]))
    return found


def fly() -> dict[str, Any]:
    return tomllib.loads(read("fly/fly.toml"))


def filled(value: Any, variables: dict[str, str]) -> Any:
    """Returns a Compose value with its `${NAME}`, `${NAME:-default}` and `$$` filled in."""

    def fill(match: re.Match[str]) -> str:
        return variables.get(match["name"]) or match["default"] or ""

    if not isinstance(value, str):
        return value
    text = re.sub(r"\$\{(?P<name>\w+)(?::[-?](?P<default>[^}]*))?\}", fill, value)
    return text.replace("$$", "$")


def vps_variables() -> dict[str, str]:
    lines = read("vps/.env.example").splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def vps_services() -> dict[str, Any]:
    """Returns the services of the single server, with the variables of .env.example."""
    variables = vps_variables()
    services: dict[str, Any] = documents("vps/compose.yaml")[0]["services"]
    for service in services.values():
        service["image"] = filled(service["image"], variables)
        pairs = service.get("environment", {}).items()
        service["environment"] = {name: filled(value, variables) for name, value in pairs}
    return services


def seconds(text: str) -> int:
    assert text.endswith("s"), text
    return int(text.removesuffix("s"))


def name_and_tag(image: str) -> tuple[str, str]:
    name, _, tag = image.rpartition(":")
    return (name, tag) if name and "/" not in tag else (image, "")


def _env(entries: list[Any]) -> dict[str, str | None]:
    env: dict[str, str | None] = {}
    for entry in entries:
        assert ("value" in entry) != ("valueFrom" in entry), entry
        env[entry["name"]] = entry.get("value")
        if "valueFrom" in entry:
            assert set(entry["valueFrom"]) == {"secretKeyRef"}, entry
    return env


def _kubernetes() -> list[Container]:
    literals = documents("kubernetes/kustomization.yaml")[0]["configMapGenerator"][0]["literals"]
    shared: dict[str, str | None] = dict(literal.split("=", 1) for literal in literals)
    found = []
    for name in kubernetes_names():
        for manifest in documents(name):
            pod = pod_of(manifest)
            for container in containers_of(pod):
                if name_and_tag(container["image"])[0] not in PORTAL_IMAGES:
                    continue
                env = _env(container.get("env", []))
                if "envFrom" in container:
                    assert container["envFrom"] == [{"configMapRef": {"name": "portal"}}]
                    env = {**shared, **env}
                command = " ".join(container.get("args", ["serve"]))
                grace = pod.get("terminationGracePeriodSeconds")
                if command == "serve":
                    grace -= container["lifecycle"]["preStop"]["sleep"]["seconds"]
                found.append(Container(name, command, env, grace))
    return found


def _cloud_run() -> list[Container]:
    service = documents("cloud-run/service.yaml")[0]["spec"]["template"]["spec"]
    job = documents("cloud-run/job.yaml")[0]["spec"]["template"]["spec"]["template"]["spec"]
    return [
        Container(
            f"cloud-run/{name}", " ".join(one.get("args", ["serve"])), _env(one["env"]), grace
        )
        for name, spec, grace in (
            ("service.yaml", service, CLOUD_RUN_GRACE),
            ("job.yaml", job, None),
        )
        for one in spec["containers"]
    ]


def _fly() -> list[Container]:
    settings = fly()
    # `fly mpg attach` and `fly secrets import` give them to every machine, as README.md says.
    secrets = dict.fromkeys(("DATABASE_URL", "DATABASE_URL_UNPOOLED", "ADMIN_PASSWORD"))
    env = {**secrets, "ADMIN_EMAIL": "admin@example.com", **settings["env"]}
    release = settings["deploy"]["release_command"].removeprefix("portal ")
    return [
        Container("fly/fly.toml", "serve", env, settings["kill_timeout"]),
        Container("fly/fly.toml", release, env),
    ]


def _vps() -> list[Container]:
    found = []
    for name, service in vps_services().items():
        if name_and_tag(service["image"])[0] not in PORTAL_IMAGES:
            continue
        command = service.get("command", ["serve"])
        grace = seconds(service["stop_grace_period"]) if command == ["serve"] else None
        found.append(
            Container(f"vps/compose.yaml {name}", command[-1], service["environment"], grace)
        )
    return found


def containers() -> list[Container]:
    """Returns every portal container of deploy/, except those of the Compose overrides."""
    return [*_kubernetes(), *_cloud_run(), *_fly(), *_vps()]
