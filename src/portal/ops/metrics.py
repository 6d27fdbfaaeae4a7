"""`/metrics` in Prometheus' text format: requests by route and status, their time, the pool.

Labels are route templates, never addresses or ids: nothing personal can end up in them.
"""

from __future__ import annotations

import hmac
from typing import Any

from litestar import Request, Response, get
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

from portal.config import Settings
from portal.db import sql
from portal.errors import NotFound
from portal.web.address import is_public, peer_of

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto")


class Metrics:
    """The counters of one process. Several processes are several targets to scrape."""

    def __init__(self) -> None:
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
        self.pool = Gauge(
            "portal_db_pool_connections",
            "Connections of the pool for requests",
            ("state",),
            registry=self.registry,
        )
        self.statements = Gauge(
            "portal_db_statements", "Statements sent since the start", registry=self.registry
        )

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request. `route` is the template, such as `/step/{step_id:str}`."""
        method = method if method in METHODS else "other"  # anybody may send any word
        self.requests.labels(method, route, str(status)).inc()
        self.seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """Returns all metrics as Prometheus reads them."""
        engine = sql.engine()
        size = engine.pool.get_size() if engine.pool else 0
        idle = engine.pool.get_idle_size() if engine.pool else 0
        self.pool.labels("idle").set(idle)
        self.pool.labels("used").set(size - idle)
        self.pool.labels("limit").set(engine.pool_size)
        self.statements.set(engine.statements)
        return generate_latest(self.registry)


def may_scrape(request: Request[Any, Any, Any], settings: Settings) -> bool:
    """Returns True for the bearer of `METRICS_TOKEN`; without one, for a private peer that no proxy
    stands in front of."""
    if settings.metrics_token is not None:
        given = request.headers.get("authorization", "")
        wanted = f"Bearer {settings.metrics_token}"
        return hmac.compare_digest(given.encode(), wanted.encode())
    forwarded = any(name in request.headers for name in FORWARDED)
    return not forwarded and not is_public(peer_of(request.scope))


@get("/metrics", opt={"who": "public"}, include_in_schema=False)
async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Everyone who may not scrape gets what an unknown address gets."""
    if not may_scrape(request, request.app.state.settings):
        raise NotFound("Not found.")
    collected: Metrics = request.app.state.metrics
    return Response(
        collected.text(), headers={"content-type": CONTENT_TYPE_LATEST, "cache-control": "no-store"}
    )
