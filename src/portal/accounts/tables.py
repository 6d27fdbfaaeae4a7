"""Tables of teams, people and their sessions. CHECK constraints and partial indexes are raw SQL
in the migrations, because Piccolo cannot express all of them."""

from __future__ import annotations

from piccolo.columns import (
    JSONB,
    UUID,
    Array,
    BigSerial,
    Boolean,
    Bytea,
    Date,
    ForeignKey,
    OnDelete,
    SmallInt,
    Text,
    Timestamptz,
)
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.columns.defaults.uuid import UUID4
from piccolo.table import Table


class Team(Table, tablename="team"):
    """`working_days` are numbers from 1, Monday, to 7; null means Monday to Friday."""

    id = Text(primary_key=True, default=None, null=False)
    name = Text(default=None, null=False)
    track = Text(default=None, null=False)
    working_days = Array(base_column=SmallInt(), default=None, null=True)


class AppUser(Table, tablename="app_user"):
    """`external_id` is what the world sees, `id` never leaves the database.

    Who is unlisted is counted among the ranks, and named there to nobody else. `team` is where one
    learns; which teams one leads stands in `leads`. `digest_off_at`: no weekly mail is wanted.
    """

    id = UUID(primary_key=True, default=UUID4())
    external_id = Text(default=None, null=False, unique=True)
    email = Text(default=None, null=True)
    name = Text(default=None, null=False)
    role = Text(default=None, null=False)
    team = ForeignKey(references=Team, on_delete=OnDelete.restrict, null=True, index=True)
    password_hash = Text(default=None, null=True)
    time_zone = Text(default=None, null=True)
    created_at = Timestamptz(default=TimestamptzNow(), null=False)
    disabled_at = Timestamptz(default=None, null=True)
    erased_at = Timestamptz(default=None, null=True)
    unlisted_at = Timestamptz(default=None, null=True)
    digest_off_at = Timestamptz(default=None, null=True)


class Leads(Table, tablename="leads"):
    """Who looks after a team: its managers, and deputies, who see the same and get no mail."""

    id = BigSerial(primary_key=True)
    member = ForeignKey(references=AppUser, on_delete=OnDelete.cascade, null=False)
    team = ForeignKey(references=Team, on_delete=OnDelete.cascade, null=False, index=True)
    deputy = Boolean(default=False, null=False)
    since = Timestamptz(default=TimestamptzNow(), null=False)


class TeamStay(Table, tablename="team_stay"):
    """When a person was on which team, kept by a trigger on `app_user`; `until` is null for the
    team they are on."""

    id = BigSerial(primary_key=True)
    member = ForeignKey(references=AppUser, on_delete=OnDelete.cascade, null=False, index=True)
    team = ForeignKey(references=Team, on_delete=OnDelete.cascade, null=False, index=True)
    since = Timestamptz(default=TimestamptzNow(), null=False)
    until = Timestamptz(default=None, null=True)


class LoginSession(Table, tablename="login_session"):
    """Only the SHA-256 of the cookie's token is kept; the row stays as login history.

    `last_seen_at` is a few minutes behind, and null until the first of them have passed.
    """

    token_hash = Bytea(primary_key=True, default=None, null=False)
    member = ForeignKey(references=AppUser, on_delete=OnDelete.cascade, null=False, index=True)
    created_at = Timestamptz(default=TimestamptzNow(), null=False)
    expires_at = Timestamptz(default=None, null=False)
    ended_at = Timestamptz(default=None, null=True)
    user_agent = Text(default=None, null=True)
    last_seen_at = Timestamptz(default=None, null=True)


class KnownDevice(Table, tablename="known_device"):
    """A browser in which a person has signed in before; only the SHA-256 of its token is kept.

    It opens nothing. It keeps tries of its own, so that a stranger's tries lock nobody out here.
    """

    token_hash = Bytea(primary_key=True, default=None, null=False)
    member = ForeignKey(references=AppUser, on_delete=OnDelete.cascade, null=False, index=True)
    created_at = Timestamptz(default=TimestamptzNow(), null=False)
    last_used_at = Timestamptz(default=TimestamptzNow(), null=False)


class ActivityDay(Table, tablename="activity_day"):
    """A day, in the learner's own time zone, on which there was a sign-in or learning activity."""

    id = BigSerial(primary_key=True)
    learner = ForeignKey(references=AppUser, on_delete=OnDelete.cascade, null=False)
    day = Date(default=None, null=False)


class AuditEvent(Table, tablename="audit_event"):
    """Who changed what. Append-only by trigger; holds keys, never names or secrets."""

    id = BigSerial(primary_key=True)
    at = Timestamptz(default=TimestamptzNow(), null=False, index=True)
    actor = ForeignKey(references=AppUser, on_delete=OnDelete.restrict, null=True, index=True)
    action = Text(default=None, null=False)
    target = Text(default=None, null=False)
    detail = JSONB(default="{}", null=False)


class Seeded(Table, tablename="seeded"):
    """What the demo seed made once, so that it is never made again.

    `password_hash` is the one that it gave: while it is unchanged, so is the public password.
    """

    key = Text(primary_key=True, default=None, null=False)
    password_hash = Text(default=None, null=True)
    seeded_at = Timestamptz(default=TimestamptzNow(), null=False)
