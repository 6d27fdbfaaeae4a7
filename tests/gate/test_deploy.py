"""What deploy/ says agrees with itself and with the portal. test_deploy_formats.py: the formats."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from portal.config.settings import SETTINGS, Settings
from portal.manager.mailing import missing_settings
from portal.ops.service import PASSWORD_FILE, SERVICE_FILE
from tests.gate import deployed
from tests.gate.deployed import DEPLOY, Container, read
from tests.support import ROOT, Portal

SECRETS = {
    "DATABASE_URL": "postgresql://app:pw@ep-name-pooler.eu.aws.neon.tech/db?sslmode=require",
    "DATABASE_URL_UNPOOLED": "postgresql://app:pw@ep-name.eu.aws.neon.tech/db?sslmode=require",
    "ADMIN_EMAIL": "admin@example.com",
    "ADMIN_PASSWORD": "a long password",
    "METRICS_TOKEN": "token",
    "SMTP_URL": "smtp://mailer:pw@mail.example.com",
}
KNOWN = {setting.name for setting in SETTINGS}
SECRET = {setting.name for setting in SETTINGS if setting.secret}
LIVE = {"/api/health", "/health/live"}


def every(command: str | None = None) -> list[Any]:
    found = [each for each in deployed.containers() if command in (None, each.command)]
    return [pytest.param(each, id=f"{each.where} {each.command}") for each in found]


def settings_of(container: Container, folder: Path) -> Settings:
    """Returns what the portal makes of a container's variables, with real secrets in them."""
    environ = {}
    for name, value in container.env.items():
        plain = name.removesuffix("_FILE")
        if plain == name:
            environ[name] = SECRETS[name] if value is None else value
            continue
        assert value is not None
        direct = value.endswith("database_url_unpooled")
        (folder / plain).write_text(SECRETS["DATABASE_URL_UNPOOLED" if direct else plain])
        environ[name] = str(folder / plain)
    return Settings.from_env(environ, cwd=folder)


@pytest.mark.parametrize("container", every())
def test_the_portal_takes_the_variables(container: Container, tmp_path: Path) -> None:
    unknown = {name for name in container.env if name.removesuffix("_FILE") not in KNOWN}
    assert not unknown
    settings = settings_of(container, tmp_path)
    assert settings.database
    if container.command == "serve":
        assert not settings.migrate_on_start
        assert settings.database.pooled
        assert settings.public_url
        assert not settings.public_url.loopback
    elif container.command == "digest":
        assert missing_settings(settings) == []
    else:
        assert settings.direct
        assert not settings.direct.pooled


@pytest.mark.parametrize("container", every())
def test_secrets_are_references(container: Container) -> None:
    assert {name for name in SECRET if container.env.get(name)} == set()


def test_every_platform_releases_before_it_serves() -> None:
    places = {"kubernetes", "cloud-run", "fly", "vps"}
    for command in ("serve", "release"):
        found = [each for each in deployed.containers() if each.command == command]
        assert {each.where.partition("/")[0] for each in found} == places
    script = read("vps/up.sh")
    order = [
        "up --wait db",
        "up pgbouncer",
        "run --rm -T --no-deps release",
        "in web web2",
        "up caddy",
    ]
    steps = [script.index(step) for step in order]
    assert steps == sorted(steps)


def test_the_poolers_look_again_soon_and_can_be_stopped() -> None:
    bouncer = deployed.documents("compose/compose.pgbouncer.yml")[0]["services"]["pgbouncer"]
    own = dict(re.findall(r"^(\w+) = (\w+)$", read("vps/pgbouncer.ini"), re.MULTILINE))
    for name in (
        *("server_login_retry", "server_connect_timeout", "dns_max_ttl", "dns_nxdomain_ttl"),
        *("query_wait_timeout", "max_client_conn", "default_pool_size", "pool_mode"),
    ):
        assert bouncer["environment"][name.upper()] == own[name], name
    assert int(own["server_login_retry"]) == 1
    for service in (bouncer, deployed.vps_services()["pgbouncer"]):
        assert service["stop_signal"] == "SIGINT"


