"""What is said to people about who looks after them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from portal.web.languages import isolated

# What `manager/access.py` holds to, in the words of the account and of a member's page.
WHAT_LEADERS_SEE = (
    "Whoever leads a team sees of its members what was watched and practised, their scores, when"
    " they signed in and were last active, and of every question whether the answer was right and"
    " when it came. They never see which choice it was, nor the key of a question that they have"
    " not answered themselves. Which choices are taken how often is counted over the whole company,"
    " from ten answers on and without names; where few people learn, one can sometimes be guessed."
)


def who_leads(team: str | None, leaders: Sequence[str]) -> str:
    """Returns who sees a member of the team, by name: "Sara Lindqvist leads Alpha"."""
    if team is None:
        return "On no team: only admins see this."
    if not leaders:
        return f"Nobody leads {isolated(team)} at present; admins see this."
    names = [isolated(name) for name in leaders]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    if len(names) == 1:
        return f"{listed} leads {isolated(team)} and sees this; so do admins."
    return f"{listed} lead {isolated(team)} and see this; so do admins."
