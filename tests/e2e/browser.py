"""People at a real browser: what they have open, and what their browser must never do."""

from __future__ import annotations

import itertools
from typing import Any, Self
from urllib.parse import parse_qs

import msgspec
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from tests.support import Database

PASSWORD = "claude123"
# No name but ours resolves, and the browser starts no conversation of its own.
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
# Chromium reports a refused page in the console, although the page is what was wanted.
REFUSALS = tuple(f"the server responded with a status of {code}" for code in (401, 404, 409, 422))

_numbers = itertools.count(1)


class Site(msgspec.Struct, frozen=True):
    """The served portal and its database."""

    url: str
    database: Database


class Profile:
    """A browser profile: its windows share cookies. It keeps what went wrong in any of them.

    `wanted` are words of console messages that a test provokes.
    """

    def __init__(self, site: Site, context: BrowserContext) -> None:
        self.site = site
        self.context = context
        self.complaints: list[str] = []
        self.foreign: list[str] = []
        self.wanted = list(REFUSALS)
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.on("request", self._on_request)

    @classmethod
    async def open(cls, chromium: Browser, site: Site, **options: Any) -> Self:
        """`options` are those of a Playwright context, such as `java_script_enabled`."""
        wanted = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce", **options}
        context = await chromium.new_context(base_url=site.url, **wanted)
        context.set_default_timeout(10_000)
        return cls(site, context)

    def _on_console(self, message: ConsoleMessage) -> None:
        if not any(words in message.text for words in self.wanted):
            self.complaints.append(message.text)

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.site.url}/", "data:", "blob:", "about:")):
            self.foreign.append(request.url)
        elif request.method != "GET" and not says_whose(request):
            self.complaints.append(f"{request.url}: a write that does not say whose page it is of")


def says_whose(request: Request) -> bool:
    """Returns whether a write names the person for whom its page was made."""
    fields = parse_qs(request.post_data or "", keep_blank_values=True)
    return "x-portal-user" in request.headers or "for" in fields


class Learner(msgspec.Struct, frozen=True):
    """A learner of their own for one test, signed in, with one window open."""

    name: str
    profile: Profile
    page: Page

    async def count(self, query: str) -> Any:
        """Returns one value from the database; `$1` in the query is the learner's key."""
        key = await self.profile.site.database.value(
            "SELECT id FROM app_user WHERE external_id = $1", self.name
        )
        return await self.profile.site.database.value(query, key)


async def add_learner(site: Site) -> str:
    """Returns the user name of a new learner of team alpha with the demo learners' password."""
    name = f"learner-{next(_numbers)}"
    await site.database.fetch(
        """
        INSERT INTO app_user (id, external_id, name, role, team, password_hash, created_at)
        SELECT gen_random_uuid(), $1, 'Robin Reader', 'learner', 'alpha', password_hash, now()
        FROM app_user WHERE external_id = 'alex'
        """,
        name,
    )
    return name


async def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    """Fill the sign-in page that is open, and send it."""
    await page.get_by_label("User name or e-mail").fill(name)
    await page.get_by_label("Password", exact=True).fill(password)
    await page.get_by_role("button", name="Sign in").click()


async def sign_in_elsewhere(learner: Learner, name: str) -> None:
    """Sign somebody in at another window of the learner's browser."""
    window = await learner.profile.context.new_page()
    await learner.profile.context.clear_cookies(name="sid")
    await window.goto("/login")
    await sign_in(window, name)
    await window.wait_for_url("**/dashboard")
    await window.close()


async def tab_to(page: Page, name: str, *, within: int = 60) -> None:
    """Press Tab until the focus is on the control of that name, and fail when it never gets there.

    The name is the text that is read out: the label if there is one, otherwise the content.
    """
    met = []
    for _ in range(within):
        await page.keyboard.press("Tab")
        met.append(await focused_name(page))
        if met[-1] == name:
            return
    raise AssertionError(f"Tab never reached {name!r}: {met}")


async def focused_name(page: Page) -> str:
    """Returns the words of the control that has the focus, "" when none has."""
    words: str = await page.evaluate(
        """() => {
          const element = document.activeElement;
          if (element === document.body) return "";
          const label = element.labels?.[0]?.textContent;
          return (element.ariaLabel || label || element.textContent).trim().replace(/\\s+/g, " ");
        }"""
    )
    return words
