"""What a learner has watched."""

from __future__ import annotations

from piccolo.columns import BigSerial, Boolean, ForeignKey, Integer, OnDelete, Text, Timestamptz
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table

from portal.accounts.tables import AppUser
from portal.db.columns import Int4MultiRange


class VideoProgress(Table, tablename="video_progress"):
    """`watched` is the set of seconds seen, `duration_s` the greatest length reported."""

    id = BigSerial(primary_key=True)
    learner = ForeignKey(references=AppUser, on_delete=OnDelete.cascade, null=False)
    video_id = Text(default=None, null=False)
    done = Boolean(default=False, null=False)
    self_declared = Boolean(default=False, null=False)
    completed_at = Timestamptz(default=None, null=True)
    position_s = Integer(default=0, null=False)
    duration_s = Integer(default=0, null=False)
    watched = Int4MultiRange(null=False)
    reported_at = Timestamptz(default=None, null=True)
    updated_at = Timestamptz(default=TimestamptzNow(), null=False)
