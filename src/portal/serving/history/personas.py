"""Who the demo people are: how well they learn, how far they are, and when they were last seen.

Each is designed for one of the states of `manager.rules`, which holds on whatever day the past is
made. What a team shows beside it follows: alpha has one of everything, gamma does well, delta does
not, beta has a new starter.
"""

from __future__ import annotations

import msgspec

from portal.accounts.demo import STARTS_AFRESH
from portal.manager.rules import Status

WEEKS = 12


class Persona(msgspec.Struct, frozen=True, kw_only=True):
    """`right`: the share of first answers that are right. `share`: how much of the course is done,
    1 with every quiz. `days`: since when, in days. `idle`: working days since the last activity.
    `weekly`: working days of five with activity; the last `streak` ones all have some. Every
    `declares`th video is only declared watched, after every `retakes`th one the worst quiz is taken
    again; 0 is never. `leaves_open`: the last quiz is not finished. `reports`: questions that they
    say are wrong: "bad" means the bad one, "missed" one that they missed.
    """

    id: str
    state: Status
    right: float = 0.6
    share: float = 0.0
    days: int = 7 * WEEKS - 1
    idle: int = 0
    weekly: float = 2.5
    streak: int = 1
    declares: int = 0
    retakes: int = 0
    leaves_open: bool = False
    reports: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing to tell: this account starts afresh."""
        return self.share == 0

    @property
    def is_strong(self) -> bool:
        """Whether this is one of those who miss the bad question."""
        return self.right >= 0.68


PERSONAS = (
    Persona(id=STARTS_AFRESH, state="on track"),
    Persona(id="mike", state="at risk", right=0.62, share=0.31, days=77, idle=6, declares=6),
    Persona(
        id="priya",
        state="doing well",
        right=0.87,
        share=0.68,
        weekly=3.6,
        streak=7,
        retakes=5,
        reports="bad",
    ),
    Persona(id="jordan", state="needs attention", right=0.5, share=0.08, days=62, idle=12),
    Persona(id="sara", state="on track", right=0.78, share=0.05, idle=1, weekly=1.6),
    Persona(
        id="yuki", state="doing well", right=0.94, share=1, weekly=4.2, streak=4, reports="bad"
    ),
    Persona(id="rami", state="doing well", right=0.9, share=0.82, weekly=3.4, streak=5, retakes=7),
    Persona(
        id="sofia",
        state="doing well",
        right=0.84,
        share=0.77,
        idle=1,
        weekly=3.2,
        streak=3,
        declares=9,
        retakes=6,
    ),
    Persona(
        id="dan",
        state="on track",
        right=0.61,
        share=0.55,
        weekly=2.6,
        streak=2,
        retakes=8,
        leaves_open=True,
    ),
    Persona(id="leo", state="on track", right=0.8, share=0.16, idle=2, weekly=1.4),
    Persona(id="nina", state="doing well", right=0.92, share=1, idle=7, weekly=4.4, retakes=6),
    Persona(
        id="carlos",
        state="at risk",
        right=0.38,
        share=0.35,
        days=66,
        idle=1,
        declares=4,
        reports="missed",
    ),
    Persona(
        id="amara",
        state="on track",
        right=0.6,
        share=0.42,
        weekly=2.4,
        streak=3,
        retakes=6,
        leaves_open=True,
    ),
    Persona(id="helen", state="on track", right=0.65, share=0.02, days=3, weekly=5),
    Persona(id="tom", state="on track", right=0.72, share=0.08, idle=2, weekly=1.2),
    Persona(id="omar", state="needs attention", right=0.5, share=0.12, days=81, idle=17),
    Persona(
        id="lucy",
        state="at risk",
        right=0.39,
        share=0.22,
        days=70,
        weekly=2,
        declares=5,
        reports="missed",
    ),
    Persona(id="ben", state="needs attention", right=0.45, share=0.06, days=75, idle=28),
    Persona(id="mei", state="on track", right=0.6, share=0.18, days=55, idle=1, weekly=2),
    Persona(id="claire", state="on track", right=0.74, share=0.04, idle=3, weekly=1),
    Persona(id="lior", state="doing well", right=0.88, share=0.45, weekly=2.4, streak=2),
)
