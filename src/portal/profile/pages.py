"""The account page: what a person can see and change about themselves. Each section is a form; what
was saved is said after a redirect, so that a reload sends nothing again."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromQuery
from litestar.response import Redirect

from portal.accounts import queries, rules, sessions
from portal.accounts.queries import Account, Device
from portal.accounts.time_zones import choices
from portal.errors import Invalid, RateLimited
from portal.people.rules import WHAT_LEADERS_SEE, who_leads
from portal.profile import actions
from portal.profile.user_agents import device_name
from portal.web.actor import Actor, CurrentActor
from portal.web.forms import NO_ERRORS, FormErrors, form_errors, read_form
from portal.web.pages import page
from portal.web.session import clear_session_cookie, known_tokens_from, set_session_cookie
from portal.web.site import Req, site

MAX_DEVICES = 10


class DeviceRow(msgspec.Struct, frozen=True):
    name: str
    device: Device


class Saved(msgspec.Struct, frozen=True):
    """The message about what was saved, for the section where it was."""

    section: str
    text: str


class AccountPage(msgspec.Struct, frozen=True, kw_only=True):
    """`errors` has a sentence by field; a refused form keeps what was typed, except passwords."""

    place: str
    name: str
    zone: str
    zones: list[str]
    account: Account
    devices: list[DeviceRow]
    more_devices: int
    saved: Saved | None
    leaders: str
    leaders_see: str
    errors: dict[str, str]


def _membership(actor: Actor) -> str:
    """Returns the id, the role, and the team with its track in one line."""
    parts = [actor.external_id, actor.role]
    if actor.team_name:
        parts.append(f"team {actor.team_name}")
    if actor.track:
        parts.append(f"{rules.TRACKS[actor.track]} track")
    return " · ".join(parts)


def _saved(what: str, actor: Actor, account: Account) -> Saved | None:
    """Returns what to say after a redirect to `?saved=…`; nothing for a made-up word."""
    unlisted = f"Saved. Others see you as “{rules.HIDDEN_NAME}”."
    listed = "Saved. Your name is shown on the leaderboard."
    known = {
        "name": Saved("profile", f"Saved. Others see you as {actor.name}."),
        "zone": Saved("time-zone", f"Saved. Times are shown in {actor.time_zone}."),
        "password": Saved("password", "Saved. Other devices were signed out."),
        "password-here": Saved("password", "Saved. Use the new password from now on."),
        "device": Saved("devices", "That device was signed out."),
        "others": Saved("devices", "The other devices were signed out."),
        "listed": Saved("listing", unlisted if account.unlisted else listed),
    }
    return known.get(what)


async def _account_page(
    request: Req,
    actor: Actor,
    *,
    saved: str = "",
    name: str | None = None,
    zone: str | None = None,
    refused: FormErrors = NO_ERRORS,
) -> Response[str]:
    account = await queries.account_of(actor)
    devices = await queries.devices_of(actor)
    content = AccountPage(
        place=_membership(actor),
        name=actor.name if name is None else name,
        zone=actor.time_zone if zone is None else zone,
        zones=choices(),
        account=account,
        devices=[DeviceRow(device_name(d.user_agent), d) for d in devices[:MAX_DEVICES]],
        more_devices=max(0, len(devices) - MAX_DEVICES),
        saved=_saved(saved, actor, account),
        leaders=who_leads(actor.team_name, account.led_by),
        leaders_see=WHAT_LEADERS_SEE,
        errors=refused.fields,
    )
    return await page(
        request,
        "accounts/account.html",
        content,
        status=refused.status,
        headers=refused.headers,
    )


def _done(what: str) -> Redirect:
    return Redirect(f"/account?saved={what}", status_code=303)


@get("/account", include_in_schema=False)
async def account(request: Req, actor: CurrentActor, saved: FromQuery[str] = "") -> Response[str]:
    return await _account_page(request, actor, saved=saved)


@get(
    ["/account/profile", "/account/time-zone", "/account/password"],
    include_in_schema=False,
)
async def account_reopened() -> Redirect:
    """A refused form is shown at its own address; opening that again leads to the account page."""
    return Redirect("/account", status_code=303)


@post("/account/profile", include_in_schema=False)
async def save_profile(request: Req, actor: CurrentActor) -> Response[Any]:
    name = (await read_form(request)).text("name")
    try:
        await actions.rename(actor, name)
    except Invalid as error:
        return await _account_page(request, actor, name=name, refused=form_errors(error, "name"))
    return _done("name")


@post("/account/time-zone", include_in_schema=False)
async def save_time_zone(request: Req, actor: CurrentActor) -> Response[Any]:
    zone = (await read_form(request)).text("zone")
    try:
        await actions.set_time_zone(actor, zone)
    except Invalid as error:
        return await _account_page(request, actor, zone=zone, refused=form_errors(error, "zone"))
    return _done("zone")


@post("/account/password", include_in_schema=False)
async def save_password(request: Req, actor: CurrentActor) -> Response[Any]:
    form = await read_form(request)
    try:
        token, ended = await actions.change_password(
            actor,
            current=form.text("current", trim=False),
            new=form.text("new", trim=False),
            again=form.text("again", trim=False),
            hours=site(request).settings.session_hours,
            devices=known_tokens_from(request.cookies),
        )
    except (Invalid, RateLimited) as error:
        return await _account_page(request, actor, refused=form_errors(error, "current"))
    response = _done("password" if ended else "password-here")
    set_session_cookie(request, response, token)
    return response


@post("/account/sign-out", include_in_schema=False)
async def sign_out_devices(request: Req, actor: CurrentActor) -> Redirect:
    """One device by its id, `others`, or `all` with this one."""
    device = (await read_form(request)).text("device")
    if device == "all":
        await sessions.sign_out_everywhere(actor)
        response = Redirect("/login", status_code=303)
        clear_session_cookie(request, response)
        return response
    if device == "others":
        await sessions.sign_out_others(actor, known_tokens_from(request.cookies))
        return _done("others")
    await sessions.sign_out_device(actor, device)
    return _done("device")


@post("/account/leaderboard", include_in_schema=False)
async def save_listing(request: Req, actor: CurrentActor) -> Redirect:
    form = await read_form(request)
    await actions.set_listed(actor, listed=form.text("listed") == "true")
    return _done("listed")


HANDLERS = [
    account,
    account_reopened,
    save_profile,
    save_time_zone,
    save_password,
    sign_out_devices,
    save_listing,
]
