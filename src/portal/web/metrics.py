"""`/metrics` in Prometheus' text format: requests by route and status, their time, and the state of
the process.

Labels are route templates and words of the code, never addresses or ids: nothing personal can end
up in them.
"""

from __future__ import annotations

import hmac

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

from portal.config.settings import Settings
from portal.db.engine import Engine
from portal.errors import NotFound
from portal.web.client_address import is_public, peer_of
from portal.web.collector import StateCollector
from portal.web.lifecycle import Lifecycle
from portal.web.log import UNROUTED
from portal.web.site import Req, site

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
ACQUIRE_BUCKETS = (0.001, 0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto")


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
        return generate_latest(self.registry)


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
    """Everyone who may not scrape gets what an unknown address gets."""
    if not may_scrape(request, site(request).settings):
        raise NotFound("Not found.")
    return Response(
        site(request).metrics(),
        headers={"content-type": CONTENT_TYPE_LATEST, "cache-control": "no-store"},
    )
