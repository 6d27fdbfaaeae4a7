"""Which question is bad: item statistics of classical test theory, and what they advise. Pure.

They are made from sums over first attempts at a quiz, so that one statement of the database can
add them up for thousands of people and name none of them.

Versions. An attempt keeps the questions that it began with. An answer counts here when people were
asked what is asked today: the same kind, words and choices (`same_item`). It is graded by today's
key, so that a key that was mended shows at once whether it is right now; the rest of its attempt
is taken as it was graded then. Answers to what was worded otherwise tell nothing about the present
words, and are left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

import msgspec

from portal.learning.course import Question
from portal.quiz.rules import is_correct

ENOUGH: Final = 10  # answers; below, chance says more than the question
FIRM: Final = 50
FEW_RIGHT: Final = 1 / 3
ALMOST_NOBODY: Final = 0.2
ALMOST_EVERYBODY: Final = 0.8
RARE_CHOICE: Final = 0.05

Problem: TypeAlias = Literal["reversed", "hard", "easy", "unused"]


class Tally(msgspec.Struct, frozen=True):
    """How many `people` gave the same answer to a question in their first attempt at a quiz.

    `total_questions` is the length of those attempts, `right` the sum over them of the questions
    answered rightly, this one included, and `right_squares` the sum of the squares of that.
    `correct` is how the answer was graded then.
    """

    quiz_id: str
    content_hash: str
    question_id: str
    choices: tuple[str, ...]
    correct: bool
    total_questions: int
    people: int
    right: int
    right_squares: int


class ChoiceShare(msgspec.Struct, frozen=True):
    """The share of people who took a choice; of an ordering, who put it in its place."""

    id: str
    share: float


class ItemStatistics(msgspec.Struct, frozen=True):
    """What first attempts say about one question; None where it is not defined, or hidden because
    there are fewer than ten answers. Shares are from 0 to 1, in the order of the question."""

    n: int
    facility: float | None
    discrimination: float | None
    shares: tuple[ChoiceShare, ...] | None

    @property
    def rough(self) -> bool:
        """Whether the figures may still move a lot."""
        return ENOUGH <= self.n < FIRM


class Flag(msgspec.Struct, frozen=True):
    """What is wrong with a question, and what to do about it. `choice` is the id of the choice that
    it is about, which who has not answered the question must not learn."""

    problem: Problem
    finding: str
    advice: str
    choice: str | None = None


def same_item(then: Question, now: Question) -> bool:
    """Whether both ask the same; the order in a file, the key and the explanation do not matter."""
    return (then.kind, then.text, frozenset(then.choices)) == (
        now.kind,
        now.text,
        frozenset(now.choices),
    )


def correlation(n: int, x: int, y: int, yy: int, xy: int) -> float | None:
    """Returns Pearson's correlation of a variable that is 0 or 1 with another one, from n pairs and
    the sums of x, y, y² and x·y, all whole numbers:

        r = (n·Σxy - Σx·Σy) / √((n·Σx² - (Σx)²) · (n·Σy² - (Σy)²)), and Σx² = Σx

    None when one of them does not vary: then there is nothing to correlate.
    """
    spread = (n * x - x * x) * (n * yy - y * y)
    return (n * xy - x * y) / math.sqrt(spread) if spread > 0 else None


def discrimination(question: Question, tallies: Sequence[Tally]) -> float | None:
    """Returns the corrected point-biserial correlation of a question: of being right (0 or 1) with
    the rest score, which is how many of the other questions of that attempt were right.

    The question itself is left out of the score, because a part correlates with its own sum
    (Guilford 1953, Educational and Psychological Measurement 13, 87-93; Henrysson 1963,
    Psychometrika 28, 211-218, doi 10.1007/BF02289618). Where a quiz got longer or shorter, the rest
    score is a share of the other questions; within one length that makes no difference.
    None when everybody or nobody was right, when no rest score differs, and without other
    questions.
    """
    with_others = [tally for tally in tallies if tally.total_questions > 1]
    # Whole numbers, so that "does not vary" is exact.
    unit = math.lcm(*(tally.total_questions - 1 for tally in with_others))
    n = x = y = yy = xy = 0
    for tally in with_others:
        scale = unit // (tally.total_questions - 1)
        own = int(tally.correct)
        rest = scale * (tally.right - own * tally.people)
        n += tally.people
        y += rest
        yy += scale**2 * (tally.right_squares - 2 * own * tally.right + own * tally.people)
        if is_correct(question, tally.choices):
            x += tally.people
            xy += rest
    return correlation(n, x, y, yy, xy)


def statistics_of(question: Question, tallies: Sequence[Tally]) -> ItemStatistics:
    """Returns the figures of a question from the tallies of its answers.

    n: answers in first attempts. Facility: the share of them that is right (the item's difficulty
    in classical test theory). A share says how many took the choice, of a question with several
    right answers each of those taken, and of an ordering how many put it in its place.
    """
    n = sum(tally.people for tally in tallies)
    if n < ENOUGH:
        return ItemStatistics(n, None, None, None)
    right = sum(tally.people for tally in tallies if is_correct(question, tally.choices))
    return ItemStatistics(
        n=n,
        facility=right / n,
        discrimination=discrimination(question, tallies),
        shares=tuple(
            ChoiceShare(
                choice.id,
                sum(tally.people for tally in tallies if _took(question, tally.choices, choice.id))
                / n,
            )
            for choice in question.choices
        ),
    )


def _took(question: Question, given: Sequence[str], choice_id: str) -> bool:
    if choice_id not in given:
        return False
    return question.kind != "ordering" or given.index(choice_id) == question.key.index(choice_id)


def flags_of(question: Question, item: ItemStatistics) -> list[Flag]:
    """Returns what is wrong with a question, the most urgent first.

    Limits: discrimination below 0; facility below 1/3, or outside 0.2 to 0.8; a wrong choice that
    fewer than 5 % take. True and false have no other choice that could take its place.
    """
    found: list[Flag] = []
    if item.discrimination is not None and item.discrimination < 0:
        found.append(
            Flag(
                "reversed",
                "Strong learners miss it more often",
                "Check the key. If it is right, look for a second choice that can be defended, and"
                " for words that mislead whoever thinks further.",
            )
        )
    if item.facility is not None and item.facility < FEW_RIGHT:
        almost = ": almost nobody does" if item.facility < ALMOST_NOBODY else ""
        found.append(
            Flag(
                "hard",
                f"Fewer than 1 in 3 get it right{almost}",
                "Check the key and the wording, and whether the video says it.",
            )
        )
    if item.facility is not None and item.facility > ALMOST_EVERYBODY:
        found.append(
            Flag(
                "easy",
                "Almost everybody gets it right",
                "Keep it if everybody has to know this. Otherwise make the wrong choices more"
                " plausible, or ask for more.",
            )
        )
    if question.kind in ("single", "multiple"):
        texts = {choice.id: choice.text for choice in question.choices}
        found += [
            Flag(
                "unused",
                f"Choice “{texts[taken.id]}” is almost never chosen",
                "Replace it by a mistake that people make.",
                taken.id,
            )
            for taken in item.shares or ()
            if taken.share < RARE_CHOICE and taken.id not in question.key
        ]
    return found
