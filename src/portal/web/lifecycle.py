"""How far the start has come: written by the release, read by the probes and the gate."""

from __future__ import annotations

from collections.abc import Callable

import msgspec


class Lifecycle(msgspec.Struct):
    """`phase` is a few plain words for the readiness answer; `at_head` once the schema is. `unfit`
    says in plain words what was wrong with the database when it was last looked at, "" for nothing,
    and `looked_at` when that was, in seconds of `time.monotonic`."""

    ready: bool = False
    at_head: bool = False
    stopping: bool = False
    phase: str = "starting"
    unfit: str = ""
    looked_at: float = float("-inf")
    on_ready: Callable[[], None] | None = None
    on_failure: Callable[[str], None] | None = None

    def enter(self, phase: str) -> None:
        self.phase = phase

    def open(self) -> None:
        """Let requests in."""
        self.at_head = True
        self.ready = True
        self.phase = "ready"
        if self.on_ready is not None:
            self.on_ready()
