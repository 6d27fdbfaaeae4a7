"""What makes a login name, a password and a role acceptable. Pure functions."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from portal.errors import Invalid
from portal.web.actor import Role

ROLES: tuple[Role, ...] = ("learner", "manager", "admin")
TRACKS = {"dev": "Dev", "business": "Business"}  # as stored, and as people read it
MIN_PASSWORD = 8
MAX_PASSWORD = 256

_EXTERNAL_ID = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

Findings: TypeAlias = dict[str, str]


class NewUser(msgspec.Struct, frozen=True):
    """What it takes to create a person. `password` None: the account cannot sign in by password."""

    external_id: str
    name: str
    role: Role = "learner"
    team: str | None = None
    email: str | None = None
    password: str | None = None


def normal_login(username: str) -> str:
    """Returns the form in which login names are compared: no case, no surrounding space."""
    return username.strip().lower()


def check_new_user(user: NewUser) -> None:
    """Raise `Invalid` with a sentence per field that cannot be used."""
    findings: Findings = {}
    if not _EXTERNAL_ID.fullmatch(user.external_id):
        findings["id"] = "An id has small letters, digits, dots, dashes and underscores, up to 64."
    if not user.name.strip() or len(user.name) > 120:
        findings["name"] = "A name has 1 to 120 characters."
    if user.role not in ROLES:
        findings["role"] = f"A role is one of {', '.join(ROLES)}."
    if user.email is not None and (len(user.email) > 254 or not _EMAIL.fullmatch(user.email)):
        findings["email"] = "This is not an e-mail address."
    if user.password is not None:
        findings |= password_findings(user.password)
    if findings:
        raise Invalid(next(iter(findings.values())), details=findings)


def password_findings(password: str) -> Findings:
    """Returns a sentence when the password is too short or too long, else nothing."""
    if len(password) < MIN_PASSWORD:
        return {"password": f"A password has at least {MIN_PASSWORD} characters."}
    if len(password) > MAX_PASSWORD:
        return {"password": f"A password has at most {MAX_PASSWORD} characters."}
    return {}


def local_day(moment: datetime, time_zone: str) -> date:
    """Returns the calendar day of a moment where the person is."""
    return moment.astimezone(ZoneInfo(time_zone)).date()
