"""Every table of the portal, in the order in which they can be created."""

from __future__ import annotations

from piccolo.table import Table

from portal.accounts.tables import (
    ActivityDay,
    AppUser,
    AuditEvent,
    KnownDevice,
    LoginSession,
    Seeded,
    Team,
)
from portal.learning.tables import EmbedCheck, PracticeTick, VideoProgress, WatchAllowance
from portal.quiz.tables import QuizAnswer, QuizVersion
from portal.scoring.tables import QuizAttempt, ScoreCount, UserScore
from portal.web.tables import RateBucket

TABLES: tuple[type[Table], ...] = (
    Team,
    AppUser,
    LoginSession,
    KnownDevice,
    ActivityDay,
    AuditEvent,
    Seeded,
    RateBucket,
    QuizAttempt,
    UserScore,
    ScoreCount,
    VideoProgress,
    WatchAllowance,
    EmbedCheck,
    PracticeTick,
    QuizVersion,
    QuizAnswer,
)
