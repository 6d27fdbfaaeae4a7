"""What makes a login name, a name, a password and a role acceptable. Pure functions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime
from typing import TypeAlias

import msgspec

from portal.accounts.common_passwords import is_common
from portal.errors import Invalid
from portal.web.actor import Role
from portal.web.formats import zone

ROLES: tuple[Role, ...] = ("learner", "manager", "admin")
TRACKS = {"dev": "Dev", "business": "Business"}  # as stored, and as people read it
MAX_NAME = 120
MAX_EMAIL = 254
ALL_TEAMS = "all"  # where a team is asked for: no team may have this id
MIN_PASSWORD = 8
MAX_PASSWORD = 256
HIDDEN_NAME = "A colleague"  # of somebody who chose not to be named among the ranks

# No character takes more than four when it is written with all its marks apart (U+1F82), so what is
# longer than four times too long is so in any form. Putting many marks in order would take minutes.
_APART = 4
_KELVIN = "\u212a"
_SMALL = {letter: letter + 32 for letter in range(ord("A"), ord("Z") + 1)}
_EXTERNAL_ID = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_JOINERS = "\u200c\u200d"
# What Unicode counts among letters, marks and symbols, and what is not there to be seen: fillers,
# inherent vowels, the joiner of graphemes, an empty Braille cell, a note without a head, the
# place of an object.
_UNSEEN = frozenset("\u115f\u1160\u3164\uffa0\u17b4\u17b5\u034f\u2800\ufffc\U0001d159\U00016fe4")
_EMOJI_STYLE = range(0xFE00, 0xFE10)  # also how a symbol looks in text
_SKIN = range(0x1F3FB, 0x1F400)
_ARROW = "\u2194"  # of a head that shakes; for Unicode a sign of mathematics
# Of the kinds of characters in a name. No emoji that is in use joins more than four symbols.
_JOINED = re.compile(r"S[VT]?(?:JS[VT]?){1,3}")
# The keys of a telephone; and the flags of England, Scotland and Wales, which are spelled in
# characters that are otherwise not seen, so that no others are taken.
_SPELLED = re.compile(
    "[0-9#*]\ufe0f\u20e3|\U0001f3f4\U000e0067\U000e0062"
    "(?:\U000e0065\U000e006e\U000e0067|\U000e0073\U000e0063\U000e0074|\U000e0077\U000e006c\U000e0073)"
    "\U000e007f"
)
_IDEOGRAPH_STYLE = range(0xE0100, 0xE01F0)  # the strokes of a name, in Japan
_MONGOLIAN_STYLE = frozenset("\u180b\u180c\u180d\u180e\u180f")
_VIRAMA = 9  # the combining class of signs that bind two letters of an Indian script
MAX_MARKS = 6  # on one letter: Burmese needs five
MAX_STACKED = 2  # of them in the same place, above or below: Vietnamese needs two
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

FieldErrors: TypeAlias = dict[str, str]


class NewUser(msgspec.Struct, frozen=True):
    """What it takes to create a person. `password` None: the account cannot sign in by password."""

    external_id: str
    name: str
    role: Role = "learner"
    team: str | None = None
    email: str | None = None
    password: str | None = None


class NewTeam(msgspec.Struct, frozen=True):
    """What it takes to create a team."""

    id: str
    name: str
    track: str


def normal_login(username: str) -> str:
    """Returns the form in which login names are compared and addresses kept: composed characters
    (NFC), lower case, no surrounding space.

    Only A to Z have a lower case here, and the sign for Kelvin stays what it is, which NFC makes a
    K: a letter that looks alike must not become another person's name.
    """
    parts = username.strip()[: _APART * (MAX_EMAIL + 1)].split(_KELVIN)
    return _KELVIN.join(unicodedata.normalize("NFC", part).translate(_SMALL) for part in parts)


def check_new_user(user: NewUser) -> None:
    """Raise `Invalid` with a sentence per field that cannot be used."""
    errors: FieldErrors = {}
    if not _EXTERNAL_ID.fullmatch(user.external_id):
        errors["id"] = (
            "Use up to 64 lower-case letters, digits, dots, dashes and underscores as an id."
        )
    errors |= name_errors(normal_name(user.name))
    if user.role not in ROLES:
        errors["role"] = f"A role is one of {', '.join(ROLES)}."
    if user.email is not None and not is_email(user.email):
        errors["email"] = "This is not an e-mail address."
    if user.password is not None:
        errors |= password_errors(user.password)
    if errors:
        raise Invalid(details=errors)


def check_new_team(team: NewTeam) -> None:
    """Raise `Invalid` with a sentence per field that cannot be used."""
    errors: FieldErrors = {}
    if not _EXTERNAL_ID.fullmatch(team.id):
        errors["id"] = (
            "Use up to 64 lower-case letters, digits, dots, dashes and underscores as an id."
        )
    elif team.id == ALL_TEAMS:
        errors["id"] = f"Use another id: “{ALL_TEAMS}” stands for all teams."
    errors |= name_errors(normal_name(team.name))
    if team.track not in TRACKS:
        errors["track"] = f"A track is one of {', '.join(TRACKS)}."
    if errors:
        raise Invalid(details=errors)


def is_email(text: str) -> bool:
    return len(text) <= MAX_EMAIL and text.isprintable() and bool(_EMAIL.fullmatch(text))


def normal_name(name: str) -> str:
    """Returns a name as it is kept: composed, without space around it, and one space between its
    words."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def name_errors(name: str) -> FieldErrors:
    """Returns a sentence when a person or a team cannot have this name: it is empty or too long,
    shows no letter or digit, holds what cannot be seen, or heaps marks on a letter. Emoji may stand
    beside letters. The name is a `normal_name`."""
    if not name:
        return {"name": f"Enter a name of 1 to {MAX_NAME} characters."}
    if len(name) > MAX_NAME:
        return {"name": f"Shorten the name to {MAX_NAME} characters."}
    if not any(unicodedata.category(c)[0] in "LN" and c not in _UNSEEN for c in name):
        return {"name": "Use a name with visible letters."}
    emoji = _emoji_places(name)
    if not all(place in emoji or _is_seen(name, place) for place in range(len(name))):
        return {"name": "Type the name again without invisible characters."}
    if _is_heaped(name):
        return {"name": "Use fewer accents on one letter."}
    return {}


