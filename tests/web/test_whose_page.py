"""A write from a page is for the person for whom the page was made, or it is refused."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

import portal.web
from portal.db import sql
from tests.support import COURSE, QUIZ, Portal, execute, take_quiz
from tests.web.markup import Page, send
from tests.web.portals import FORM, JSON, address, litestar_of, routes_of

WEB = Path(portal.web.__file__).parent
SENTENCE = "You are signed in as Mike Brown now."
# What is not done on behalf of who is signed in: signing in, and the colours of this browser.
FROM_ANYBODY = {"/login", "/api/auth/login", "/theme"}
ORDERING = next(
    (quiz_id, number)
    for quiz_id, quiz in COURSE.quizzes.items()
    for number, question in enumerate(quiz.questions, 1)
    if question.kind == "ordering"
)
PAGES = (
    "/dashboard",
    "/path",
    "/step/1",
    f"/video/{QUIZ}",
    f"/video/{QUIZ}?q=1",
    f"/video/{QUIZ}?result=1",
    "/manager/questions",
    f"/video/{ORDERING[0]}?q={ORDERING[1]}",
    "/search?q=prompting",
    "/leaderboard",
    "/account",
    "/manager",
    "/manager/member/alex",
    "/no/such/page",
    "/step/99",
)


def forms_that_write(answer: httpx.Response) -> list[str | None]:
    """Returns for whom each form of a page says that it was made."""
    assert "text/html" in answer.headers["content-type"], answer.url
    return [form.owner for form in Page(answer).forms if form.method == "post"]


async def stored(portal: Portal) -> list[list[str]]:
    """Returns all that a refused write must leave as it is."""
    tables = ["app_user", "login_session", "video_progress", "practice_tick", "quiz_attempt"]
    tables += ("quiz_answer", "user_score", "activity_day", "rate_bucket", "audit_event")
    tables.append("question_report")
    rows = [
        await portal.database.fetch(f"SELECT t::text FROM {table} t ORDER BY 1") for table in tables
    ]
    return [[row[0] for row in table] for table in rows]


@pytest.mark.parametrize("name", ["alex", "sara", "admin"])
async def test_every_form_of_every_page_says_whose_it_is(portal: Portal, name: str) -> None:
    browser = await portal.signed_in(name)
    await portal.signed_in(name)  # a second device to sign out
    await take_quiz(browser, QUIZ, wrong=1)
    pages = [await browser.get(path) for path in PAGES]
    pages.append(await browser.post("/account/profile", data={"name": ""}))
    pages += [
        await browser.get(address(portal, route.path))
        for route in routes_of(portal)
        if route.method == "GET" and not route.path.startswith(("/api/", "/health/", "/metrics"))
    ]
    shown = [page for page in pages if "text/html" in page.headers.get("content-type", "")]
    assert len(shown) > len(PAGES)
    for page in shown:
        owners = forms_that_write(page)
        assert len(owners) >= 2, page.url  # the theme and signing out, at least
        assert set(owners) == {name}, page.url
        assert Page(page).attributes("html")["data-user"] == name


async def test_the_forms_of_a_visitor_say_that_nobody_is_signed_in(
    visitor: httpx.AsyncClient,
) -> None:
    for path in ("/login", "/login?next=/step/3", "/no/such/page"):
        page = await visitor.get(path)
        assert set(forms_that_write(page)) == {""}, path
        assert Page(page).attributes("html")["data-user"] == ""


def test_no_template_writes_a_form_by_hand() -> None:
    """So that none can forget to say it, in whatever state the page is."""
    by_hand = [
        template.name
        for template in (WEB / "templates").rglob("*.html")
        if re.search(r"<form[^>]*post", template.read_text(), re.IGNORECASE)
    ]
    assert by_hand == ["forms.html"]


def test_scripts_ask_the_server_in_one_way_only() -> None:
    scripts = {path.name: path.read_text() for path in (WEB / "static/js").glob("*.js")}
    ways = r"\bfetch\(|sendBeacon|XMLHttpRequest|WebSocket|EventSource|WebTransport"
    assert [name for name, text in scripts.items() if re.search(ways, text)] == ["ask.js"]
    writes = re.findall(r"method: .*", scripts["ask.js"])
    assert len(writes) == 1
    assert '"x-portal-user": owner' in writes[0]
    assert not [name for name, text in scripts.items() if "method:" in text and name != "ask.js"]


@pytest.mark.parametrize("owner", ["alex", "", "nobody-of-this-name"])
async def test_no_route_takes_a_write_from_a_page_of_somebody_else(
    portal: Portal, mike: httpx.AsyncClient, owner: str
) -> None:
    manager = "UPDATE app_user SET role = 'manager' WHERE external_id = 'mike'"
    await execute(portal.database.url, manager)  # whom every write but the admins' is open to
    before = await stored(portal)
    writes = [route for route in routes_of(portal) if route.method != "GET"]
    assert len(writes) > 12
    for route in writes:
        url = address(portal, route.path)
        if url in FROM_ANYBODY:
            continue
        api = url.startswith("/api/")
        ways: list[dict[str, object]] = [
            {"headers": {"x-portal-user": owner, **(JSON if api else FORM)}}
        ]
        if api:
            ways[0]["content"] = "{}"
        else:
            ways.append({"data": {"for": owner, "done": "true"}})
            ways.append({"files": {"for": (None, owner), "done": (None, "true")}})
            ways.append({"data": {"for": [owner, "mike"]}})
        for way in ways:
            answer = await mike.request(route.method, url, **way)  # type: ignore[arg-type]
            assert answer.status_code == 409, (url, way)
            if api:
                assert answer.json() == {"error": SENTENCE}
            else:
                assert SENTENCE in Page(answer).text
                assert answer.headers.get("location") is None
    assert await stored(portal) == before


async def test_what_is_from_anybody_is_exactly_this(portal: Portal) -> None:
    open_ones = {
        route.path
        for route in litestar_of(portal).routes
        for handler in route.route_handlers  # type: ignore[union-attr]
        if handler.opt.get("from_anybody")
    }
    assert open_ones == FROM_ANYBODY


async def test_a_form_of_alex_is_not_saved_for_mike(portal: Portal) -> None:
    browser = await portal.signed_in("alex")
    question = Page(await browser.get(f"/video/{QUIZ}?q=1"))
    form = question.form(f"/video/{QUIZ}/answer")
    signed_in = await browser.post("/login", data={"username": "mike", "password": "claude123"})
    assert signed_in.status_code == 303
    choice = {"choice": form.options["choice"][0]}
    refused = await browser.post(
        form.action,
        data={"for": "alex", **form.fields, **choice},
        headers={"referer": question.address},
    )
    assert refused.status_code == 409
    page = Page(refused)
    assert page.title == "Someone else is signed in now · AI Training"
    assert f"{SENTENCE} This page was opened for someone else, so nothing was saved." in page.text
    assert await portal.database.value("SELECT count(*) FROM quiz_answer") == 0
    # The way on is the same page, made for who is signed in; its form is taken.
    again = Page(await browser.get(page.link("Open the page as Mike Brown")))
    assert again.address == question.address
    own = again.form(f"/video/{QUIZ}/answer")
    assert own.owner == "mike"
    assert (await send(browser, own, **choice)).status_code == 200
    owner = "SELECT external_id FROM quiz_answer a JOIN quiz_attempt t ON t.id = a.attempt"
    owner += " JOIN app_user u ON u.id = t.learner"
    assert [row[0] for row in await portal.database.fetch(owner)] == ["mike"]


@pytest.mark.parametrize("section", ["profile", "time-zone", "password"])
async def test_a_refused_form_can_be_opened_again(mike: httpx.AsyncClient, section: str) -> None:
    """A form that was refused for another reason stands at an address of its own."""
    place = f"http://localhost:3000/account/{section}"
    answer = await mike.post(place, data={"for": "alex"}, headers={"referer": place})
    target = Page(answer).link("Open the page as Mike Brown")
    opened = await mike.get(target, follow_redirects=True)
    assert (opened.status_code, opened.url.path) == (200, "/account")


async def test_a_page_that_came_from_nowhere_leads_home(mike: httpx.AsyncClient) -> None:
    for referer in ({}, {"referer": "https://evil.example/step/1"}):
        answer = await mike.post(f"/video/{QUIZ}/done", data={"for": "alex"}, headers=referer)
        assert Page(answer).link("Open the page as Mike Brown").endswith(":3000/dashboard")


async def test_the_same_person_goes_on_after_signing_in_again(portal: Portal) -> None:
    browser = await portal.signed_in("alex")
    page = Page(await browser.get("/account"))
    await browser.post("/api/auth/logout")
    signed_out = await send(browser, page.form("/account/profile"), name="Not Yet")
    assert signed_out.url.path == "/login"
    await browser.post("/login", data={"username": "alex", "password": "claude123"})
    answer = await send(browser, page.form("/account/profile"), name="Alexandra")
    assert "Saved. Others see you as Alexandra." in Page(answer).text


async def test_signing_in_replaces_whoever_was(portal: Portal) -> None:
    browser = portal.browser()
    form = Page(await browser.get("/login")).form("/login")
    await browser.post("/api/auth/login", json={"username": "mike", "password": "claude123"})
    answer = await send(browser, form, username="alex", password="claude123")
    assert Page(answer).attributes("html")["data-user"] == "alex"


async def test_signing_out_is_for_the_person_of_the_page(portal: Portal) -> None:
    browser = await portal.signed_in("alex")
    page = Page(await browser.get("/dashboard"))
    await browser.post("/login", data={"username": "mike", "password": "claude123"})
    refused = await send(browser, page.form("/logout"))
    assert refused.status_code == 409
    assert (await browser.get("/api/auth/me")).json()["user"]["id"] == "mike"
    # That page offers to sign out who is signed in; when nobody is, any page may ask for it.
    assert (await send(browser, Page(refused).form("/logout"))).url.path == "/login"
    assert (await browser.get("/api/auth/me")).json() == {"user": None}
    assert (await send(browser, page.form("/logout"))).url.path == "/login"


async def test_it_asks_the_database_nothing_more(portal: Portal) -> None:
    """Not even when it refuses, apart from the score in the header of the page."""
    mike = await portal.signed_in("mike")
    video = {"videoId": QUIZ, "done": True}

    async def cost(headers: dict[str, str]) -> int:
        before = sql.engine().pool.statements
        await mike.post("/api/progress", json=video, headers=headers)
        return sql.engine().pool.statements - before

    await cost({})
    assert await cost({"x-portal-user": "mike"}) == await cost({})
    assert await cost({"x-portal-user": "alex"}) == 1


async def test_what_a_broken_form_gets_is_no_fault_of_ours(mike: httpx.AsyncClient) -> None:
    kind = {"content-type": "multipart/form-data; boundary=x"}
    for content in (b"", b"--x", b"\x00" * 50, b"--x\r\nContent-Disposition: form-data\r\n\r\n"):
        for url in ("/account/profile", "/logout"):
            answer = await mike.post(url, content=content, headers=kind)
            assert answer.status_code < 500, (url, content)
    many = await mike.post("/account/profile", data={"for": ["mike"] * 2000})
    assert many.status_code < 500
