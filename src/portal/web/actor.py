"""The person who is signed in."""

from __future__ import annotations

from typing import Literal, TypeAlias
from uuid import UUID

import msgspec
from litestar.di import NamedDependency

Role: TypeAlias = Literal["learner", "manager", "admin"]


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
