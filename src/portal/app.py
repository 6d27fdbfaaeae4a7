"""The application: the only list of routes, error handlers and what runs at start and stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from litestar import Litestar
from litestar.di import Provide

from portal.accounts import api as accounts_api
from portal.accounts import pages as accounts_pages
from portal.accounts import passwords
from portal.accounts.sessions import actor_of_session
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
from portal.manager import api as manager_api
from portal.manager import digest_page
from portal.manager import downloads as manager_downloads
from portal.manager import pages as manager_pages
from portal.manager.questions import api as questions_api
from portal.manager.questions import pages as questions_pages
from portal.profile import pages as profile_pages
from portal.quiz import api as quiz_api
from portal.quiz import pages as quiz_pages
from portal.scoring.queries import score_of
from portal.search import api as search_api
from portal.search import pages as search_pages
from portal.serving.release import release
from portal.tables import TABLES
from portal.web import assets, metrics, openapi, probes, theme
from portal.web.auth import provide_actor, require_actor
from portal.web.errors import EXCEPTION_HANDLERS
from portal.web.json_body import require_json
from portal.web.lifecycle import Lifecycle
from portal.web.methods import name_every_method
from portal.web.middleware import Envelope
from portal.web.page_owner import SomebodyElse, on_somebody_else, require_owner
from portal.web.pages import Renderer
from portal.web.request import PortalRequest
from portal.web.site import Site
from portal.web.traces import tracing_for

MAX_BODY = 256 * 1024  # bytes; an upload route sets its own
DEPENDENCIES = {"actor": Provide(provide_actor, sync_to_thread=False)}

HANDLERS = [
    probes.live,
    probes.ready,
    probes.startup,
    metrics.metrics,
    assets.static_file,
    theme.switch_theme,
    openapi.openapi_document,
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
    *manager_api.HANDLERS,
    *manager_downloads.HANDLERS,
    *questions_api.HANDLERS,
    *questions_pages.HANDLERS,
    *manager_pages.HANDLERS,
    *search_api.HANDLERS,
    *search_pages.HANDLERS,
    *digest_page.HANDLERS,
]


def create_app(
    settings: Settings,
    *,
    lifecycle: Lifecycle | None = None,
    application: Litestar | None = None,
) -> Envelope:
    """Returns the ASGI application, with the tables bound to the engine for requests.

    Unless `lifecycle` is open already, the release runs in the background once the application has
    started. An `application` that is given serves with this site from here on.
    """
    if settings.database is None:
        raise ValueError("create_app needs settings with a database")
    lifecycle = lifecycle or Lifecycle()
    engine = Engine(settings.database, pool_size=settings.db_pool_size, misfits_reported=True)
    sql.bind(engine, TABLES)
    collected = metrics.Metrics(engine, lifecycle)
    application = application or build_application()
    application.state.site = site_for(settings, lifecycle, collected)
    application.state.tracing = tracing = tracing_for(settings)
    engine.pool.around_statement = tracing.statement if tracing else None
    return Envelope(application, settings, lifecycle, collected.observe, tracing)


def site_for(settings: Settings, lifecycle: Lifecycle, collected: metrics.Metrics) -> Site:
    """Returns what requests are served with under these settings."""
    return Site(
        settings=settings,
        lifecycle=lifecycle,
        course=course_in(settings.content_dir),
        render=Renderer(reload=settings.app_env == "development"),
        metrics=collected.text,
        load_actor=actor_of_session,
        score_of=score_of,
        label_of=learning_pages.label_of,
    )


def build_application() -> Litestar:
    """Returns the routes and what surrounds them, without a site yet."""
    return Litestar(
        route_handlers=HANDLERS,
        guards=[require_actor, require_json, require_owner],
        dependencies=DEPENDENCIES,
        exception_handlers={
            **EXCEPTION_HANDLERS,
            Locked: learning_pages.on_locked,
            SomebodyElse: on_somebody_else,
        },
        before_send=[name_every_method],
        lifespan=[_running],
        request_class=PortalRequest,
        request_max_body_size=MAX_BODY,
        logging_config=None,
        openapi_config=None,
    )


@contextlib.asynccontextmanager
async def _running(application: Litestar) -> AsyncIterator[None]:
    """From the start of the server to its end: the release first, unless the gate is open."""
    here: Site = application.state.site
    task = None
    if not here.lifecycle.ready:
        task = asyncio.create_task(_released(here.settings, here.lifecycle))
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        tracing = application.state.tracing
        await asyncio.gather(
            sql.engine().close_connection_pool(), *((tracing.close(),) if tracing else ())
        )
        passwords.close()
        if here.lifecycle.phase != "failed":
            logging.getLogger("serve/stop").info("stopped")


async def _released(settings: Settings, lifecycle: Lifecycle) -> None:
    try:
        await release(settings, lifecycle)
    except Exception as error:
        if isinstance(error, PortalError):
            sentence, bug = error.sentence, None
        else:
            sentence, bug = type(error).__name__, error
        logging.getLogger("serve/release").error("%s", sentence, exc_info=bug)
        lifecycle.enter("failed")
        if lifecycle.on_failure is not None:
            lifecycle.on_failure(sentence)