def normal_password(typed: str) -> str:
    """Returns a password as it is hashed: with composed characters (NFC), because systems differ in
    how they write the same key. Every space and the case stay."""
    return unicodedata.normalize("NFC", typed[: _APART * (MAX_PASSWORD + 1)])


def password_forms(typed: str) -> list[str]:
    """Returns what may have been hashed when somebody typed this: first as it is hashed now, then,
    where they differ, the forms that earlier versions took as they came."""
    composed = normal_password(typed)
    forms = (composed, typed, unicodedata.normalize("NFD", composed))
    return list(dict.fromkeys(form[: MAX_PASSWORD + 1] for form in forms))


def _emoji_places(name: str) -> set[int]:
    """Returns the places of characters that are part of an emoji made of several."""
    kinds = "".join(map(_emoji_kind, name))
    found = (*_JOINED.finditer(kinds), *_SPELLED.finditer(name))
    return {place for match in found for place in range(*match.span())}


def _emoji_kind(character: str) -> str:
    """Returns S for a symbol, V for how it looks, T for a tone of skin, J for what joins two."""
    if character == "\u200d":
        return "J"
    if character == "\ufe0f":
        return "V"
    if ord(character) in _SKIN:
        return "T"
    is_symbol = unicodedata.category(character) == "So" and character not in _UNSEEN
    return "S" if is_symbol or character == _ARROW else "."


def _is_seen(name: str, place: int) -> bool:
    """Returns whether the character can be seen, or changes how its neighbours are."""
    this, before = name[place], name[place - 1] if place else " "
    after = name[place + 1] if place + 1 < len(name) else " "
    if this in _UNSEEN:
        return False
    if this in _JOINERS:
        return _is_joined(before, after)
    if ord(this) in _EMOJI_STYLE:
        return unicodedata.category(before) == "So"
    if ord(this) in _IDEOGRAPH_STYLE:
        return unicodedata.name(before, "").startswith("CJK ")
    if this in _MONGOLIAN_STYLE:
        return unicodedata.name(before, "").startswith("MONGOLIAN ")
    if unicodedata.category(this)[0] == "M":
        return before != " "
    return this.isprintable()


def _is_joined(before: str, after: str) -> bool:
    """Returns whether a joiner stands where it shows: at a sign that binds two letters, in the
    scripts of India, or between letters that are written together, as in Persian."""
    if _VIRAMA in (unicodedata.combining(before), unicodedata.combining(after)):
        return True
    bound = [unicodedata.bidirectional(c) == "AL" for c in (before, after)]
    return all(bound) or (bound[1] and unicodedata.category(before) == "Mn")


def _is_heaped(name: str) -> bool:
    marks = stacked = last = 0
    for character in name:
        if unicodedata.category(character)[0] != "M":
            marks = stacked = last = 0
            continue
        place = unicodedata.combining(character)
        marks += 1
        stacked = stacked + 1 if place and place == last else 1
        last = place
        if marks > MAX_MARKS or stacked > MAX_STACKED:
            return True
    return False


def password_errors(password: str) -> FieldErrors:
    """Returns a sentence when the password, with its characters composed, is too short or too long,
    or holds something that is not a character; else nothing."""
    password = normal_password(password)
    if "\0" in password or not _is_text(password):
        return {"password": "This password has a character that cannot be used."}
    if len(password) < MIN_PASSWORD:
        return {"password": f"Use at least {MIN_PASSWORD} characters."}
    if len(password) > MAX_PASSWORD:
        return {"password": f"Use at most {MAX_PASSWORD} characters."}
    return {}


def _is_text(text: str) -> bool:
    """Returns False for halves of characters, which stand for bytes that were not UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def own_password_errors(password: str, *, names: Iterable[str | None], current: str) -> FieldErrors:
    """Returns a sentence when a person should not choose this password: too short or too long, one
    of `names` (their id, name and addresses), a common one, or the one they have."""
    errors = password_errors(password)
    if errors:
        return errors
    password = normal_password(password)
    if password == normal_password(current):
        return {"password": "This is already your password. Choose another one."}
    folded = password.casefold()
    for name in map(normal_password, filter(None, names)):
        for part in (name, name.partition("@")[0]):
            if folded in (part.casefold(), "".join(part.casefold().split())):
                return {"password": "Do not use your name, user name or e-mail address."}
    if is_common(password):
        return {"password": "This password is among the first that others would try."}
    return {}


def local_day(moment: datetime, time_zone: str) -> date:
    """Returns the calendar day of a moment where the person is."""
    return moment.astimezone(zone(time_zone)).date()
