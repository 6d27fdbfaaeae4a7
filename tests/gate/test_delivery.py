"""How a commit becomes an image: the workflows, the Dockerfile, and what a release names."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import find_tool
from tests.support import ROOT

GITHUB = ROOT / ".github"
CI = GITHUB / "workflows/ci.yml"
RELEASE = GITHUB / "workflows/release.yml"
REBUILD = GITHUB / "workflows/rebuild.yml"
LOCKS = GITHUB / "workflows/locks.yml"
WORKFLOWS = [CI, RELEASE, REBUILD, LOCKS]
IMAGE = GITHUB / "actions/image/action.yml"
PLATFORMS = ["linux/amd64", "linux/arm64"]
NAME = "ghcr.io/owner/name"
DIGEST = "sha256:" + "5" * 64
COMMIT = "a" * 40


def run(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def jobs_of(path: Path) -> dict[str, Any]:
    jobs: dict[str, Any] = load(path)["jobs"]
    return jobs


def step_of(path: Path, job: str, step: str) -> dict[str, Any]:
    found: dict[str, Any] = next(s for s in jobs_of(path)[job]["steps"] if s.get("id") == step)
    return found


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("github-workflows", tuple(WORKFLOWS)),
        ("github-actions", (IMAGE,)),
        ("dependabot", (GITHUB / "dependabot.yml",)),
    ],
)
def test_github_can_read_the_files(schema: str, files: tuple[Path, ...]) -> None:
    checker = find_tool("check-jsonschema")
    run(checker, "--builtin-schema", f"vendor.{schema}", *map(str, files))


def test_workflows_open_no_door() -> None:
    run(find_tool("zizmor"), "--offline", "--strict-collection", "--pedantic", "--no-progress", ".")


def test_workflows_and_their_scripts() -> None:
    run(find_tool("jactionlint"), *map(str, GITHUB.rglob("*.yml")))


def test_dockerfile() -> None:
    run(find_tool("hadolint"), "Dockerfile")


def test_what_the_dockerfile_may_ignore_has_a_reason() -> None:
    rules = re.findall(r"(?m)^ *- *(.*)$", (ROOT / ".hadolint.yaml").read_text(encoding="utf-8"))
    assert rules
    assert all(re.fullmatch(r"(DL|SC)\d+ +# .{10,}", rule) for rule in rules), rules


def test_actions_are_pinned_and_named() -> None:
    """Each is one commit, the same one everywhere, with its version beside it."""
    pins: dict[str, set[str]] = {}
    for path in GITHUB.rglob("*.yml"):
        for used in re.findall(r"(?m)^\s*(?:- )?uses: (.*)$", path.read_text(encoding="utf-8")):
            if used.startswith("$/"):
                assert (ROOT / used[2:] / "action.yml").is_file()
                continue
            match = re.fullmatch(r"([\w.-]+/[\w./-]+)@([0-9a-f]{40} # v\d+\.\d+\.\d+)", used)
            assert match, used
            pins.setdefault(match[1], set()).add(match[2])
    assert pins
    assert {action: pin for action, pin in pins.items() if len(pin) > 1} == {}


def test_every_workflow_is_looked_at() -> None:
    assert sorted(WORKFLOWS) == sorted(GITHUB.glob("workflows/*"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_jobs_ask_for_the_rights_that_they_need(path: Path) -> None:
    assert load(path)["permissions"] == {}
    for name, job in jobs_of(path).items():
        assert job["permissions"], name
        assert job["timeout-minutes"], name
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False, name


def test_a_pull_request_can_write_nowhere() -> None:
    for name, job in jobs_of(CI).items():
        if "write" in job["permissions"].values() and name != "publish":
            assert job["if"] == "github.event_name == 'push'", name
    assert "push" in jobs_of(CI)["publish"]["needs"]


def test_gate_is_the_readmes_command_on_every_python() -> None:
    gate = jobs_of(CI)["gate"]
    command = gate["steps"][-1]["run"]
    assert f"\n{command} " in (ROOT / "README.md").read_text(encoding="utf-8")

    versions = gate["strategy"]["matrix"]["python"]
    first, last = (int(version.removeprefix("3.")) for version in (versions[0], versions[-1]))
    assert versions == [f"3.{minor}" for minor in range(first, last + 1)]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == f">={versions[0]}"
    prefix = "Programming Language :: Python :: 3."
    named = [
        f"3.{c[len(prefix) :]}" for c in project.get("classifiers", []) if c.startswith(prefix)
    ]
    assert named in ([], versions)
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert set(re.findall(r"(?m)^FROM python:([\d.]+)", dockerfile)) < set(versions)


def test_gate_skips_nothing() -> None:
    gate = jobs_of(CI)["gate"]
    required = set(gate["steps"][-1]["env"]["PORTAL_REQUIRE"].split(","))
    everywhere = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("tests/**/*.py"))
    assert required == set(re.findall(r'find_tool\("([\w-]+)"\)', everywhere))


@pytest.mark.parametrize(("path", "job"), [(CI, "image"), (CI, "push"), (REBUILD, "push")])
def test_image_is_made_and_verified_on_every_platform(path: Path, job: str) -> None:
    matrix = jobs_of(path)[job]["strategy"]["matrix"]["include"]
    assert [entry["platform"] for entry in matrix] == PLATFORMS
    assert all(("arm64" in e["platform"]) == e["runner"].endswith("-arm") for e in matrix)

    steps = load(IMAGE)["runs"]["steps"]
    build = next(s for s in steps if s.get("id") == "build")["with"]
    given = set(re.findall(r"(?m)^(\w+)=", build["build-args"]))
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert given == set(re.findall(r"(?m)^ARG (\w+)", dockerfile))
    assert [s["run"] for s in steps if "verify.sh" in s.get("run", "")] == [
        "tests/container/verify.sh"
    ]


def test_nothing_has_a_tag_before_all_platforms_are_verified() -> None:
    jobs = jobs_of(CI)
    assert jobs["push"]["needs"] == ["gate", "audit"]
    index = step_of(CI, "publish", "index")
    assert set(index["env"]) == {
        "IMAGE",
        "SUFFIX",
        *(p.removeprefix("linux/").upper() for p in PLATFORMS),
    }
    for platform in PLATFORMS:
        assert f'"$IMAGE@${platform.removeprefix("linux/").upper()}"' in index["run"]
    # A rollback pins the whole commit.
    assert re.findall(r"--tag (\S+)", index["run"]) == ['"$IMAGE:sha-$GITHUB_SHA$SUFFIX"']


def test_nothing_has_a_tag_before_it_was_tried_beside_the_newest_release() -> None:
    jobs = jobs_of(CI)
    assert jobs["publish"]["needs"] == ["push", "upgrade"]
    trial = jobs["upgrade"]["steps"][-1]
    assert (
        "tests/container/upgrade.py ai-training-portal:old ai-training-portal:new" in trial["run"]
    )
    fetched = step_of(CI, "upgrade", "fetch")
    assert (
        fetched["env"]["NEW"] == "${{ needs.push.outputs.image }}@${{ needs.push.outputs.amd64 }}"
    )
    for image in re.findall(r"ai-training-portal:\w+", trial["run"]):
        assert f" {image}\n" in fetched["run"]


def script(path: Path, job: str, step: str, folder: Path, **environ: str) -> tuple[int, str]:
    """Run a step's own script, with the programs in `folder` before all others. Returns the exit
    code, and what it printed."""
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"]
    done = subprocess.run(
        [*shell, step_of(path, job, step)["run"]],
        cwd=folder,
        env={
            "PATH": f"{folder}:{os.environ['PATH']}",
            "HOME": str(folder),
            "GITHUB_REPOSITORY": "owner/name",
            "GITHUB_SERVER_URL": "https://example.com",
            "GITHUB_SHA": COMMIT,
            "GITHUB_OUTPUT": str(folder / "output"),
            **environ,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def stand_in(folder: Path, program: str, body: str) -> None:
    """Put a program that would reach the network where `script` finds it first."""
    (folder / program).write_text(f"#!/bin/sh\n{body}\n")
    (folder / program).chmod(0o755)


def registry(folder: Path, digest: str) -> None:
    """A docker that notes in `made` what it is to create, and knows one digest."""
    create = f'create) echo "$@" >>{folder}/made'
    stand_in(folder, "docker", f"case $3 in {create} ;; *) echo '{json.dumps(digest)}' ;; esac")


def release(folder: Path, tag: str, released: list[str], digest: str = DIGEST) -> tuple[int, str]:
    """Run the release's own script where the programs that reach the network only note what they
    were asked. Returns the exit code, and the arguments of the one write."""
    stand_in(folder, "gh", f"cat {folder}/refs")
    registry(folder, digest)
    (folder / "refs").write_text("".join(f"refs/tags/{name}\n" for name in released))
    status, _ = script(RELEASE, "release", "names", folder, TAG=tag, NAME=NAME, DIGEST=DIGEST)
    return status, (folder / "made").read_text().strip()


@pytest.mark.parametrize(
    ("tag", "released", "names"),
    [
        ("v1.0.0", ["v1.0.0"], ["1.0.0", "1.0", "latest"]),
        ("v1.10.0", ["v1.10.0", "v1.9.0"], ["1.10.0", "1.10", "latest"]),
        ("v1.9.1", ["v1.10.0", "v1.9.0", "v1.9.1"], ["1.9.1", "1.9"]),
        ("v1.9.1", ["v1.9.1", "v1.9.2", "v2.0.0"], ["1.9.1"]),
        ("v1.0.0", ["v1.0.0", "v2.0.0-rc.1", "very-old"], ["1.0.0", "1.0", "latest"]),
        ("v1.1.0", ["v1.1.0", "v11.1.5"], ["1.1.0", "1.1"]),
    ],
    ids=[
        "first",
        "ten-is-above-nine",
        "older-line",
        "older-fix",
        "other-tags",
        "eleven-is-not-one",
    ],
)
def test_release_names_what_was_verified(
    tmp_path: Path, tag: str, released: list[str], names: list[str]
) -> None:
    status, made = release(tmp_path, tag, released)
    assert status == 0
    tags = " ".join(f"--tag {NAME}:{name}" for name in names)
    assert made == f"buildx imagetools create {tags} {NAME}@{DIGEST}"


def test_release_of_anything_else_fails(tmp_path: Path) -> None:
    status, _ = release(tmp_path, "v1.0.0", ["v1.0.0"], digest="sha256:" + "6" * 64)
    assert status == 1


@pytest.mark.parametrize(
    ("noted", "status", "said"),
    [
        ([DIGEST], 0, ""),
        (["sha256:" + "6" * 64, DIGEST], 0, ""),
        (["sha256:" + "6" * 64], 1, "but CI made sha256:666"),
    ],
    ids=["same", "run-twice", "another"],
)
def test_release_without_attestations_takes_what_ci_noted(
    tmp_path: Path, noted: list[str], status: int, said: str
) -> None:
    (tmp_path / "noted").write_text("".join(f"{digest}\n" for digest in noted))
    stand_in(tmp_path, "gh", f"cat {tmp_path}/noted")
    got, output = script(RELEASE, "release", "compare", tmp_path, DIGEST=DIGEST)
    assert (got, said in output) == (status, True), output


def test_ci_notes_what_the_release_asks_for() -> None:
    note = next(s["run"] for s in jobs_of(CI)["publish"]["steps"] if "statuses" in s.get("run", ""))
    assert "-f context=image " in note
    assert '.context == "image"' in step_of(RELEASE, "release", "compare")["run"]
    attests = "${{ !github.event.repository.private || vars.ATTEST_PRIVATE == 'true' }}"
    does_not = "${{ github.event.repository.private && vars.ATTEST_PRIVATE != 'true' }}"
    conditions = {
        path.stem: [
            step["if"] for step in jobs_of(path)[job]["steps"] if "ATTEST" in step.get("if", "")
        ]
        for path, job in ((CI, "publish"), (REBUILD, "publish"), (RELEASE, "release"))
    }
    assert conditions == {"ci": [attests], "rebuild": [attests], "release": [attests, does_not]}


@pytest.mark.parametrize(
    ("ref", "released", "names"),
    [
        ("v1.9.1", ["v1.9.0", "v1.9.1"], ["1.9.1-DATE", "1.9", "latest"]),
        ("v1.9.1", ["v1.9.1", "v1.10.0"], ["1.9.1-DATE"]),
        (COMMIT, [], [f"sha-{COMMIT}-DATE"]),
    ],
    ids=["newest", "overtaken", "before-the-first"],
)
@pytest.mark.parametrize("suffix", ["", "-otel"])
def test_rebuild_moves_only_names_that_move(
    tmp_path: Path, ref: str, released: list[str], names: list[str], suffix: str
) -> None:
    (tmp_path / "refs").write_text("".join(f"refs/tags/{name}\n" for name in released))
    stand_in(tmp_path, "gh", f"cat {tmp_path}/refs")
    stand_in(tmp_path, "date", "echo DATE")
    registry(tmp_path, DIGEST)
    found = script(REBUILD, "find", "find", tmp_path)
    newest = sorted(released, key=lambda tag: [int(part) for part in tag[1:].split(".")])
    assert found == (0, f"ref={newest[-1] if newest else COMMIT}\n")
    status, output = script(
        REBUILD,
        "publish",
        "names",
        tmp_path,
        REF=ref,
        COMMIT=COMMIT,
        SUFFIX=suffix,
        IMAGE=NAME,
        AMD64="sha256:1",
        ARM64="sha256:2",
    )
    assert status == 0, output
    made = (tmp_path / "made").read_text()
    assert re.findall(r"--tag (\S+)", made) == [f"{NAME}:{name}{suffix}" for name in names]
    assert made.endswith(f"{NAME}@sha256:1 {NAME}@sha256:2\n")
    assert f"digest={DIGEST}\n" in (tmp_path / "output").read_text()


@pytest.mark.parametrize("changed", [False, True])
def test_renewed_locks_come_as_a_pull_request_that_ci_looks_at(
    tmp_path: Path, changed: bool
) -> None:
    def git(*arguments: str) -> str:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        return done.stdout

    git("init", "-q", "-b", "main")
    git("init", "-q", "--bare", "origin.git")
    git("remote", "add", "origin", "origin.git")
    lock = tmp_path / "locks/runtime.txt"
    lock.parent.mkdir()
    lock.write_text("one==1\n")
    git("add", "locks")
    git("commit", "-qm", "Begin")
    lock.write_text("one==2\n" if changed else "one==1\n")
    stand_in(
        tmp_path,
        "gh",
        f'echo "$1 $2" >>{tmp_path}/asked; case "$2" in list) echo 0 ;; esac',
    )
    status, output = script(LOCKS, "renew", "propose", tmp_path)
    assert status == 0, output
    if not changed:
        assert not (tmp_path / "asked").exists()
        return
    assert git("--git-dir", "origin.git", "show", "locks/renew:locks/runtime.txt") == "one==2\n"
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked == ["auth setup-git", "pr list", "pr create", "workflow run"]
    assert "workflow_dispatch" in load(CI)[True]  # YAML's name of `on`
