"""The learner's key figures for programs and scripts."""

from __future__ import annotations

from typing import Any

from litestar import Request, get

from portal.quiz.kpis import Kpis, kpis
from portal.web.auth import CurrentActor


@get("/api/dashboard/kpis", summary="The learner's key figures")
async def dashboard_kpis(request: Request[Any, Any, Any], actor: CurrentActor) -> Kpis:
    return await kpis(actor, request.app.state.course)


HANDLERS = [dashboard_kpis]
