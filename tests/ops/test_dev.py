"""`portal dev`: one command, everything on this machine."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from ops.command import STOPPED, Running, running

ELSEWHERE = "postgresql://someone:s3cret@127.0.0.1:1/production"


def postgres_below(folder: Path) -> list[psutil.Process]:
    """Returns the PostgreSQL processes whose data lies below `folder`."""
    return [
        process
        for process in psutil.process_iter(["name", "cmdline"])
        if process.info["name"] == "postgres"
        and str(folder) in " ".join(process.info["cmdline"] or ())
    ]


async def stop(developing: Running, folder: Path) -> None:
    assert postgres_below(folder)
    developing.signal(signal.SIGINT)
    assert await developing.ended() in STOPPED
    assert postgres_below(folder) == []
    assert "Traceback" not in developing.output()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the user of the server may enter, which pytest's own are not for long."""
    with tempfile.TemporaryDirectory(prefix="portal-dev-") as made:
        yield Path(made)


async def test_it_runs_stops_and_keeps_its_data(folder: Path) -> None:
    arguments = ("dev", "--data-dir", str(folder / "data"))
    # What a developer's shell may hold is neither used nor even reached.
    environment = {"DATABASE_URL_UNPOOLED": ELSEWHERE, "PUBLIC_URL": "https://learn.example.com"}

    with running(*arguments, url=ELSEWHERE, **environment) as developing:
        await developing.answers("/health/ready")
        async with developing.browser() as browser:
            login = {"username": "alex", "password": "claude123"}
            assert (await browser.post("/api/auth/login", json=login)).status_code == 200
            done = {"videoId": "introduction-to-ai-fluency", "done": True}
            assert (await browser.post("/api/progress", json=done)).status_code == 200
            sid = browser.cookies["sid"]
        output = developing.output()
        assert output.count(f"http://localhost:{developing.port}") == 1, "told once"
        assert "claude123" in output
        assert "s3cret" not in output
        await stop(developing, folder)

    with running(*arguments, url=ELSEWHERE, **environment) as developing:
        await developing.answers("/health/ready")
        async with developing.browser() as browser:
            progress = await browser.get("/api/progress", headers={"cookie": f"sid={sid}"})
        assert progress.json()["videos"]["introduction-to-ai-fluency"]["done"] is True
        await stop(developing, folder)

    with running(*arguments, "--reset", url=ELSEWHERE, **environment) as fresh:
        await fresh.answers("/health/ready")
        async with fresh.browser() as browser:
            progress = await browser.get("/api/progress", headers={"cookie": f"sid={sid}"})
        assert progress.status_code == 401, "the session went with the data"
        await stop(fresh, folder)
