"""Rendering of pages: one environment of templates, one shell around every page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import minijinja
import msgspec
from litestar import Response

from portal import __version__
from portal.web import formats, languages
from portal.web.actor import Actor, Role
from portal.web.assets import shipped
from portal.web.auth import current_actor
from portal.web.paths import address_of
from portal.web.site import Req, Site, site
from portal.web.theme import theme_of

TEMPLATES = Path(__file__).parent / "templates"


class Place(msgspec.Struct, frozen=True):
    """A page of the main navigation. `short` is its word in the tab bar of a phone, `key` what
    follows a "g" on the keyboard."""

    href: str
    label: str
    short: str
    icon: str
    key: str


HOME = Place("/dashboard", "Dashboard", "Home", "home", "d")
PATH = Place("/path", "Path", "Path", "path", "p")
RANKS = Place("/leaderboard", "Leaderboard", "Ranks", "ranks", "l")
TEAM = Place("/manager", "Team", "Team", "team", "t")

NAVIGATION: dict[Role, tuple[Place, ...]] = {
    "learner": (HOME, PATH, RANKS),
    "manager": (HOME, PATH, RANKS, TEAM),
    "admin": (HOME, PATH, RANKS, TEAM),
}
# Whoever looks after a team has it in the tab bar, in place of the ranks.
IN_TAB_BAR: dict[Role, frozenset[Place]] = {
    "learner": frozenset((HOME, PATH, RANKS)),
    "manager": frozenset((HOME, PATH, TEAM)),
    "admin": frozenset((HOME, PATH, TEAM)),
}
DEMO_NOTICE = (
    "Demo accounts with public passwords are active. Set SEED_DB=false and change or disable them"
    " before anyone else can reach this site."
)
# Pages that have no entry of their own, and the entry that they belong to.
_BELOW = {"/step/": "/path", "/video/": "/path", "/manager/": "/manager"}


class Link(msgspec.Struct, frozen=True):
    href: str
    title: str


class NavItem(msgspec.Struct, frozen=True):
    """`in_tab_bar`: on a phone too; what is not stands in its menu there."""

    place: Place
    current: bool
    in_tab_bar: bool


class Banner(msgspec.Struct, frozen=True):
    kind: str
    text: str


class Shell(msgspec.Struct, frozen=True):
    """What surrounds the page: who is signed in, where they are, and how it should look. `language`
    is that of the course."""

    signed_in: bool
    name: str
    initials: str
    external_id: str
    role: str
    score: int
    nav: list[NavItem]
    theme: str
    here: str
    time_zone: str
    version: str
    language: str
    notices: list[Banner]


class ErrorPage(msgspec.Struct, frozen=True):
    status: int
    title: str
    message: str
    request_id: str | None
    retry: Link | None


class Renderer:
    """The templates with their filters, compiled on first use and kept."""

    def __init__(self, *, reload: bool = False) -> None:
        self._environment = minijinja.Environment(
            loader=_read_template,
            filters={
                "number": formats.number,
                "percent": formats.percent,
                "length": formats.length,
                "about": formats.about,
                "ordinal": formats.ordinal,
                "when": _when,
                "plural": formats.plural,
                "authored": _authored,
                "bidi": lambda text: minijinja.safe(languages.bidi(text)),
            },
            globals={
                "asset": lambda name: minijinja.safe(shipped().url(name)),
                "of_course": _of_course,
            },
            trim_blocks=True,
            lstrip_blocks=True,
            undefined_behavior="strict",
            reload_before_render=reload,
        )

    def __call__(self, template: str, **context: Any) -> str:
        return self._environment.render_template(template, **context)


def _read_template(name: str) -> str | None:
    path = (TEMPLATES / name).resolve()
    if not path.is_relative_to(TEMPLATES) or not path.is_file():
        return None
    return path.read_text(encoding="utf-8")


@minijinja.pass_state
def _when(state: Any, moment: Any) -> formats.When:
    return formats.when(moment, state.lookup("shell").time_zone)


@minijinja.pass_state
def _authored(state: Any, text: str) -> Any:
    """A text of the course, in its language."""
    return minijinja.safe(languages.authored(text, state.lookup("shell").language))


@minijinja.pass_state
def _of_course(state: Any, *_: Any) -> Any:
    """The attributes of an element with texts of the course."""
    return minijinja.safe(languages.attributes(state.lookup("shell").language))


async def page(
    request: Req,
    template: str,
    content: Any,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response[str]:
    """Returns the template rendered with `page` = content and the shell of this request."""
    shell = await _shell(request)
    html = site(request).render(template, page=content, shell=shell)
    return Response(html, status_code=status, media_type="text/html", headers=headers)


async def error_page(
    request: Req,
    *,
    status: int,
    title: str,
    message: str,
    request_id: str | None,
    headers: dict[str, str] | None = None,
    retry: Link | None = None,
) -> Response[str]:
    """Returns the error page, in the shell if that can be had: an error must not cause another."""
    try:
        shell = await _shell(request)
    except Exception:  # noqa: BLE001 - whatever it is, the page says the first error
        shell = _shell_for(request, None, 0)
    if status == 503 and request.method == "GET":
        retry = Link(address_of(request), "Try again")
    content = ErrorPage(
        status=status,
        title=title,
        message=message,
        request_id=request_id,
        retry=retry,
    )
    html = site(request).render("error.html", page=content, shell=shell)
    return Response(html, status_code=status, media_type="text/html", headers=headers)


async def _shell(request: Req) -> Shell:
    actor = await current_actor(request)
    score = await site(request).score_of(actor) if actor else 0
    return _shell_for(request, actor, score)


def _shell_for(request: Req, actor: Actor | None, score: int) -> Shell:
    here = site(request)
    path = request.scope["path"]
    current = next((entry for start, entry in _BELOW.items() if path.startswith(start)), path)
    return Shell(
        signed_in=actor is not None,
        name=actor.name if actor else "",
        initials=actor.initials if actor else "",
        external_id=actor.external_id if actor else "",
        role=actor.role if actor else "",
        score=score,
        nav=[
            NavItem(place, place.href == current, place in IN_TAB_BAR[actor.role])
            for place in NAVIGATION[actor.role]
        ]
        if actor
        else [],
        theme=theme_of(request),
        here=address_of(request),
        time_zone=actor.time_zone if actor else here.settings.time_zone,
        version=__version__,
        language=here.course.language,
        notices=_notices(here, actor),
    )


def _notices(here: Site, actor: Actor | None) -> list[Banner]:
    if here.settings.demo_mode and actor and actor.role == "admin":
        return [Banner("warn", DEMO_NOTICE)]
    return []
