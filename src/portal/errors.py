"""What can go wrong in a way that a person may read about. No HTTP in here.

Every error carries one plain sentence. The pages show it, the API sends it as `error`, and the
command line prints it as its only line.
"""

from __future__ import annotations

from collections.abc import Mapping


class PortalError(Exception):
    """An expected failure.

    `sentence` is safe to show to anyone: no secret, no text of the database. `details` is what a
    program needs to act on it, as JSON-compatible data, or None.
    """

    default = "That did not work."

    def __init__(self, sentence: str | None = None, *, details: object = None) -> None:
        self.sentence = sentence or self.default
        self.details = details
        super().__init__(self.sentence)


class NotFound(PortalError):
    """The thing does not exist, or the actor may not know that it does."""

    default = "Not found."


class SignInRequired(PortalError):
    """Nobody is signed in, or the name and password do not match."""

    default = "Sign in first."


class Forbidden(PortalError):
    """The actor is known and may not do this."""

    default = "You may not do this."


class Conflict(PortalError):
    """The current state contradicts the request; `details` says what is recorded."""

    default = "This has changed in the meantime."


class Invalid(PortalError):
    """The input cannot be used; `details` maps each field to its sentence. Without a sentence for
    all of it, that is the first of them."""

    default = "Check what you entered."

    details: Mapping[str, str] | None

    def __init__(
        self, sentence: str | None = None, *, details: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(sentence or next(iter((details or {}).values()), None), details=details)


class RateLimited(PortalError):
    """Too many attempts; `retry_after` is the wait in whole seconds."""

    default = "Too many attempts. Try again later."

    def __init__(self, sentence: str | None = None, *, retry_after: int) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class Unavailable(PortalError):
    """Something that the portal needs is away for now; `retry_after` is in whole seconds."""

    default = "This is not available right now. Try again in a minute."

    def __init__(self, sentence: str | None = None, *, retry_after: int = 5) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class ReadOnly(Unavailable):
    """What is stored can be read, and nothing can be added to it for now."""

    default = "Nothing can be saved right now. Try again in a minute."


class CommandFailed(PortalError):
    """A command cannot go on; the sentence is all that the person at the terminal gets."""

    default = "The command failed."
