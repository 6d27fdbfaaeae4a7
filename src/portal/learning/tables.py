"""What a learner has watched and practised, and which videos may be shown here."""

from __future__ import annotations

from piccolo.columns import BigSerial, Boolean, ForeignKey, Integer, OnDelete, Text, Timestamptz
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table

from portal.accounts.tables import AppUser
from portal.db.columns import Int4MultiRange


class VideoProgress(Table, tablename="video_progress"):
    """`watched` is the set of seconds seen, `duration_s` the player's length: the greatest that was
    reported, or the shortest that can stand for the content's."""

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


class WatchAllowance(Table, tablename="watch_allowance"):
    """How many new seconds a learner may report, over all videos and devices: the moment at which
    that will be the most there is tells how many it is now. Its row is the lock of their reports.
    """

    learner = ForeignKey(
        references=AppUser, on_delete=OnDelete.cascade, null=False, primary_key=True
    )
    full_at = Timestamptz(default=None, null=False)


class EmbedCheck(Table, tablename="embed_check"):
    """What the provider of a video last said clearly about showing it on other sites; `detail` is
    its answer in words, `status` the one of HTTP that a refusal came with, null before it was kept.
    It holds for the reference that was asked about."""

    video_id = Text(primary_key=True, default=None, null=False)
    reference = Text(default=None, null=False)
    refused = Boolean(default=None, null=False)
    detail = Text(default=None, null=False)
    status = Integer(default=None, null=True)
    checked_at = Timestamptz(default=TimestamptzNow(), null=False)


class PracticeTick(Table, tablename="practice_tick"):
    """A task of a step that the learner has ticked off; `item` is its id in the course."""

    id = BigSerial(primary_key=True)
    learner = ForeignKey(references=AppUser, on_delete=OnDelete.cascade, null=False)
    item = Text(default=None, null=False)
    ticked_at = Timestamptz(default=TimestamptzNow(), null=False)
