"""The description of the API holds: generated requests, good and bad, as everybody who may ask."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support import Database
from web.raw import raw_portal

TOOL = Path(sys.executable).with_name("schemathesis")
# A body can be of the right form and still be refused: unanswered questions, an end before a start.
NOT_CHECKED = "positive_data_acceptance"
EXAMPLES = "5"


@pytest.mark.parametrize("name", ["alex", "sara", "admin", None])
async def test_it(database: Database, tmp_path: Path, name: str | None) -> None:
    async with raw_portal(database.url, name or "alex") as raw:
        address = f"http://127.0.0.1:{raw.serving.port}"
        async with raw.serving.browser() as browser:
            browser.cookies["sid"] = raw.sid
            answer = await browser.get("/api/openapi.json")
        (tmp_path / "openapi.json").write_bytes(answer.content)
        signed_in = (
            *("--header", f"Cookie: sid={raw.sid}"),
            *("--exclude-path-regex", "/api/auth/log(in|out)"),
        )
        done = subprocess.run(
            [
                *(TOOL, "run", str(tmp_path / "openapi.json"), "--url", address),
                *("--phases", "examples,coverage,fuzzing"),
                *("--exclude-checks", NOT_CHECKED, "--continue-on-failure"),
                *("--max-examples", EXAMPLES, "--seed", "1", "--generation-deterministic", "--no-color"),
                *(signed_in if name else ()),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    print(done.stdout[-8000:])
    assert done.returncode == 0, done.stdout + done.stderr
