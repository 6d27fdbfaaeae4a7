"""The demo teams and accounts. Their passwords are public: never for a site strangers can reach."""

from __future__ import annotations

import msgspec

from portal.web.actor import Role

LEARNER_PASSWORD = "claude123"
MANAGER_PASSWORD = "manage123"
ADMIN_PASSWORD = "admin123"


class DemoTeam(msgspec.Struct, frozen=True):
    id: str
    name: str
    track: str


class DemoAccount(msgspec.Struct, frozen=True):
    id: str
    name: str
    role: Role
    team: str | None
    password: str

    @property
    def seed_key(self) -> str:
        return f"user:{self.id}"


# Whoever wants to begin with nothing done takes this one; the others come with a past.
STARTS_AFRESH = "alex"

REFUSED = (
    "Demo accounts have public passwords: they are not seeded where PUBLIC_URL is a public address."
    " Unset SEED_DB."
)


TEAMS = (
    DemoTeam("alpha", "Alpha", "dev"),
    DemoTeam("gamma", "Gamma", "dev"),
    DemoTeam("beta", "Beta", "business"),
    DemoTeam("delta", "Delta", "business"),
    DemoTeam("ai", "AI", "dev"),
)

_MANAGERS = (
    ("sara", "Sara Lindqvist", "alpha"),
    ("leo", "Leo Dubois", "gamma"),
    ("tom", "Tom Baker", "beta"),
    ("claire", "Claire Fontaine", "delta"),
    ("lior", "Lior Katz", "ai"),
)
_LEARNERS = (
    ("alex", "Alex Johnson", "alpha"),
    ("mike", "Mike Brown", "alpha"),
    ("priya", "Priya Sharma", "alpha"),
    ("jordan", "Jordan Lee", "alpha"),
    ("yuki", "Yuki Tanaka", "gamma"),
    ("rami", "Rami Haddad", "gamma"),
    ("sofia", "Sofia Moreau", "gamma"),
    ("dan", "Dan Eriksson", "gamma"),
    ("nina", "Nina Patel", "beta"),
    ("carlos", "Carlos Mendes", "beta"),
    ("amara", "Amara Okafor", "beta"),
    ("helen", "Helen Clark", "beta"),
    ("omar", "Omar Farouk", "delta"),
    ("lucy", "Lucy Grant", "delta"),
    ("ben", "Ben Carter", "delta"),
    ("mei", "Mei Chen", "delta"),
)

ACCOUNTS = (
    *(DemoAccount(i, name, "learner", team, LEARNER_PASSWORD) for i, name, team in _LEARNERS),
    *(DemoAccount(i, name, "manager", team, MANAGER_PASSWORD) for i, name, team in _MANAGERS),
    DemoAccount("admin", "Ada Admin", "admin", None, ADMIN_PASSWORD),
)