@pytest.mark.parametrize("container", every("serve"))
def test_requests_in_flight_can_finish(container: Container, tmp_path: Path) -> None:
    assert container.grace is not None
    assert "SHUTDOWN_SECONDS" in container.env
    assert container.grace >= settings_of(container, tmp_path).shutdown_seconds + 2


def pool_of(place: str) -> int:
    pools = {
        int(each.env["DB_POOL_SIZE"] or 0)
        for each in deployed.containers()
        if each.command == "serve" and each.where.startswith(place)
    }
    (size,) = pools
    return size


def instances() -> dict[str, tuple[int, int]]:
    """Returns for each file with a sum: the most processes there can be, and the pool of each."""
    scaling = deployed.document("kubernetes/scaling.yaml", "HorizontalPodAutoscaler")["spec"]
    rollout = deployed.document("kubernetes/deployment.yaml", "Deployment")["spec"]["strategy"]
    revision = deployed.documents("cloud-run/service.yaml")[0]["spec"]["template"]["metadata"]
    replicas = deployed.documents("compose/compose.replicas.yml")[0]["services"]["web"]
    copies = replicas["deploy"]["replicas"]
    size = int(replicas["environment"]["DB_POOL_SIZE"])
    portals = [each for each in deployed.containers() if each.where.startswith("vps/")]
    default = next(int(each.default) for each in SETTINGS if each.name == "DB_POOL_SIZE")
    return {
        "kubernetes/scaling.yaml": (
            scaling["maxReplicas"] + rollout["rollingUpdate"]["maxSurge"],
            pool_of("kubernetes"),
        ),
        "cloud-run/service.yaml": (
            2 * int(revision["annotations"]["autoscaling.knative.dev/maxScale"]),
            pool_of("cloud-run"),
        ),
        "fly/fly.toml": (4, pool_of("fly")),  # fly scale count is no part of the file
        "vps/compose.yaml": (
            sum(each.command == "serve" for each in portals),
            pool_of("vps"),
        ),
        "compose/compose.replicas.yml": (copies, size),
        "compose/compose.pgbouncer.yml": (copies, default),
    }


def test_connections_stay_below_the_limit() -> None:
    sums = {}
    for path in deployed.files(".yaml", ".yml", ".toml"):
        line = re.search(
            r"^# connections: (\d+) x (\d+) = (\d+), limit (\d+)$", path.read_text(), re.MULTILINE
        )
        if line:
            sums[str(path.relative_to(DEPLOY))] = tuple(map(int, line.groups()))
    expected = instances()
    assert sums.keys() == expected.keys()
    for name, (count, size, product, limit) in sums.items():
        assert (count, size) == expected[name], name
        assert product == count * size, name
        assert product <= limit, name
    told = {folder: (each, state) for folder, each, state in deployed.platforms()}
    for name, numbers in sums.items():
        assert told[name.partition("/")[0]][0] == [numbers], name
    for count, size, product, limit in told["vercel"][0]:
        assert product == count * size <= limit
        assert f"`DB_POOL_SIZE` | `{size}`" in read("vercel/README.md")
    bouncer = deployed.documents("compose/compose.pgbouncer.yml")[0]["services"]["pgbouncer"]
    assert sums["compose/compose.pgbouncer.yml"][3] == int(
        bouncer["environment"]["MAX_CLIENT_CONN"]
    )
    own = re.search(r"^max_client_conn = (\d+)$", read("vps/pgbouncer.ini"), re.MULTILINE)
    assert own
    assert sums["vps/compose.yaml"][3] == int(own[1])


def test_each_platform_says_how_far_it_was_tried() -> None:
    state = r"run on .*|checked against documentation of [A-Z][a-z]+ 20\d\d\b.*; not run|not run"
    folders = {path.name for path in DEPLOY.iterdir() if path.is_dir()} - {"observability"}
    assert {folder for folder, *_ in deployed.platforms()} == folders
    for folder, _, tried in deployed.platforms():
        assert re.fullmatch(state, tried), folder
        if folder not in {"compose", "vps"}:  # commands against an account of somebody's
            assert "## You should now see" in read(f"{folder}/README.md"), folder


