"""`/metrics` in Prometheus' text format: requests by route and status, their time, and the state of
the process.

Labels are route templates and words of the code, never addresses or ids: nothing personal can end
up in them.
"""

from __future__ import annotations

import hmac
import platform
from collections.abc import Iterator, Mapping

from litestar import Response, get
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from portal import __version__
from portal.config.settings import Settings
from portal.db.engine import Engine
from portal.errors import NotFound
from portal.web.client_address import is_public, peer_of
from portal.web.counters import counts
from portal.web.lifecycle import Lifecycle
from portal.web.log import UNROUTED
from portal.web.probes import is_known_ready, look_again
from portal.web.site import Req, site

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
ACQUIRE_BUCKETS = (0.001, 0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto")
# Every event that is counted, its help, and its outcomes: all are shown from the start, as zero.
EVENTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "sign_ins": ("Tries to sign in", ("accepted", "refused", "limited")),
    "answers": ("Answers committed to a question", ("right", "wrong")),
    "quizzes_finished": ("Attempts completed", ("",)),
    "question_reports": ("Questions that a learner reported", ("",)),
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


class Metrics:
    """The counters of one process. Several processes are several targets to scrape."""

    def __init__(self, engine: Engine, lifecycle: Lifecycle) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "portal_http_requests",
            "Answered requests",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "portal_http_request_seconds",
            "Time to answer",
            ("route",),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.errors = Counter(
            "portal_server_errors",
            "Requests, probes left out, that failed: a bug, or the database was not to be had",
            ("kind",),
            registry=self.registry,
        )
        for kind in ("bug", "unavailable"):
            self.errors.labels(kind)  # there from the start: an increase from nothing is not seen
        acquired = Histogram(
            "portal_db_acquire_seconds",
            "Time to get a connection of the pool, also when none was got",
            buckets=ACQUIRE_BUCKETS,
            registry=self.registry,
        )
        engine.pool.on_acquire = acquired.observe
        self.engine = engine
        self.lifecycle = lifecycle
        self.registry.register(StateCollector(engine, lifecycle))
        ProcessCollector(registry=self.registry)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request. `route` is the template, such as `/step/{step_id}`."""
        method = method if method in METHODS else "other"  # anybody may send any word
        self.requests.labels(method, route, str(status)).inc()
        self.seconds.labels(route).observe(seconds)
        if status >= 500 and route != UNROUTED and not route.startswith("/health/"):
            self.errors.labels("bug" if status == 500 else "unavailable").inc()

    def text(self) -> bytes:
        """Returns all metrics as Prometheus reads them."""
        look_again(self.lifecycle, self.engine)
        return generate_latest(self.registry)


class StateCollector(Collector):
    """Reads, at each scrape, what is counted and known elsewhere. Waits for nothing."""

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
            "1 while requests can be served, as /health/ready says",
            is_known_ready(lifecycle, self.engine),
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
                self.engine.missed_writes,
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


def may_scrape(request: Req, settings: Settings) -> bool:
    """Returns True for the bearer of `METRICS_TOKEN`; without one, for a private peer that no proxy
    stands in front of."""
    if settings.metrics_token is not None:
        given = request.headers.get("authorization", "")
        wanted = f"Bearer {settings.metrics_token}"
        return hmac.compare_digest(given.encode(), wanted.encode())
    forwarded = any(name in request.headers for name in FORWARDED)
    return not forwarded and not is_public(peer_of(request.scope))


@get("/metrics", opt={"who": "public"}, include_in_schema=False)
async def metrics(request: Req) -> Response[bytes]:
    """Whoever may not scrape gets a 404, as at an unknown address."""
    if not may_scrape(request, site(request).settings):
        raise NotFound("Not found.")
    return Response(
        site(request).metrics(),
        headers={"content-type": CONTENT_TYPE_LATEST, "cache-control": "no-store"},
    )
