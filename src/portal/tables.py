"""Every table of the portal, in the order in which they can be created."""

from __future__ import annotations

from piccolo.table import Table

from portal.accounts.tables import (
    ActivityDay,
    AppUser,
    AuditEvent,
    KnownDevice,
    Leads,
    LoginSession,
    Seeded,
    Team,
    TeamStay,
)
from portal.learning.tables import EmbedCheck, PracticeTick, VideoProgress, WatchAllowance
from portal.mail.tables import MailDelivery
from portal.quiz.tables import QuestionReport, QuizAnswer, QuizVersion
from portal.scoring.tables import QuizAttempt, ScoreCount, UserScore
from portal.web.tables import RateBucket

TABLES: tuple[type[Table], ...] = (
    Team,
    AppUser,
    Leads,
    TeamStay,
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
    QuestionReport,
    MailDelivery,
)
