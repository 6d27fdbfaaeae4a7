"""The learner's key figures for programs and scripts."""

from __future__ import annotations

from litestar import get

from portal.learning.site import course_of
from portal.quiz.kpis import Kpis, kpis
from portal.web.actor import CurrentActor
from portal.web.site import Req


@get("/api/dashboard/kpis", summary="The learner's key figures")
async def dashboard_kpis(request: Req, actor: CurrentActor) -> Kpis:
    return await kpis(actor, course_of(request))


HANDLERS = [dashboard_kpis]
