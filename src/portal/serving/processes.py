"""Programs that run beside this one."""

from __future__ import annotations

import asyncio

GRACE_SECONDS = 5.0


async def end(process: asyncio.subprocess.Process) -> None:
    """End a program that is still running, by force after five seconds, and wait until it is
    gone."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), GRACE_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
