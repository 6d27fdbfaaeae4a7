"""The page about the weekly mail: what the next one says, and whether it is wanted."""

from __future__ import annotations

import msgspec
from litestar import Response, get, post
from litestar.params import FromQuery
from litestar.response import Redirect

from portal import clock
from portal.learning.site import course_of
from portal.manager import mailing
from portal.manager.digest import Digest, present_week
from portal.manager.warnings import warnings
from portal.web.actor import Actor, CurrentActor
from portal.web.forms import read_form
from portal.web.pages import Banner, page
from portal.web.site import Req, site


class DigestPage(msgspec.Struct, frozen=True, kw_only=True):
    """`leads`: whether there is a mail for this person at all. Without `digest` nobody else is on
    their teams. `saved` is the message after the switch was used."""

    leads: bool
    wanted: bool
    address: str | None
    digest: Digest | None
    warnings: list[Banner]
    saved: str


_SAVED = {
    "on": "Saved. The weekly mail comes again.",
    "off": "Saved. You get no weekly mail from now on.",
}


async def _next(request: Req, who: mailing.Leader, site_address: str) -> Digest | None:
    settings = site(request).settings
    return await mailing.digest_for(
        who,
        course_of(request),
        settings,
        week=present_week(clock.now(), settings.time_zone),
        site=site_address,
        so_far=True,
    )


@get("/manager/digest", include_in_schema=False, opt={"who": "manager"})
async def digest(request: Req, actor: CurrentActor, saved: FromQuery[str] = "") -> Response[str]:
    """What the next mail says by now, in the portal's own styles."""
    who = await mailing.leader(actor)
    content = DigestPage(
        leads=who is not None,
        wanted=who is not None and not who.off,
        address=who.email if who else None,
        digest=await _next(request, who, "") if who else None,
        warnings=await warnings(actor, site(request).settings),
        saved=_SAVED.get(saved, ""),
    )
    return await page(request, "manager/digest.html", content)


@get("/manager/digest/text", include_in_schema=False, opt={"who": "manager"})
async def digest_text(request: Req, actor: CurrentActor) -> Response[str]:
    """The same as it will be mailed, without the HTML."""
    here = site(request)
    who = await mailing.leader(actor)
    found = await _next(request, who, str(here.settings.public_url or "")) if who else None
    text = here.render("mail/digest.txt", mail=found) if found else _nothing(actor)
    return Response(text, media_type="text/plain")


def _nothing(actor: Actor) -> str:
    return f"There is no mail for {actor.name}: nobody else is on a team that they lead.\n"


@post("/manager/digest", include_in_schema=False, opt={"who": "manager"})
async def switch_digest(request: Req, actor: CurrentActor) -> Redirect:
    """`wanted` is true or anything else."""
    wanted = (await read_form(request)).text("wanted") == "true"
    await mailing.want_digest(actor, wanted=wanted)
    return Redirect(f"/manager/digest?saved={'on' if wanted else 'off'}", status_code=303)


HANDLERS = [digest, digest_text, switch_digest]
