"""The body of a JSON route: JSON and nothing else, decoded into the Struct that it asks for."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import msgspec
from litestar.exceptions import HTTPException

from portal.errors import Invalid
from portal.web.csrf import SAFE_METHODS
from portal.web.site import AnyConnection

NO_BODY = "Send a JSON body."
NOT_JSON = "The body is not valid JSON."
TOO_DEEP = "The body is nested too deeply."
CHECK = "Check what you sent."

# What msgspec says of a value, which may quote it, and what we say instead.
_PLACE = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")
_MISSING = re.compile(r"Object missing required field `(?P<field>[^`]+)`")
_LENGTH = re.compile(r"Expected `(?P<kind>str|array)` of length (?P<how><=|>=) (?P<limit>\d+)")
_LIMIT = re.compile(r"Expected `(?:int|float)` (?P<how><=|>=|<|>) (?P<limit>-?\d+)(?!\.)")
_KIND = re.compile(r"Expected `(?P<kind>\w+)[^`]*`, got")
_KINDS = {
    "int": "A whole number is expected.",
    "float": "A number is expected.",
    "str": "Text is expected.",
    "bool": "true or false is expected.",
    "array": "A list is expected.",
    "object": "An object is expected.",
}
_HOW = {"<=": "At most", ">=": "At least", "<": "Less than", ">": "More than"}


@cache
def _decoder(wanted: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(wanted)


def read_json(body: bytes, wanted: Any) -> Any:
    """Returns the body as `wanted`; `Invalid`, with the field in its details, when it is not."""
    try:
        return _decoder(wanted).decode(body)
    except msgspec.ValidationError as error:
        path, sentence = problem_in(str(error))
        raise Invalid(CHECK, details={path or "body": sentence}) from None
    except RecursionError:
        raise Invalid(TOO_DEEP) from None
    except (msgspec.DecodeError, UnicodeError):
        raise Invalid(NOT_JSON) from None


def problem_in(message: str) -> tuple[str, str]:
    """Returns where in the input something is wrong, as a path that is empty for the whole of it,
    and what is wrong, in a sentence of ours about msgspec's message."""
    place = _PLACE.search(message)
    path = place["path"] if place else ""
    if missing := _MISSING.match(message):
        field = missing["field"]
        return f"{path}.{field}" if path else field, f"`{field}` is missing."
    if length := _LENGTH.match(message):
        unit = "characters are" if length["kind"] == "str" else "entries are"
        return path, f"{_HOW[length['how']]} {int(length['limit']):,} {unit} expected."
    if limit := _LIMIT.match(message):
        return path, f"{_HOW[limit['how']]} {int(limit['limit']):,} is expected."
    if "out of range" in message:
        return path, "This number is too large."
    kind = _KIND.match(message)
    return path, _KINDS.get(kind["kind"] if kind else "", "This value cannot be used.")


async def require_json(connection: AnyConnection, handler: Any) -> None:
    """Guard: a request to the API must have a body where one is wanted, and say that it is JSON."""
    if connection.scope["method"] in SAFE_METHODS:  # type: ignore[typeddict-item]
        return
    if not connection.scope["path"].startswith("/api/") or handler.opt.get("upload"):
        return
    length = connection.headers.get("content-length", "0")
    has_body = length != "0" or "transfer-encoding" in connection.headers
    if not has_body and "data" in handler.parsed_fn_signature.parameters:
        raise Invalid(NO_BODY)
    kind = connection.headers.get("content-type", "").partition(";")[0].strip().lower()
    if has_body and kind != "application/json":
        raise HTTPException(status_code=415)
