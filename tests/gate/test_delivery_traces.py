"""The image that sends traces is made, published and released beside the other one."""

from __future__ import annotations

import re

from tests.gate.test_delivery import CI, PLATFORMS, REBUILD, RELEASE, jobs_of, step_of


def test_the_image_that_sends_traces_has_names_of_its_own() -> None:
    for workflow, job in (
        (CI, "publish"),
        (CI, "released"),
        (RELEASE, "release"),
        (REBUILD, "publish"),
    ):
        assert jobs_of(workflow)[job]["strategy"]["matrix"] == {"suffix": ["", "-otel"]}
    push = jobs_of(CI)["push"]
    handed_on = set(push["outputs"]) - {"image"}
    assert handed_on == {f"{p.removeprefix('linux/')}{s}" for p in PLATFORMS for s in ("", "-otel")}
    for job in ("image", "push"):
        assert jobs_of(CI)[job]["strategy"]["matrix"]["platform"] == PLATFORMS
        assert jobs_of(CI)[job]["strategy"]["matrix"]["lock"] == ["runtime", "otel"]
    for workflow, job, step in ((CI, "publish", "index"), (RELEASE, "release", "names")):
        tags = re.findall(r'--tag ("[^"]+")', step_of(workflow, job, step)["run"])
        assert tags
        assert all(tag.endswith('$SUFFIX"') for tag in tags), tags
