"""One portal, one database, and what an operator may meet: late, full, frozen, unhealthy."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.container.faults.faults import BACK_SECONDS, judge
from tests.container.faults.load import Load, lasting, sign_in
from tests.container.faults.report import say, tell
from tests.container.faults.stack import (
    IMAGE,
    PROJECT,
    Stack,
    docker,
    limited,
    started,
    until_database_answers,
)

CUT = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
USE_UP = ("SELECT pg_logical_emit_message(false, 'full', 'x')", "SELECT pg_switch_wal()")
KEEPER = f"{PROJECT}-keeper"


async def late(stack: Stack) -> None:
    """The portal starts before its database does."""
    stack.compose("stop", "web", "db")
    web, db = stack.containers("web")[0], stack.containers("db")[0]
    docker("start", web)
    await stack.until("/api/health")
    await lasting(3)
    for path, status in (("/api/health", 200), ("/health/ready", 503), ("/login", 503)):
        answer = await stack.ask(path)
        say(
            answer.status == status and answer.seconds < BACK_SECONDS,
            f"database absent at the start: {path} {answer.status} in {answer.seconds:.2f} s",
        )
    docker("start", db)
    returned = await until_database_answers(stack)
    await stack.until("/health/ready")
    took = time.monotonic() - returned
    say(took < BACK_SECONDS, f"database absent at the start: ready {took:.2f} s after it came")


async def frozen(stack: Stack) -> None:
    """The container is frozen, its connections are dropped meanwhile, and it thaws."""
    cookie, _ = await sign_in(stack.address, stack.names[0])
    web = stack.containers("web")[0]
    for seconds in (5, 30):
        for path in ("/health/ready", "/api/dashboard/kpis", "/dashboard"):
            await stack.ask(path, cookie=cookie)
            docker("pause", web)
            cut = stack.sql(CUT)
            await lasting(seconds)
            docker("unpause", web)
            answer = await stack.ask(path, cookie=cookie)
            say(
                answer.status == 200 and answer.seconds < 1,
                f"frozen for {seconds} s, {cut} connections dropped: the first request, {path},"
                f" {answer.status} in {answer.seconds * 1000:.0f} ms",
            )


async def unhealthy(stack: Stack) -> None:
    """The health check asks at a port where nothing listens, or which is none."""
    web = stack.containers("web")[0]
    for port in ("9", "http"):
        command = ["exec", "-e", f"PORT={port}", web, "sh", "-c"]
        said = docker(*command, 'portal healthcheck 2>&1; echo "exit $?"').splitlines()
        say(len(said) == 2 and said[1] == "exit 1", f"health check with PORT={port}: {said}")


async def full(stack: Stack) -> None:
    """The disk of the database is full: first for tables, then for the write-ahead log as well."""
    load = Load(stack.address, 40, stack.names)
    await load.prepare()
    async with load.running():
        await lasting(3)
        fill()
        await _until_refused(load)
        tell(f"what is refused without room: {load.refused()}")
        for path in ("/health/ready", "/dashboard", "/api/dashboard/kpis"):
            answer = await stack.ask(path, cookie=load.learners[0].cookie)
            say(answer.status == 200, f"disk full: {path} {answer.status}")
        docker("exec", KEEPER, "rm", "/held/ballast")
        back = load.now()
        await lasting(4)
    await judge(stack, load, "disk full", back=back)

    load = Load(stack.address, 40, stack.names)
    await load.prepare()
    async with load.running():
        await lasting(3)
        fill()
        db = stack.containers("db")[0]
        await _until_panic(stack, db)
        for path, status in (("/api/health", 200), ("/health/ready", 503), ("/dashboard", 503)):
            answer = await stack.ask(path, cookie=load.learners[0].cookie)
            say(
                answer.status == status and answer.seconds < BACK_SECONDS,
                f"write-ahead log full, server ended: {path} {answer.status}"
                f" in {answer.seconds:.2f} s",
            )
        docker("exec", KEEPER, "rm", "/held/ballast")
        if docker("inspect", "-f", "{{.State.Status}}", db) == "exited":
            docker("start", db)  # without a restart policy
        returned = await until_database_answers(stack)
        back = load.now() - (time.monotonic() - returned)
        await lasting(4)
    await judge(stack, load, "write-ahead log full", back=back)


def fill() -> None:
    """Leave no room on the disk of the database."""
    docker("exec", KEEPER, "sh", "-c", "cat /dev/zero > /held/ballast", check=False)


async def _until_refused(load: Load) -> None:
    for _ in range(300):
        if load.failures():
            return
        await asyncio.sleep(0.1)
    say(False, "disk full: nothing was refused within 30 s")


async def _until_panic(stack: Stack, db: str) -> None:
    """Use up the segments of the write-ahead log that were made in advance."""
    for _ in range(100):
        for statement in USE_UP:
            command = ("psql", "-qX", "-U", "postgres", "-d", "claude_training", "-c", statement)
            await asyncio.to_thread(docker, "exec", db, *command, check=False)
        panic = [line for line in stack.logs("db") if "PANIC" in line]
        if panic:
            tell(panic[-1][:160])
            return
    say(False, "write-ahead log full: the server did not end")


@asynccontextmanager
async def one() -> AsyncIterator[Stack]:
    async with started(web=limited(1, "256M"), db=limited(1, "512M")) as stack:
        stack.make_learners()
        yield stack


@asynccontextmanager
async def small_disk() -> AsyncIterator[Stack]:
    """The database has a disk of 160 MB, in memory. A second container holds it, so that its
    content outlives a restart of the database."""
    disk = {"driver_opts": {"type": "tmpfs", "device": "tmpfs", "o": "size=160m"}}
    db = {**limited(1, "512M"), "restart": "unless-stopped"}
    async with started(web=limited(1, "256M"), db=db, volumes={"db_data": disk}) as stack:
        stack.make_learners()
        volume = f"{PROJECT}_db_data:/held"
        docker(*("run", "-d", "--name", KEEPER, "-u", "0", "-v", volume, "--no-healthcheck"),
               *("--entrypoint", "sleep", IMAGE, "3600"))  # fmt: skip
        try:
            yield stack
        finally:
            docker("rm", "-fv", KEEPER, check=False)


SCENARIOS = {late: one, frozen: one, unhealthy: one, full: small_disk}
