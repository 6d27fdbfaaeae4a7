"""Breaks things while people use the portal, on a real Docker Engine.

    python tests/container/faults/run.py [scenario…]     all of them take about ten minutes
    IMAGE=name:tag RATE=100 python tests/container/faults/run.py silence

Needs docker with the compose plugin, the portal's environment for development (`.venv/bin/python`),
and a machine that reaches the containers' addresses, which Linux does. One line for each assertion
with the figure seen; exit 1 when one does not hold.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from tests.container.faults import faults, people, replicas, report, server, troubles

SCENARIOS = {
    scenario.__name__: (scenario, setting)
    for module in (faults, replicas, troubles, people, server)
    for scenario, setting in module.SCENARIOS.items()
}


async def run(names: list[str]) -> None:
    for setting, group in itertools.groupby(names, key=lambda name: SCENARIOS[name][1]):
        async with setting() as stack:
            for name in group:
                scenario = SCENARIOS[name][0]
                print(f"== {name}: {' '.join((scenario.__doc__ or '').split())}", flush=True)
                await scenario(stack)


def main() -> int:
    names = sys.argv[1:] or list(SCENARIOS)
    unknown = [name for name in names if name not in SCENARIOS]
    if unknown:
        print(f"Unknown: {', '.join(unknown)}. There are: {', '.join(SCENARIOS)}", file=sys.stderr)
        return 2
    asyncio.run(run(names))
    print(f"{len(report.failed)} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
