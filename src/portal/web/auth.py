"""Who is asking, and who may: every route is closed unless it says otherwise."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from litestar.handlers import BaseRouteHandler
from litestar.types import Scope

from portal.errors import Forbidden, SignInRequired
from portal.web.actor import Actor
from portal.web.session import token_hash_from
from portal.web.site import AnyConnection, site

Who: TypeAlias = Literal["public", "member", "manager", "admin"]

ALLOWED: dict[Who, frozenset[str]] = {
    "member": frozenset({"learner", "manager", "admin"}),
    "manager": frozenset({"manager", "admin"}),
    "admin": frozenset({"admin"}),
}


def who_may(handler: BaseRouteHandler) -> Who:
    """Returns who may call this route: `opt={"who": …}`, and every member if it says nothing."""
    who: Who = handler.opt.get("who", "member")
    return who


async def require_actor(connection: AnyConnection, handler: Any) -> None:
    """Guard of the whole application: closed by default, opened by `opt={"who": "public"}`."""
    who = who_may(handler)
    # OPTIONS runs no code of ours: Litestar says what may be asked of an address.
    if who == "public" or connection.scope["method"] == "OPTIONS":  # type: ignore[typeddict-item]
        return
    actor = await current_actor(connection)
    if actor is None:
        raise SignInRequired("Sign in first.")
    if actor.role not in ALLOWED[who]:
        raise Forbidden(
            "This page is for managers." if who == "manager" else "This page is for admins."
        )


async def current_actor(connection: AnyConnection) -> Actor | None:
    """Returns the person behind the session cookie, or None; asks the database at most once."""
    state = connection.scope["state"]
    if "actor" not in state:
        token_hash = token_hash_from(connection.cookies)
        here = site(connection)
        state["actor"] = (
            await here.load_actor(token_hash, here.settings.time_zone) if token_hash else None
        )
    actor: Actor | None = state["actor"]
    return actor


def provide_actor(scope: Scope) -> Actor:
    """Dependency `actor` of every closed route."""
    actor: Actor | None = scope["state"].get("actor")
    if actor is None:
        raise SignInRequired("Sign in first.")
    return actor