def probes() -> dict[str, set[str]]:
    """Returns the paths that anything in deploy/ asks, by what the answer is used for."""
    found: dict[str, set[str]] = {"live": set(), "ready": set(), "startup": set()}
    kubernetes = deployed.document("kubernetes/deployment.yaml", "Deployment")
    cloud_run = deployed.documents("cloud-run/service.yaml")[0]
    for pod in (deployed.pod_of(kubernetes), deployed.pod_of(cloud_run)):
        for name, key in (
            ("live", "livenessProbe"),
            ("ready", "readinessProbe"),
            ("startup", "startupProbe"),
        ):
            if key in pod["containers"][0]:
                found[name].add(pod["containers"][0][key]["httpGet"]["path"])
    fly = deployed.fly()
    found["ready"] |= {check["path"] for check in fly["http_service"]["checks"]}
    found["live"] |= {check["path"] for check in fly["checks"].values()}
    found["ready"] |= set(re.findall(r"health_uri (\S+)", read("vps/Caddyfile")))
    ready, alive = read("compose/haproxy.cfg").split("\nbackend ")[1:]
    found["ready"] |= set(re.findall(r"httpchk GET (\S+)", ready))
    found["live"] |= set(re.findall(r"httpchk GET (\S+)", alive))
    return found


async def test_probes_ask_what_the_portal_answers(portal: Portal) -> None:
    asked = probes()
    assert asked["live"] <= LIVE
    assert asked["ready"] == {"/health/ready"}
    assert asked["startup"] == {"/health/startup"}
    balancer = portal.browser(base_url="http://10.1.2.3:3000", client=("10.1.2.1", 40_000))
    for path in set.union(*asked.values()):
        assert (await balancer.get(path)).status_code == 200, path


def test_pods_run_confined() -> None:
    for name in deployed.kubernetes_names():
        for pod in filter(None, map(deployed.pod_of, deployed.documents(name))):
            assert pod["automountServiceAccountToken"] is False, name
            assert pod["securityContext"]["runAsNonRoot"] is True, name
            assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
            for container in deployed.containers_of(pod):
                assert container["securityContext"] == {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                }, name
                assert "memory" in container["resources"]["limits"], name
                assert {"cpu", "memory"} <= container["resources"]["requests"].keys(), name
            # pg_dump's image knows another user, and both have to read the password file.
            user = 70 if name.endswith("backup.yaml") else 10001
            assert pod["securityContext"]["runAsUser"] == user, name


def test_selectors_find_the_pods() -> None:
    deployment = deployed.document("kubernetes/deployment.yaml", "Deployment")["spec"]
    labels = deployment["template"]["metadata"]["labels"].items()
    service = deployed.document("kubernetes/network.yaml", "Service")["spec"]["selector"]
    budget = deployed.document("kubernetes/scaling.yaml", "PodDisruptionBudget")["spec"]
    policy = deployed.document("kubernetes/network.yaml", "NetworkPolicy")["spec"]
    assert deployment["selector"]["matchLabels"].items() <= labels
    assert service.items() <= labels
    assert budget["selector"]["matchLabels"].items() <= labels
    assert policy["podSelector"]["matchLabels"].items() <= labels
    for name in ("release.yaml", "prune.yaml"):
        (job,) = deployed.documents(f"kubernetes/{name}")
        assert service.items() - job["metadata"]["labels"].items(), "no request goes to a job"


def test_images_are_pinned() -> None:
    images: list[str] = [service["image"] for service in deployed.vps_services().values()]
    for name in ("pgbouncer", "replicas"):
        services = deployed.documents(f"compose/compose.{name}.yml")[0]["services"].values()
        images += [service["image"] for service in services if "image" in service]
    new = {
        each["name"]: each
        for each in deployed.documents("kubernetes/kustomization.yaml")[0]["images"]
    }
    for name in (*deployed.kubernetes_names(), "cloud-run/service.yaml", "cloud-run/job.yaml"):
        for manifest in deployed.documents(name):
            pod = deployed.pod_of(manifest)
            pod = deployed.pod_of({"spec": pod}) if pod and "template" in pod else pod
            for container in deployed.containers_of(pod):
                image = container["image"]
                pin = new.get(image)
                images.append(f"{pin['newName']}:{pin['newTag']}" if pin else image)
    assert len(images) > 10
    for image in images:
        _, tag = deployed.name_and_tag(image)
        assert tag not in ("", "latest"), image


