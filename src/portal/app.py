"""The application: the only list of routes, error handlers and what runs at start and stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeAlias

from litestar import Litestar, Request
from litestar.datastructures import State
from litestar.di import Provide

from portal.accounts import api as accounts_api
from portal.accounts import pages as accounts_pages
from portal.accounts import passwords
from portal.authoring.loading import course_in
from portal.config.settings import Settings
from portal.dashboard import api as dashboard_api
from portal.dashboard import pages as dashboard_pages
from portal.db import sql
from portal.db.engine import Engine
from portal.errors import PortalError
from portal.leaderboard import api as leaderboard_api
from portal.leaderboard import pages as leaderboard_pages
from portal.learning import api as learning_api
from portal.learning import media
from portal.learning import pages as learning_pages
from portal.learning.locks import Locked
from portal.profile import pages as profile_pages
from portal.profile.actions import actor_of_session
from portal.quiz import api as quiz_api
from portal.quiz import pages as quiz_pages
from portal.scoring.queries import score_of
from portal.search import api as search_api
from portal.search import pages as search_pages
from portal.serving.release import release
from portal.tables import TABLES
from portal.web import assets, forms, metrics, openapi, probes
from portal.web.auth import Actor, provide_actor, require_actor
from portal.web.client_address import Side, browser_side
from portal.web.errors import EXCEPTION_HANDLERS
from portal.web.lifecycle import Lifecycle
from portal.web.methods import name_every_method
from portal.web.middleware import Envelope
from portal.web.owner import SomebodyElse, on_somebody_else, require_owner
from portal.web.pages import Renderer
from portal.web.request import PortalRequest, require_json

MAX_BODY = 256 * 1024  # bytes; an upload route sets its own
DEMO_NOTICE = (
    "Demo accounts with public passwords are active. Set SEED_DB=false and change or disable them"
    " before anyone else can reach this site."
)

DEPENDENCIES = {"actor": Provide(provide_actor, sync_to_thread=False)}

OnFailure: TypeAlias = Callable[[str], None]

HANDLERS = [
    probes.live,
    probes.ready,
    probes.startup,
    metrics.metrics,
    assets.static_file,
    forms.switch_theme,
    openapi.document,
    *accounts_api.HANDLERS,
    *accounts_pages.HANDLERS,
    *profile_pages.HANDLERS,
    *learning_api.HANDLERS,
    *learning_pages.HANDLERS,
    *media.HANDLERS,
    *quiz_api.HANDLERS,
    *quiz_pages.HANDLERS,
    *dashboard_api.HANDLERS,
    *dashboard_pages.HANDLERS,
    *leaderboard_api.HANDLERS,
    *leaderboard_pages.HANDLERS,
    *search_api.HANDLERS,
    *search_pages.HANDLERS,
]


def create_app(
    settings: Settings,
    *,
    lifecycle: Lifecycle | None = None,
    on_failure: OnFailure | None = None,
) -> Envelope:
    """Returns the ASGI application, with the tables bound to the engine for requests.

    Unless `lifecycle` is open already, the release runs in the background once the application has
    started; when it fails, `on_failure` gets the sentence.
    """
    if settings.database is None:
        raise ValueError("create_app needs settings with a database")
    lifecycle = lifecycle or Lifecycle()
    engine = Engine(settings.database, pool_size=settings.db_pool_size, misfits_told=True)
    sql.bind(engine, TABLES)
    static = assets.Assets()
    collected = metrics.Metrics(engine, lifecycle)
    course = course_in(settings.content_dir)

    async def load_actor(token_hash: bytes) -> Actor | None:
        return await actor_of_session(token_hash, settings.time_zone)

    def side_of(request: Request[Any, Any, Any]) -> Side:
        scheme = settings.public_url.scheme if settings.public_url else None
        return browser_side(request.scope, request.headers, settings.trusted_proxies, scheme)

    def secure_cookies(request: Request[Any, Any, Any]) -> bool:
        return side_of(request) != "http"

    def notices_for(actor: Actor | None) -> list[str]:
        return [DEMO_NOTICE] if settings.demo_mode and actor and actor.role == "admin" else []

    @contextlib.asynccontextmanager
    async def run(_: Litestar) -> AsyncIterator[None]:
        task = None
        if not lifecycle.ready:
            task = asyncio.create_task(_released(settings, lifecycle, on_failure))
        try:
            yield
        finally:
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
            await engine.close_connection_pool()
            passwords.close()
            if lifecycle.phase != "failed":
                logging.getLogger("serve/stop").info("stopped")

    application = Litestar(
        route_handlers=HANDLERS,
        guards=[require_actor, require_json, require_owner],
        dependencies=DEPENDENCIES,
        exception_handlers={
            **EXCEPTION_HANDLERS,
            Locked: learning_pages.on_locked,
            SomebodyElse: on_somebody_else,
        },
        before_send=[name_every_method],
        lifespan=[run],
        request_class=PortalRequest,
        request_max_body_size=MAX_BODY,
        logging_config=None,
        openapi_config=None,
        state=State(
            {
                "settings": settings,
                "lifecycle": lifecycle,
                "course": course,
                "assets": static,
                "metrics": collected,
                "render": Renderer(static, reload=settings.app_env == "development"),
                "load_actor": load_actor,
                "score_of": score_of,
                "secure_cookies": secure_cookies,
                "side_of": side_of,
                "notices_for": notices_for,
                "label_of": learning_pages.label_of(course),
            }
        ),
    )
    return Envelope(application, settings, lifecycle, collected.observe)


async def _released(settings: Settings, lifecycle: Lifecycle, on_failure: OnFailure | None) -> None:
    try:
        await release(settings, lifecycle)
    except PortalError as error:
        lifecycle.enter("failed")
        logging.getLogger("serve/release").error("%s", error.sentence)
        if on_failure is not None:
            on_failure(error.sentence)
    except Exception as error:
        lifecycle.enter("failed")
        logging.getLogger("serve/release").error("%s", type(error).__name__, exc_info=error)
        if on_failure is not None:
            on_failure(type(error).__name__)
