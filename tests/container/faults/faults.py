"""What may go wrong while three replicas serve 200 requests a second, and what must hold then."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.container.faults.client import ask
from tests.container.faults.load import Load, lasting, only_away, percentiles, sign_in
from tests.container.faults.report import say, tell
from tests.container.faults.stack import (
    PROJECT,
    Stack,
    docker,
    limited,
    started,
    until_database_answers,
)

RATE = float(os.environ.get("RATE", "200"))
BACK_SECONDS = 2.0
AT_ONCE_SECONDS = 0.5
LONGEST_SECONDS = 6.0
STEADY_SECONDS = 4.0
EXPECTED = ("[serve/", "[db/engine] the database ")  # what the logs of the replicas may hold


@asynccontextmanager
async def under_load(stack: Stack) -> AsyncIterator[Load]:
    """The load has been steady for a while when the block begins, and goes on for a while after."""
    load = Load(stack.address, RATE, stack.names)
    await load.prepare()
    async with load.running():
        await lasting(STEADY_SECONDS)
        yield load
        await lasting(STEADY_SECONDS)
    tell(f"{len(load.seen)} requests, {percentiles(s.seconds for s in load.seen)}; {load.writes()}")
    if load.failures():
        print(load.histogram(), flush=True)
    for odd in load.odd[:5]:
        tell(odd)


async def judge(stack: Stack, load: Load, what: str, *, back: float | None = None) -> None:
    """What holds after every fault: nothing else than 503 with Retry-After, no request that hangs,
    no acknowledged write that is lost, and back in time after `back`, a moment of the load."""
    failures = load.failures()
    say(only_away(failures), f"{what}: failures seen by clients: {failures or 'none'}")
    longest = load.longest()
    say(
        longest.seconds < LONGEST_SECONDS,
        f"{what}: the longest request took {longest.seconds:.2f} s ({longest.path})",
    )
    if back is not None:
        late = load.last_failure() - back
        say(
            late < BACK_SECONDS,
            f"{what}: the last request that failed began {late * 1000:.0f} ms after its end",
        )
    bugs = [line for line in stack.logs() if line.startswith("[") and not line.startswith(EXPECTED)]
    say(not bugs, f"{what}: unexpected lines in the logs: {bugs[-1] if bugs else 'none'}")
    lost = await load.missing()
    say(not lost, f"{what}: acknowledged writes lost: {lost or 'none'} of {load.writes()}")


async def replica(stack: Stack) -> None:
    """A replica is killed and started again, then another is stopped politely."""
    victims = stack.containers("web")
    for what, command in (("killed", ("kill",)), ("stopped", ("stop", "-t", "10"))):
        victim = victims.pop()
        async with under_load(stack) as load:
            await asyncio.to_thread(docker, *command, victim)
            await lasting(2)
            await asyncio.to_thread(docker, "start", victim)
            await lasting(5)
        failures = load.failures()
        say(
            not failures,
            f"replica {what} and started: failures seen by clients: {failures or 'none'}",
        )
        await judge(stack, load, f"replica {what} and started")


async def database(stack: Stack) -> None:
    """The database is restarted, then killed."""
    for what, commands in (
        ("restarted", (("restart", "-t", "10"),)),
        ("killed", (("kill",), ("start",))),
    ):
        async with under_load(stack) as load:
            container = stack.containers("db")[0]
            for command in commands:
                await asyncio.to_thread(docker, *command, container)
            returned = await until_database_answers(stack)
            back = load.now() - (time.monotonic() - returned)
            await lasting(4)
        await judge(stack, load, f"database {what}", back=back)


async def silence(stack: Stack) -> None:
    """The database is frozen for twenty seconds."""
    container = stack.containers("db")[0]
    async with under_load(stack) as load:
        cause = load.now()
        docker("pause", container)
        await lasting(20)
        docker("unpause", container)
        back = load.now()
    await judge(stack, load, "database silent for 20 s", back=back)
    known = [seen.seconds for seen in load.between(cause + 5, back - 0.5)]
    say(
        max(known) < AT_ONCE_SECONDS,
        f"database silent: after 5 s all are refused at once: {percentiles(known)}",
    )


async def pooler(stack: Stack) -> None:
    """The pooler is restarted, then frozen for eight seconds."""
    container = stack.containers("pgbouncer")[0]
    async with under_load(stack) as load:
        await asyncio.to_thread(docker, "restart", "-t", "5", container)
        back = load.now()
        await lasting(4)
    await judge(stack, load, "pooler restarted", back=back)
    async with under_load(stack) as load:
        docker("pause", container)
        await lasting(8)
        docker("unpause", container)
        back = load.now()
    await judge(stack, load, "pooler silent for 8 s", back=back)


async def network(stack: Stack) -> None:
    """The database leaves the network for eight seconds: nothing is refused, all is swallowed."""
    container = stack.containers("db")[0]
    address = stack.ip(container)
    where = f"{PROJECT}_default"
    async with under_load(stack) as load:
        docker("network", "disconnect", where, container)
        await lasting(8)
        docker(
            "network", "connect", "--alias", "db", "--ip", address, where, container, check=False
        )
        if address not in docker("inspect", "-f", "{{json .NetworkSettings.Networks}}", container):
            docker("network", "connect", "--alias", "db", where, container)
        returned = await until_database_answers(stack)
        back = load.now() - (time.monotonic() - returned)
        await lasting(6)
    await judge(stack, load, "database cut off for 8 s", back=back)


async def exhausted(stack: Stack) -> None:
    """All connections are in use: a locked table is wanted by more requests than there are."""
    before = _silences(stack)
    async with under_load(stack) as load:
        lock = "BEGIN; LOCK TABLE quiz_answer; SELECT pg_sleep(8); COMMIT"
        held = asyncio.create_task(asyncio.to_thread(stack.sql, lock))
        await lasting(4)
        for container in stack.containers("web"):
            # asked past the load balancer, which would only show the sum
            ready = await stack.ask_container(container, "/health/ready")
            say(
                ready.status == 200,
                f"pool exhausted: /health/ready {ready.status} in {ready.seconds:.2f} s",
            )
        await held
        back = load.now()
    await judge(stack, load, "pool exhausted for 8 s", back=back)
    false = _silences(stack) - before
    say(not false, f"pool exhausted: taken for a silent database {false} times")


def _silences(stack: Stack) -> int:
    return sum("it does not answer" in line for line in stack.logs())


async def sign_ins(stack: Stack) -> None:
    """Twenty people sign in at once, again and again, while others ask who they are."""
    address = stack.address
    cookie, _ = await sign_in(address, stack.names[0])
    measured: dict[str, list[float]] = {"usual": [], "meanwhile": []}
    took: list[float] = []

    async def ask_me(into: list[float], seconds: float) -> None:
        tasks = []
        for _ in range(int(seconds * 20)):
            tasks.append(asyncio.create_task(ask(address, "/api/auth/me", cookie=cookie)))
            await asyncio.sleep(0.05)
        into.extend(answer.seconds for answer in await asyncio.gather(*tasks))

    async def crowd(rounds: int) -> None:
        for _ in range(rounds):
            answers = await asyncio.gather(*(sign_in(address, name) for name in stack.names[:20]))
            took.extend(answer.seconds for _, answer in answers)
            assert all(answer.status == 200 for _, answer in answers)

    await ask_me([], 2)
    await ask_me(measured["usual"], 15)
    rounds = asyncio.create_task(crowd(1000))
    await ask_me(measured["meanwhile"], 15)
    rounds.cancel()
    await asyncio.wait({rounds})
    usual, meanwhile = (sorted(times)[int(len(times) * 0.99)] for times in measured.values())
    for name, times in measured.items():
        tell(f"/api/auth/me {name}: {percentiles(times)}")
    tell(f"sign-in, twenty at once: {percentiles(took)}, {len(took) / 15:.0f} a second")
    say(
        meanwhile < 4 * usual,
        f"p99 of /api/auth/me while twenty sign in: {meanwhile * 1000:.0f} ms,"
        f" usually {usual * 1000:.0f} ms: {meanwhile / usual:.1f} times",
    )


@asynccontextmanager
async def three_replicas() -> AsyncIterator[Stack]:
    """Three replicas behind the load balancer, PgBouncer in front of PostgreSQL."""
    async with started(
        "compose.replicas.yml",
        "compose.pgbouncer.yml",
        web=limited(1, "256M"),
        db=limited(1, "512M"),
        pgbouncer=limited(0.5, "64M"),
        balancer=limited(0.5, "128M"),
    ) as stack:
        stack.make_learners()
        yield stack


@asynccontextmanager
async def one_with_a_cpu() -> AsyncIterator[Stack]:
    """One portal with a CPU of its own."""
    async with started(web=limited(1, "256M"), db=limited(1, "512M")) as stack:
        stack.make_learners()
        yield stack


SCENARIOS = {
    replica: three_replicas,
    database: three_replicas,
    silence: three_replicas,
    pooler: three_replicas,
    network: three_replicas,
    exhausted: three_replicas,
    sign_ins: one_with_a_cpu,
}
