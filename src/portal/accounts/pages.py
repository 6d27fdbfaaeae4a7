"""The sign-in page and the sign-out form."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Response, get, post
from litestar.response import Redirect

from portal.accounts import actions, queries
from portal.accounts.api import open_session, set_cookies
from portal.accounts.demo import DemoAccount
from portal.config.settings import parse_public_url
from portal.errors import RateLimited, SignInRequired
from portal.web.auth import current_actor
from portal.web.client_address import seems_encrypted
from portal.web.forms import read_form
from portal.web.pages import local_path, page
from portal.web.session import clear_session_cookie, secure_cookies, token_hash_from
from portal.web.site import Req, site

REFUSED = "That name and password do not match."
NOT_KEPT = (
    "Your password is right, but your browser did not keep the sign-in,"
    " because this address is not encrypted."
)


class LoginPage(msgspec.Struct, kw_only=True):
    """`errors` has `form`, `username` and `password`; `demo` is empty outside demo mode. `advice`
    is for an address at which no browser stays signed in."""

    advice: str | None
    next: str
    next_label: str | None
    username: str
    errors: dict[str, str]
    demo: list[DemoAccount]


def _advice(request: Req) -> str | None:
    """Returns what to do where a browser throws the session away, because its cookie is Secure and
    the connection is not encrypted; None where it seems to be."""
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
    request: Req,
    *,
    next_path: str,
    username: str = "",
    errors: dict[str, str] | None = None,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response[str]:
    here = site(request)
    content = LoginPage(
        advice=_advice(request),
        next=next_path,
        next_label=here.label_of(here.course, next_path),
        username=username,
        errors=errors or {},
        demo=await queries.demo_accounts() if here.settings.demo_mode else [],
    )
    return await page(request, "accounts/login.html", content, status=status, headers=headers)


@get("/", opt={"who": "public"}, include_in_schema=False)
async def root(request: Req) -> Redirect:
    actor = await current_actor(request)
    return Redirect("/dashboard" if actor else "/login", status_code=303)


@get("/login", opt={"who": "public"}, include_in_schema=False)
async def login_form(request: Req) -> Response[Any]:
    next_path = local_path(request.query_params.get("next"))
    if await current_actor(request) is not None:
        return Redirect(next_path, status_code=303)
    errors = {}
    if request.query_params.get("signed-in") == "1" and _advice(request):
        errors["form"] = NOT_KEPT
    return await _login_page(request, next_path=next_path, errors=errors)


@post("/login", opt={"who": "public", "from_anybody": True}, include_in_schema=False)
async def login_submit(request: Req) -> Response[Any]:
    form = await read_form(request)
    next_path = local_path(form.text("next"))
    username, password = form.text("username"), form.text("password", trim=False)
    missing = {}
    if not username:
        missing["username"] = "Enter your user name or e-mail address."
    if not password:
        missing["password"] = "Enter your password."  # noqa: S105 - a message
    if missing:
        return await _login_page(
            request, next_path=next_path, username=username, errors=missing, status=422
        )
    try:
        signed_in = await open_session(request, username, password, browser_zone=form.text("zone"))
    except SignInRequired:
        return await _login_page(
            request,
            next_path=next_path,
            username=username,
            errors={"form": REFUSED},
            status=401,
        )
    except RateLimited as error:
        return await _login_page(
            request,
            next_path=next_path,
            username=username,
            errors={"form": error.sentence},
            status=429,
            headers={"retry-after": str(error.retry_after)},
        )
    if _advice(request):
        # Whoever comes back there without a session learns why; with one, it leads on.
        next_path = f"/login?signed-in=1&next={quote(next_path, safe='/')}"
    response = Redirect(next_path, status_code=303)
    set_cookies(request, response, signed_in)
    return response


@post("/logout", opt={"who": "public"}, include_in_schema=False)
async def logout_submit(request: Req) -> Redirect:
    token_hash = token_hash_from(request.cookies)
    if token_hash is not None:
        await actions.sign_out(token_hash)
    response = Redirect("/login", status_code=303)
    clear_session_cookie(request, response)
    return response


HANDLERS = [root, login_form, login_submit, logout_submit]
