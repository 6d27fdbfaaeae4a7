"""A problem of a course: what it is, where it stands, and what to do about it."""

from __future__ import annotations

import msgspec

# What a scaffold leaves to its author begins with this word, and goes on with what to write.
TO_DO = "TODO"


class Problem(msgspec.Struct, frozen=True):
    """One problem: the file and the place in it, what is wrong, and what to do. str() is one line.

    `problem` is a clause without a full stop, `remedy` a sentence. What is still `to_do` is not
    wrong: the course may be published without it. Nor is a `note`, which says what was left out.
    """

    file: str
    where: str
    problem: str
    remedy: str
    to_do: bool = False
    note: bool = False

    @property
    def is_fault(self) -> bool:
        """Whether the course may not be published with it."""
        return not (self.to_do or self.note)

    @property
    def line(self) -> str:
        """Returns the problem with what it is, if it is no fault."""
        return f"To do: {self}" if self.to_do else f"Note: {self}" if self.note else str(self)

    def __str__(self) -> str:
        place = f"{self.file}: {self.where}" if self.where else self.file
        return f"{place}: {self.problem}. {self.remedy}"
