"""Replicas are exchanged by roll.sh and frozen, while people use the portal."""

from __future__ import annotations

import asyncio
import subprocess

from tests.container.faults import faults
from tests.container.faults.load import lasting
from tests.container.faults.report import say, tell
from tests.container.faults.stack import IMAGE, ROOT, Stack, docker


def roll(stack: Stack, image: str) -> subprocess.CompletedProcess[str]:
    """Run roll.sh with the stack's own files."""
    names = stack.compose_arguments()
    return subprocess.run(
        [str(ROOT / "deploy/compose/roll.sh"), *names],
        env=stack.environment() | {"PORTAL_IMAGE": image},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


async def rolled(stack: Stack) -> None:
    """roll.sh exchanges all replicas, then fails at an image that does not get well."""
    before = set(stack.containers("web"))
    async with faults.under_load(stack) as load:
        done = await asyncio.to_thread(roll, stack, IMAGE)
        tell(done.stdout.strip().splitlines()[-1] if done.stdout else done.stderr[-500:])
    after = set(stack.containers("web"))
    say(
        done.returncode == 0 and len(after) == len(before) and not before & after,
        f"rolled: exit {done.returncode}, {len(after)} replicas, {len(before & after)} old ones",
    )
    failures = load.failures()
    say(not failures, f"rolled: {len(load.seen)} requests, failures: {failures or 'none'}")
    await faults.judge(stack, load, "rolled")


async def replica_frozen(stack: Stack) -> None:
    """A replica is frozen for thirty seconds: it takes connections and answers nothing."""
    victim = stack.containers("web")[0]
    async with faults.under_load(stack) as load:
        cause = load.now()
        docker("pause", victim)
        await lasting(30)
        docker("unpause", victim)
        await lasting(5)
    late = [seen for seen in load.seen if seen.kind != "ok" and seen.at > cause + 9]
    say(not late, f"frozen: {load.failures() or 'no'} failures, {len(late)} later than after 9 s")
    lost = await load.missing()
    say(not lost, f"frozen: acknowledged writes lost: {lost or 'none'} of {load.writes()}")
    tell(f"addresses: {load.refused() or 'none'}")


SCENARIOS = {rolled: faults.three_replicas, replica_frozen: faults.three_replicas}
