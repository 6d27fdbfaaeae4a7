"""Reading HTML forms, and showing a refused one again with its errors."""

from __future__ import annotations

import msgspec

from portal.errors import Invalid, PortalError, RateLimited
from portal.web.site import Req

MAX_FIELD = 2_000  # characters


class Form:
    """The fields of a submitted form. Text is trimmed; a field that is too long is refused."""

    def __init__(self, fields: dict[str, list[str]]) -> None:
        self._fields = fields

    def text(self, name: str, *, trim: bool = True) -> str:
        """Returns the first value of a field, or an empty string."""
        values = self._fields.get(name)
        if not values:
            return ""
        return values[0].strip() if trim else values[0]

    def all(self, name: str) -> list[str]:
        return self._fields.get(name, [])

    def number(self, name: str) -> int | None:
        text = self.text(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


async def read_form(request: Req) -> Form:
    """Returns the fields of a form; `Invalid` when one is too long or not text."""
    fields: dict[str, list[str]] = {}
    for name, value in (await request.form()).multi_items():
        if len(value) > MAX_FIELD:
            raise Invalid("That is too long.", details={name: "This is too long."})
        if "\0" in value:
            raise Invalid("The text holds a character that cannot be stored.")
        fields.setdefault(name, []).append(value)
    return Form(fields)


class FormErrors(msgspec.Struct, frozen=True):
    """A sentence for each field of a refused form, and the status and headers of the page that
    shows it again."""

    fields: dict[str, str]
    status: int = 422
    headers: dict[str, str] = {}


NO_ERRORS = FormErrors({}, status=200)


def form_errors(error: PortalError, field: str) -> FormErrors:
    """Returns the errors of a form that was refused: those in the details of `error`, or else its
    sentence at `field`."""
    if isinstance(error, RateLimited):
        headers = {"retry-after": str(error.retry_after)}
        return FormErrors({field: error.sentence}, status=429, headers=headers)
    if isinstance(error, Invalid) and error.details:
        return FormErrors(dict(error.details))
    return FormErrors({field: error.sentence})
