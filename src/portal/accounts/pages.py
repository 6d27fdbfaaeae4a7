"""The sign-in page and the sign-out form."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Response, get, post
from litestar.response import Redirect

from portal.accounts import queries, sessions
from portal.accounts.browser import browser_of
from portal.accounts.demo import STARTS_AFRESH, DemoAccount
from portal.config.settings import parse_public_url
from portal.errors import Invalid, RateLimited, SignInRequired
from portal.web.auth import current_actor
from portal.web.client_address import seems_encrypted
from portal.web.forms import NO_ERRORS, FormErrors, form_errors, read_form
from portal.web.pages import page
from portal.web.paths import local_path
from portal.web.session import (
    clear_session_cookie,
    secure_cookies,
    set_known_cookie,
    set_session_cookie,
    token_hash_from,
)
from portal.web.site import Req, site

REFUSED = "That name and password do not match."
NOT_KEPT = (
    "Your password is right, but your browser did not keep the sign-in,"
    " because this address is not encrypted."
)

PAST_NOTE = (
    f"{STARTS_AFRESH} keeps an empty past for whoever wants to start afresh; the other learners and"
    " the managers come with twelve weeks of learning."
)


class LoginPage(msgspec.Struct, kw_only=True):
    """`errors` has `form`, `username` and `password`; `demo` is empty outside demo mode,
    `past_note` says what its people have done. `advice` is for an address at which no browser stays
    signed in."""

    advice: str | None
    next: str
    next_label: str | None
    username: str
    errors: dict[str, str]
    demo: list[DemoAccount]
    past_note: str | None


def _advice(request: Req) -> str | None:
    """Returns what to do where a browser throws the session away, because its cookie is Secure and
    the connection is not encrypted; None if the connection seems to be encrypted."""
    if not secure_cookies(request):
        return None
    host = request.headers.get("host", "").lower()
    public = site(request).settings.public_url
    if seems_encrypted(request.scope, request.headers) or (public and host == public.host):
        return None
    if public:
        return f"Open the portal at {public} instead."
    try:
        wanted = str(parse_public_url(f"http://{host}"))
    except ValueError:
        wanted = "http://…"
    demo = " and SEED_DB=false" if site(request).settings.demo_mode else ""
    return (
        "Open the portal by an address that begins with https://, or ask whoever runs it to allow"
        f" plain HTTP with PUBLIC_URL={wanted}{demo}."
    )


async def _login_page(
    request: Req, *, next_path: str, username: str = "", refused: FormErrors = NO_ERRORS
) -> Response[str]:
    here = site(request)
    content = LoginPage(
        advice=_advice(request),
        next=next_path,
        next_label=here.label_of(here.course, next_path),
        username=username,
        errors=refused.fields,
        demo=await queries.demo_accounts() if here.settings.demo_mode else [],
        past_note=PAST_NOTE if here.settings.seed_history else None,
    )
    return await page(
        request,
        "accounts/login.html",
        content,
        status=refused.status,
        headers=refused.headers,
    )


@get("/", opt={"who": "public"}, include_in_schema=False)
async def root(request: Req) -> Redirect:
    actor = await current_actor(request)
    return Redirect("/dashboard" if actor else "/login", status_code=303)


@get("/login", opt={"who": "public"}, include_in_schema=False)
async def login_form(request: Req) -> Response[Any]:
    next_path = local_path(request.query_params.get("next"))
    if await current_actor(request) is not None:
        return Redirect(next_path, status_code=303)
    if request.query_params.get("signed-in") == "1" and _advice(request):
        not_kept = FormErrors({"form": NOT_KEPT}, status=200)
        return await _login_page(request, next_path=next_path, refused=not_kept)
    return await _login_page(request, next_path=next_path)


@post("/login", opt={"who": "public", "from_anybody": True}, include_in_schema=False)
async def login_submit(request: Req) -> Response[Any]:
    form = await read_form(request)
    next_path = local_path(form.text("next"))
    username, password = form.text("username"), form.text("password", trim=False)
    try:
        _require_both(username, password)
        signed_in = await sessions.sign_in(
            username, password, browser_of(request, zone=form.text("zone")), site(request).settings
        )
    except SignInRequired:
        refused = FormErrors({"form": REFUSED}, status=401)
    except (Invalid, RateLimited) as error:
        refused = form_errors(error, "form")
    else:
        if _advice(request):
            # Whoever comes back there without a session learns why; with one, it leads on.
            next_path = f"/login?signed-in=1&next={quote(next_path, safe='/')}"
        response = Redirect(next_path, status_code=303)
        set_session_cookie(request, response, signed_in.token)
        set_known_cookie(request, response, signed_in.known)
        return response
    return await _login_page(request, next_path=next_path, username=username, refused=refused)


def _require_both(username: str, password: str) -> None:
    """Raise `Invalid` with a sentence for each field that was left empty."""
    missing = {}
    if not username:
        missing["username"] = "Enter your user name or e-mail address."
    if not password:
        missing["password"] = "Enter your password."  # noqa: S105 - a message
    if missing:
        raise Invalid(details=missing)


@post("/logout", opt={"who": "public"}, include_in_schema=False)
async def logout_submit(request: Req) -> Redirect:
    await sessions.sign_out(token_hash_from(request.cookies))
    response = Redirect("/login", status_code=303)
    clear_session_cookie(request, response)
    return response


HANDLERS = [root, login_form, login_submit, logout_submit]