def test_dependabot_raises_every_image() -> None:
    """Folder by folder, Compose files by their names and Kubernetes' manifests by what they are."""
    updates = deployed.yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())["updates"]
    looked_at = {
        (each["package-ecosystem"], folder) for each in updates for folder in each["directories"]
    }
    found = {("docker", "/")}  # the Dockerfile
    for path in [*deployed.files(".yaml", ".yml"), ROOT / "docker-compose.yml"]:
        image = r"^\s+image: (?:\$\{\w+:-)?([^\s$}]+:[^\s}]+)\}?$"  # it reads a variable's default
        images = re.findall(image, path.read_text(), re.MULTILINE)
        if not any("ai-training-portal" not in each for each in images):
            continue
        kind = "docker-compose" if "\nservices:" in path.read_text() else "docker"
        if kind == "docker-compose":
            assert re.search(r"(docker-)?compose(-\w+)?(\.[\w-]+)?\.ya?ml", path.name), path
        found.add((kind, f"/{path.parent.relative_to(ROOT)}".removesuffix(".")))
    assert {each for each in looked_at if each[0] != "github-actions"} == found


def test_files_that_are_named_are_there() -> None:
    """In documents, comments and scripts: what somebody copies has to run."""
    named = re.compile(r"\bdeploy/[\w./-]+\.(?:ya?ml|sh|json|toml|md|cfg|ini)\b")
    texts = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("*.yml"), *deployed.files()]
    places = {place for path in texts for place in named.findall(path.read_text())}
    assert len(places) > 10
    assert sorted(place for place in places if not (ROOT / place).exists()) == []


def test_dumps_are_led_by_what_the_portal_wrote() -> None:
    """No address as a provider writes it gets to pg_dump, which would not understand it."""
    pod = deployed.pod_of(deployed.document("kubernetes/backup.yaml", "CronJob"))
    (first,) = pod["initContainers"]
    (dump,) = pod["containers"]
    services = deployed.vps_services()
    script = read("vps/backup.sh")
    for command, arguments, environment in (
        (dump["command"][-1], first["args"], {e["name"]: e["value"] for e in dump["env"]}),
        (script, services["address"]["command"], services["backup"]["environment"]),
    ):
        assert arguments[:2] == ["db", "service"]
        assert environment["PGSERVICEFILE"] == f"{arguments[2]}/{SERVICE_FILE}"
        assert environment["PGPASSFILE"] == f"{arguments[2]}/{PASSWORD_FILE}"
        assert "--dbname=service=portal" in command
        assert "DATABASE_URL" not in command
    # The password file is its owner's alone.
    assert pod["securityContext"]["runAsUser"] == 70
    assert services["address"]["user"] == services["backup"]["user"] == "70:70"
    condition = services["backup"]["depends_on"]["address"]["condition"]
    assert condition == "service_completed_successfully"
    for path in deployed.files():
        for line in path.read_text().splitlines():
            if re.search(r"\bpg_(dump|restore)\b.*--dbname", line):
                assert "service=portal" in line, path


def test_no_demo_and_no_password() -> None:
    for path in deployed.files():
        if path.suffix == ".md":
            continue
        text = path.read_text()
        assert "SEED_DB" not in text, path
        for password in re.findall(r"postgres(?:ql)?://\w+:([^@\s]+)@", text):
            assert password.startswith("$"), path
        for value in re.findall(
            r"(?im)^\s*(?:\w+_)?(?:password|token)(?:_file)?[:=][ \t]*(\S+)$", text
        ):
            assert value.startswith(("$", "/run/secrets/")), path
