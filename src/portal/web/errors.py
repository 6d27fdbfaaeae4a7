"""Turns what went wrong into an answer: JSON below `/api` and `/health`, a page everywhere else."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from litestar import Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.response import Redirect
from litestar.types import ExceptionHandlersMap, Receive, Scope, Send

from portal import errors
from portal.web import log, pages
from portal.web.json_body import CHECK, problem_in
from portal.web.paths import address_of
from portal.web.site import Req

STATUS: dict[type[errors.PortalError], int] = {
    errors.Invalid: 400,
    errors.SignInRequired: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.RateLimited: 429,
    errors.Unavailable: 503,
}
SENTENCES = {
    400: "The request could not be read.",
    404: "No page at this address.",
    405: "This address does not accept that method.",
    413: "The request is too large.",
    415: "Send the body as application/json.",
}
TITLES = {
    400: "The request could not be read",
    403: "This page is not open to you",
    404: "No page at this address",
    405: "This address does not work that way",
    409: "This has changed in the meantime",
    413: "That was too large",
    429: "Too many tries",
    500: "Something went wrong on our side",
    503: "The portal cannot reach its data right now",
}


READ_ONLY_TITLE = "Nothing can be saved right now"


def is_api(path: str) -> bool:
    return path.startswith(("/api/", "/health/")) or path == "/metrics"


class Later(Response[bytes]):
    """A response that is made when it is sent: Litestar's error handlers cannot wait for the shell
    of a page, which asks the database who is signed in."""

    def __init__(self, make: Callable[[], Awaitable[Response[Any]]]) -> None:
        super().__init__(b"")
        self.make = make

    def to_asgi_response(self, app: Any, request: Any, **_: Any) -> Any:  # noqa: ARG002
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            response = await self.make()
            await response.to_asgi_response(app=None, request=request)(scope, receive, send)

        return answer


def _send(
    request: Req,
    status: int,
    sentence: str,
    *,
    details: object = None,
    retry_after: int | None = None,
    request_id: str | None = None,
    headers: dict[str, str] | None = None,
    title: str | None = None,
) -> Response[Any]:
    headers = dict(headers or {})
    if retry_after is not None:
        headers["retry-after"] = str(retry_after)
    if is_api(request.scope["path"]):
        body: dict[str, Any] = {"error": sentence}
        if details is not None:
            body["details"] = details
        if request_id is not None:
            body["requestId"] = request_id
        return Response(body, status_code=status, headers=headers)
    return Later(
        lambda: pages.error_page(
            request,
            status=status,
            title=title or TITLES.get(status, "That did not work"),
            message=sentence,
            request_id=request_id,
            headers=headers,
        )
    )


def on_portal_error(request: Req, error: errors.PortalError) -> Any:
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 400)
    if status == 401 and not is_api(request.scope["path"]):
        return Redirect(login_address(request), status_code=303)
    retry_after = getattr(error, "retry_after", None)
    title = READ_ONLY_TITLE if isinstance(error, errors.ReadOnly) else None
    return _send(
        request,
        status,
        error.sentence,
        details=error.details,
        retry_after=retry_after,
        title=title,
    )


def login_address(request: Req) -> str:
    """Returns `/login` with the way back: the page that was asked for, or whose form was sent."""
    target = address_of(request, "/")
    return "/login" if target == "/" else f"/login?next={quote(target, safe='/')}"


def on_http_error(request: Req, error: HTTPException) -> Any:
    status = error.status_code
    if status >= 500:
        return on_bug(request, error)
    details: object = None
    sentence = SENTENCES.get(status, "That did not work.")
    if isinstance(error, ValidationException):
        sentence = CHECK
        details = _field_problems(request, error.extra)
    elif status == 404 and is_api(request.scope["path"]):
        sentence = "Not found."
    # the headers hold Allow, of a 405
    return _send(request, status, sentence, details=details, headers=error.headers)


def _field_problems(request: Req, extra: Any) -> dict[str, str] | None:
    """Returns parameter → sentence from Litestar's list of findings, which names the arguments of
    the handler, and quotes what was sent."""
    if not isinstance(extra, list):
        return None
    arguments = request.route_handler.parsed_fn_signature.parameters
    problems = {}
    for entry in extra:
        argument = arguments.get(str(entry.get("key")))
        definition = argument.kwarg_definition if argument else None
        name = getattr(definition, "name", None) or (argument.name if argument else "request")
        problems[name] = problem_in(str(entry.get("message")))[1]
    return problems or None


def route_name(request: Req) -> str:
    """Returns the route as logs name it: of `/api/quiz/{video_id}/answers`, "quiz/answers". The
    address itself could hold anything."""
    template = str(request.scope.get("path_template", ""))
    parts = [part for part in template.split("/") if part and not part.startswith("{")]
    return "/".join(parts[1:] if parts[:1] == ["api"] else parts) or "root"


def on_bug(request: Req, error: Exception) -> Any:
    """The only 5xx that is our fault: logged with its traceback, answered with its id."""
    request_id = log.request_id.get()
    logging.getLogger(route_name(request)).error(
        "%s",
        type(error).__name__,
        exc_info=error,
        extra={"context": {"method": request.method, "requestId": request_id}},
    )
    return _send(
        request,
        500,
        "Internal server error"
        if is_api(request.scope["path"])
        else "Nothing you did caused this. The number below helps to find it in the log.",
        request_id=request_id,
    )


EXCEPTION_HANDLERS: ExceptionHandlersMap = {
    errors.PortalError: on_portal_error,
    HTTPException: on_http_error,
    Exception: on_bug,
}
