"""`portal dev`: one command, everything on this machine."""

from __future__ import annotations

import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.ops.command import STOPPED, Running, free_port, only_line, run_portal, running

ELSEWHERE = "postgresql://someone:s3cret@127.0.0.1:1/production"


def postgres_below(folder: Path) -> list[psutil.Process]:
    """Returns the PostgreSQL processes whose data lies below `folder`."""
    return [
        process
        for process in psutil.process_iter(["name", "cmdline"])
        if process.info["name"] == "postgres"
        and str(folder) in " ".join(process.info["cmdline"] or ())
    ]


def folder_of_sockets(data: Path) -> Path:
    return Path((data / "postgres" / "postmaster.pid").read_text().splitlines()[4])


def leftovers(folder: Path) -> list[Path]:
    """Returns the folder with what lies in it, nothing once it is gone."""
    return [folder, *folder.iterdir()] if folder.exists() else []


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
        assert f"The data stays in {folder / 'data'};" in output
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


# What a shell may hold, and PostgreSQL's programs or the library would act on.
STEERING = {
    "LANG": "xx_YY.UTF-8",  # installed nowhere
    "LC_MESSAGES": "xx_YY.UTF-8",
    "TZ": "Nowhere/Nothing",
    "PGPORT": "6000",
    "PGOPTIONS": "--work_mem=nonsense",
    "PGDATA": "/nonexistent",
    "PGHOST": "production.example",
    "PGSERVER_POSTGRES_VERSION": "99",
    "TMPDIR": "/nonexistent",
}


@pytest.mark.parametrize(
    "name",
    [
        "Übung für Anna's Team",
        'a "$HOME" `id` \\ #;&*?',
        "-k",
        "ein/ziemlich/" + "tiefer" * 16,  # longer than the address of a socket may be
    ],
)
async def test_neither_its_folder_nor_the_environment_matters(folder: Path, name: str) -> None:
    data = folder / name
    with running("dev", "--data-dir", str(data), url=ELSEWHERE, **STEERING) as developing:
        await developing.answers("/health/ready")
        assert "pg_ctl" not in developing.output()
        sockets = folder_of_sockets(data)
        await stop(developing, folder)
    assert leftovers(sockets) == []


async def test_it_starts_again_after_a_crash(folder: Path) -> None:
    arguments = ("dev", "--data-dir", str(folder))
    with running(*arguments, url=ELSEWHERE) as developing:
        await developing.answers("/health/ready")
        left = (folder / "postgres" / "postmaster.pid").read_text()
        await stop(developing, folder)

    # As after a power cut: the file stayed, and the number is another process's by now.
    lines = left.splitlines()
    stale = "\n".join([str(os.getpid()), *lines[1:]]) + "\n"
    (folder / "postgres" / "postmaster.pid").write_text(stale)
    with running(*arguments, url=ELSEWHERE) as again:
        await again.answers("/health/ready")
        await stop(again, folder)


def test_a_folder_with_other_things_is_left_alone(folder: Path) -> None:
    (folder / "postgres").mkdir()
    (folder / "postgres" / "thesis.txt").write_text("mine")
    done = run_portal(ELSEWHERE, "dev", "--data-dir", str(folder), **STEERING)
    assert done.returncode == 1
    assert "is not empty" in only_line(done.stderr)
    assert (folder / "postgres" / "thesis.txt").read_text() == "mine"


def test_data_of_another_version_is_left_alone(folder: Path) -> None:
    (folder / "postgres").mkdir()
    (folder / "postgres" / "PG_VERSION").write_text("12\n")
    done = run_portal(ELSEWHERE, "dev", "--data-dir", str(folder))
    assert done.returncode == 1
    assert "holds data of PostgreSQL 12" in only_line(done.stderr)


async def test_a_reset_does_not_take_the_data_from_another(folder: Path) -> None:
    arguments = ("dev", "--data-dir", str(folder))
    with running(*arguments, url=ELSEWHERE) as developing:
        await developing.answers("/health/ready")
        reset = run_portal(ELSEWHERE, *arguments, "--reset", "--port", str(free_port()))
        assert reset.returncode == 1
        assert "end it before --reset" in only_line(reset.stderr)
        await developing.answers("/health/ready")
        async with developing.browser() as browser:
            login = {"username": "alex", "password": "claude123"}
            assert (await browser.post("/api/auth/login", json=login)).status_code == 200
        await stop(developing, folder)


@pytest.mark.parametrize(
    "port", ["0", "65536", "70000", "0000655360", "-1", "9" * 5000, "3000.0", "x", ""]
)
def test_a_port_that_is_none_is_one_line(folder: Path, port: str) -> None:
    data = folder / "data"
    done = run_portal(ELSEWHERE, "dev", f"--port={port}", "--data-dir", str(data))
    assert (done.returncode, done.stdout) == (2, "")
    assert "is not a port: give a number from 1 to 65535" in only_line(done.stderr)
    assert not data.exists(), "nothing was started for it"


def test_a_busy_port_names_the_option_that_takes_another(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run_portal(ELSEWHERE, "dev", "--port", port, "--data-dir", str(folder / "data"))
    assert done.returncode == 1
    assert only_line(done.stderr) == (
        f"Port {port} on 127.0.0.1: another process listens there. End it, or use --port."
    )
    assert postgres_below(folder) == []
