"""Sign-in and sign-out for programs and scripts."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.params import JSONBody

from portal.accounts import rules, sessions
from portal.accounts.browser import browser_of
from portal.accounts.queries import Credentials
from portal.web.actor import Actor
from portal.web.auth import current_actor
from portal.web.openapi import up_to
from portal.web.session import (
    clear_session_cookie,
    set_known_cookie,
    set_session_cookie,
    token_hash_from,
)
from portal.web.site import Req, site


class LoginRequest(msgspec.Struct):
    """`username` is the external id or the e-mail address, in any case."""

    username: Annotated[str, up_to(254), msgspec.Meta(examples=["alex"])]
    password: Annotated[str, up_to(rules.MAX_PASSWORD), msgspec.Meta(examples=["claude123"])]


class UserView(msgspec.Struct, rename="camel"):
    """A person as the world sees them: `id` is the external id."""

    id: str
    name: str
    role: str
    team_id: str | None
    track: str | None


class LoginResponse(msgspec.Struct):
    user: UserView


class MeResponse(msgspec.Struct):
    user: UserView | None


class LogoutResponse(msgspec.Struct):
    ok: bool


def user_view(person: Actor | Credentials) -> UserView:
    return UserView(
        id=person.external_id,
        name=person.name,
        role=person.role,
        team_id=person.team_id,
        track=person.track,
    )


@post(
    "/api/auth/login",
    status_code=200,
    opt={
        "who": "public",
        "from_anybody": True,
        "errors": (401, 429),
        "opens_session": True,
    },
    summary="Sign in",
)
async def login(request: Req, data: JSONBody[LoginRequest]) -> Response[LoginResponse]:
    signed_in = await sessions.sign_in(
        data.username, data.password, browser_of(request), site(request).settings
    )
    response = Response(LoginResponse(user_view(signed_in.account)))
    set_session_cookie(request, response, signed_in.token)
    set_known_cookie(request, response, signed_in.known)
    return response


@post("/api/auth/logout", status_code=200, opt={"who": "public"}, summary="Sign out")
async def logout(request: Req) -> Response[LogoutResponse]:
    await sessions.sign_out(token_hash_from(request.cookies))
    response = Response(LogoutResponse(ok=True))
    clear_session_cookie(request, response)
    return response


@get("/api/auth/me", opt={"who": "public"}, summary="Who is signed in")
async def me(request: Req) -> MeResponse:
    actor = await current_actor(request)
    return MeResponse(user_view(actor) if actor else None)


HANDLERS = [login, logout, me]
