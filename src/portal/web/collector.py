"""What the metrics tell of the process: database, release, and what people did."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from portal import __version__
from portal.db.engine import Engine
from portal.web.counters import counts
from portal.web.lifecycle import Lifecycle

# Every event that is counted, its help, and its outcomes: all are shown from the start, as zero.
EVENTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "sign_ins": ("Tries to sign in", ("accepted", "refused", "limited")),
    "answers": ("Answers committed to a question", ("right", "wrong")),
    "quizzes_finished": ("Attempts completed", ("",)),
    "videos_completed": ("Videos that became done", ("watched", "declared")),
    "rate_limit_refusals": ("Tries refused because there were too many", ("",)),
}
PHASES = (
    "starting",
    "waiting for the database",
    "schema behind",
    "migrating",
    "seeding",
    "ready",
    "stopping",
    "failed",
)


class StateCollector(Collector):
    """Reads, at each scrape, what is counted and known elsewhere. Asks the database nothing."""

    def __init__(self, engine: Engine, lifecycle: Lifecycle) -> None:
        self.engine = engine
        self.lifecycle = lifecycle

    def collect(self) -> Iterator[Metric]:
        """Returns the families of metrics, one after the other."""
        yield InfoMetricFamily(
            "portal_build",
            "The running version",
            {"version": __version__, "python": platform.python_version()},
        )
        yield from self._release()
        yield from self._database()
        yield from _events()

    def _release(self) -> Iterator[Metric]:
        lifecycle = self.lifecycle
        yield _gauge(
            "portal_ready",
            "1 while requests are let in",
            lifecycle.ready and not lifecycle.stopping,
        )
        yield _gauge("portal_schema_at_head", "1 once the schema is up to date", lifecycle.at_head)
        current = "stopping" if lifecycle.stopping else lifecycle.phase
        if lifecycle.ready and current == "starting":
            current = "ready"  # opened before there was a release to tell of
        phases = GaugeMetricFamily(
            "portal_release_phase", "1 for how far the start has come", labels=("phase",)
        )
        for phase in PHASES:
            phases.add_metric((phase,), phase == current)
        yield phases

    def _database(self) -> Iterator[Metric]:
        pool = self.engine.pool
        connections = GaugeMetricFamily(
            "portal_db_pool_connections",
            "Open connections of the pool for requests",
            labels=("state",),
        )
        connections.add_metric(("idle",), pool.idle_connections)
        connections.add_metric(("used",), pool.open_connections - pool.idle_connections)
        yield connections
        yield _gauge("portal_db_pool_limit", "Connections that the pool may open", pool.size)
        yield _gauge("portal_db_pool_waiting", "Waiting for a connection now", pool.waiting)
        yield _gauge("portal_db_away", "1 while the database cannot be reached", pool.away)
        yield _gauge(
            "portal_db_read_only", "1 while the database takes no writes", pool.writes.read_only
        )
        for name, documentation, value in (
            ("portal_db_acquire_timeouts", "Waits that ended without one", pool.acquire_timeouts),
            ("portal_db_connections_opened", "Connections opened", pool.opened),
            ("portal_db_reconnects", "Times the database was away and came back", pool.returns),
            (
                "portal_db_notes_missed",
                "Notes about a request that could not be written, such as when somebody was seen",
                self.engine.best_effort.missed,
            ),
            ("portal_db_statements", "Statements sent", pool.statements),
        ):
            yield CounterMetricFamily(name, documentation, value)


def _gauge(name: str, documentation: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, documentation, float(value))


def _events() -> Iterator[Metric]:
    counted = counts()
    for event, (documentation, outcomes) in EVENTS.items():
        labelled = outcomes != ("",)
        family = CounterMetricFamily(
            f"portal_{event}", documentation, labels=("outcome",) if labelled else ()
        )
        for outcome in outcomes:
            family.add_metric((outcome,) if labelled else (), counted.get((event, outcome), 0))
        yield family
