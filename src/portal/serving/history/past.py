"""What somebody did, as rows that are going to be stored."""

from __future__ import annotations

from datetime import date, datetime

import msgspec


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `video_progress`; `watched` counts seconds from the beginning."""

    video_id: str
    done: bool
    at: datetime
    self_declared: bool = False
    watched: int = 0
    length: int = 0


class Given(msgspec.Struct, frozen=True):
    question_id: str
    choices: tuple[str, ...]
    correct: bool
    first_ever: bool
    at: datetime


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt; open while `completed_at` is None, and then without points."""

    quiz_id: str
    number: int
    content_hash: str
    total: int
    started_at: datetime
    completed_at: datetime | None
    correct: int
    first_try_correct: int
    score: int
    answers: tuple[Given, ...]


class SignIn(msgspec.Struct, frozen=True):
    at: datetime
    until: datetime
    user_agent: str


class Report(msgspec.Struct, frozen=True):
    quiz_id: str
    question_id: str
    reason: str
    at: datetime


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """All that one person did, each list in the order of time. `ticks`: a task's id and when."""

    created_at: datetime
    watched: list[Watched]
    attempts: list[Taken]
    ticks: list[tuple[str, datetime]]
    sign_ins: list[SignIn]
    days: list[date]
    reports: list[Report]
