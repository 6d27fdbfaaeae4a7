"""The description of the API, for whoever is signed in: OpenAPI 3.1, made from the routes.

Of each route it uses what the application goes by: its types, its guards, and `opt`. There,
`"errors"` names the statuses that follow from nothing else, `"unready"` that 503 looks like 200,
and `"opens_session"` that the answer sets the cookie.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated, Any, Final, TypeAlias, get_args, get_origin

import msgspec
from litestar import Litestar, Response, get
from litestar.enums import ParamType
from litestar.handlers import HTTPRouteHandler
from litestar.params import ParameterKwarg, PathParameter, QueryParameter
from litestar.routes import HTTPRoute
from litestar.typing import FieldDefinition

from portal import __version__
from portal.web.auth import Who, who_may
from portal.web.csrf import SAFE_METHODS
from portal.web.session import COOKIE
from portal.web.site import Req

SCHEME: Final = "session"
REF: Final = "#/components/schemas/{name}"
ABOUT: Final = (
    "Sign in with POST /api/auth/login, and send the cookie that it sets. Every error is one plain"
    " sentence in `error`. An unknown address is 404, and a method that an address does not take is"
    " 405 with Allow. A write that a browser sends on behalf of another site is 403."
)
ERRORS: Final = {
    400: "Something in the request cannot be used; `details` names it, with a sentence each.",
    401: "Nobody is signed in, or the name and the password do not match.",
    403: "Not for this person, not yet open for them, or sent by another site.",
    404: "There is no such thing, or none that this person may know of.",
    409: "What is recorded contradicts this, or somebody else is signed in. `details` tells more.",
    413: "The body is too large.",
    415: "The body is not sent as application/json.",
    429: "Too many tries. Retry-After says how many seconds to wait.",
    500: "A bug of ours. `requestId` finds it in the log.",
    503: "The portal starts, stops, or cannot reach its data. Retry-After says when to try again.",
}
WAITS: Final = frozenset({429, 503})
WHO: Final[dict[Who, str]] = {
    "public": "For everybody.",
    "member": "For everybody who is signed in.",
    "manager": "For managers and admins.",
    "admin": "For admins.",
}


class Error(msgspec.Struct, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    """What went wrong, in a sentence that can be shown. `details` is what a program needs to act on
    it: after 400 a sentence for each field, after 409 what is recorded. `requestId` is there only
    after 500."""

    error: str
    details: dict[str, Any] | None = None
    request_id: str | None = None


# What a value looks like, for who reads the description. It is not checked against this: an id of
# another form is one that nothing has, and is answered like that.
Slug: TypeAlias = Annotated[
    str,
    msgspec.Meta(
        extra_json_schema={"pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "minLength": 1, "maxLength": 100}
    ),
]


def between(low: int, high: int) -> msgspec.Meta:
    """Returns the bounds of a number, for the description alone: who checks them says it better."""
    return msgspec.Meta(extra_json_schema={"minimum": low, "maximum": high})


def up_to(length: int) -> msgspec.Meta:
    """Returns the length of a text, for the description alone."""
    return msgspec.Meta(extra_json_schema={"maxLength": length})


@get("/api/openapi.json", summary="This description, as OpenAPI 3.1")
async def openapi_document(request: Req) -> Response[dict[str, Any]]:
    """Made at the first request, then kept: it depends on nothing but the code."""
    state = request.app.state
    if "openapi_document" not in state:
        state["openapi_document"] = msgspec.json.encode(describe(request.app))
    return Response(state["openapi_document"], media_type="application/json")


def describe(app: Litestar) -> dict[str, Any]:
    """Returns the description of all routes of the application that are not pages."""
    found = [
        (route, handler, method)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if handler.resolve_include_in_schema()
        for method in handler.http_methods
    ]
    types = [kind for _, handler, _ in found for kind in _types_of(handler)]
    schemas, components = msgspec.json.schema_components([*types, Error], ref_template=REF)
    schema_of = dict(zip(types, schemas, strict=False))
    paths: dict[str, Any] = {}
    for route, handler, method in sorted(found, key=lambda entry: (entry[0].path, entry[2])):
        operation = _operation(route, handler, method, schema_of)
        paths.setdefault(route.path_format, {})[method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "AI Training Portal", "version": __version__, "description": ABOUT},
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": {str(status): _error(status) for status in ERRORS},
            "securitySchemes": {SCHEME: {"type": "apiKey", "in": "cookie", "name": COOKIE}},
        },
    }


def _operation(
    route: HTTPRoute, handler: HTTPRouteHandler, method: str, schema_of: dict[Any, Any]
) -> dict[str, Any]:
    who = who_may(handler)
    about = inspect.getdoc(handler.fn)
    operation: dict[str, Any] = {
        "operationId": f"{method.lower()}{route.path_format.title()}".translate(_PLAIN),
        "summary": handler.summary or "",
        "description": f"{about}\n\n{WHO[who]}" if about else WHO[who],
        "security": [] if who == "public" else [{SCHEME: []}],
        "responses": _responses(route, handler, method, schema_of),
    }
    if parameters := [_parameter(*found, schema_of) for found in _parameters_of(handler)]:
        operation["parameters"] = parameters
    if body := handler.parsed_fn_signature.parameters.get("data"):
        content = _json(schema_of[body.annotation])
        operation["requestBody"] = {"required": True, "content": content}
    return operation


FILE: Final = {"type": "string", "format": "binary"}
_PLAIN: Final = str.maketrans("", "", "/{}_-.")


def _responses(
    route: HTTPRoute, handler: HTTPRouteHandler, method: str, schema_of: dict[Any, Any]
) -> dict[str, Any]:
    success = handler.status_code
    file = handler.opt.get("file")  # the media type of an answer that is not JSON
    content = {file: {"schema": FILE}} if file else _json(schema_of[_answer_of(handler)])
    answer: dict[str, Any] = {"description": HTTPStatus(success).phrase, "content": content}
    if handler.opt.get("opens_session"):
        cookie = {"description": f"`{COOKIE}`, the session.", "schema": {"type": "string"}}
        answer["headers"] = {"Set-Cookie": cookie}
    responses = {str(success): answer}
    for status in sorted(_statuses(route, handler, method)):
        responses[str(status)] = {"$ref": f"#/components/responses/{status}"}
    if handler.opt.get("unready"):
        responses["503"] = {**_error(503), "content": answer["content"]}
    return responses


def _json(schema: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _statuses(route: HTTPRoute, handler: HTTPRouteHandler, method: str) -> set[int]:
    """Returns the errors that this operation can end in."""
    who = who_may(handler)
    found = {400, 500, *handler.opt.get("errors", ())}
    if not handler.opt.get("probe"):
        found.add(503)
    if who != "public":
        found.add(401)
    if who in ("manager", "admin"):
        found.add(403)
    if method not in SAFE_METHODS:
        found |= {403, 409, 415}  # of another site, from somebody else's page, with a wrong body
    if "data" in handler.parsed_fn_signature.parameters:
        found.add(413)
    if route.path_parameters:
        found.add(404)
    return found


def _error(status: int) -> dict[str, Any]:
    described: dict[str, Any] = {
        "description": ERRORS[status],
        "content": _json({"$ref": REF.format(name="Error")}),
    }
    if status in WAITS:
        wait = {"required": True, "schema": {"type": "integer", "minimum": 0}}
        described["headers"] = {"Retry-After": {"description": "In seconds.", **wait}}
    return described


def _parameters_of(handler: HTTPRouteHandler) -> Iterator[tuple[FieldDefinition, ParameterKwarg]]:
    for field in handler.parsed_fn_signature.parameters.values():
        if isinstance(field.kwarg_definition, (PathParameter, QueryParameter)):
            yield field, field.kwarg_definition


def _parameter(
    field: FieldDefinition, definition: ParameterKwarg, schema_of: dict[Any, Any]
) -> dict[str, Any]:
    schema = schema_of[_type_of(field)]
    if field.has_default and field.default:
        schema = {**schema, "default": field.default}
    return {
        "name": definition.name or field.name,
        "in": definition.param_type.value,
        "required": definition.param_type == ParamType.PATH or not field.has_default,
        "schema": schema,
    }


def _types_of(handler: HTTPRouteHandler) -> Iterator[Any]:
    """Yields the types that the description of an operation names."""
    if "file" not in handler.opt:
        yield _answer_of(handler)
    if body := handler.parsed_fn_signature.parameters.get("data"):
        yield body.annotation
    for field, _ in _parameters_of(handler):
        yield _type_of(field)


def _type_of(field: FieldDefinition) -> Any:
    """Returns the type of a parameter, with what else is said of it."""
    kind = field.annotation
    return Annotated[kind, *field.metadata] if field.metadata else kind


def _answer_of(handler: HTTPRouteHandler) -> Any:
    """Returns the type of what is sent when all goes well."""
    kind = handler.parsed_fn_signature.return_type.annotation
    return get_args(kind)[0] if get_origin(kind) is Response else kind
