"""Who is asking, and who may: every route is closed unless it says otherwise."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal, TypeAlias
from uuid import UUID

import msgspec
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from litestar.types import Scope

from portal.errors import Forbidden, SignInRequired
from portal.web.session import token_hash_from

Role: TypeAlias = Literal["learner", "manager", "admin"]
Who: TypeAlias = Literal["public", "member", "manager", "admin"]

ALLOWED: dict[Who, frozenset[str]] = {
    "member": frozenset({"learner", "manager", "admin"}),
    "manager": frozenset({"manager", "admin"}),
    "admin": frozenset({"admin"}),
}


class Actor(msgspec.Struct, frozen=True):
    """The signed-in person of this request. `user_id` is the database key and never leaves."""

    user_id: UUID
    external_id: str
    name: str
    role: Role
    team_id: str | None
    team_name: str | None
    track: str | None
    time_zone: str
    session_hash: bytes

    @property
    def initials(self) -> str:
        words = self.name.split()
        letters = [word[0] for word in (words if len(words) < 3 else [words[0], words[-1]])]
        return "".join(letters).upper() or "?"


# How a handler asks for it: `actor: CurrentActor`.
CurrentActor: TypeAlias = NamedDependency[Actor]

LoadActor: TypeAlias = Callable[[bytes], Awaitable[Actor | None]]


def who_may(handler: BaseRouteHandler) -> Who:
    """Returns who may call this route: `opt={"who": …}`, and every member if it says nothing."""
    who: Who = handler.opt.get("who", "member")
    return who


async def require_actor(connection: ASGIConnection[Any, Any, Any, Any], handler: Any) -> None:
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


async def current_actor(connection: ASGIConnection[Any, Any, Any, Any]) -> Actor | None:
    """Returns the person behind the session cookie, or None; asks the database at most once."""
    state = connection.scope["state"]
    if "actor" not in state:
        token_hash = token_hash_from(connection.cookies)
        load_actor: LoadActor = connection.app.state.load_actor
        state["actor"] = await load_actor(token_hash) if token_hash else None
    actor: Actor | None = state["actor"]
    return actor


def provide_actor(scope: Scope) -> Actor:
    """Dependency `actor` of every closed route."""
    actor: Actor | None = scope["state"].get("actor")
    if actor is None:
        raise SignInRequired("Sign in first.")
    return actor
