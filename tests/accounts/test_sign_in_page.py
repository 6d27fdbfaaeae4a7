"""The sign-in page: what it says, what it keeps, and where it leads."""

from __future__ import annotations

import httpx

from tests.support import QUIZ, Portal
from tests.web.markup import Page, send

RIGHT = {"username": "alex", "password": "claude123"}
SECRET = "my-own-p4ssword"


async def test_a_visitor_signs_in_and_lands_on_the_dashboard(visitor: httpx.AsyncClient) -> None:
    page = Page(await visitor.get("/login"))
    assert page.title == "Sign in · AI Training"
    assert ("input", "password") in [(tag, values.get("name")) for tag, values in page.tags]
    answer = await send(visitor, page.form("/login"), **RIGHT)
    assert (answer.status_code, answer.url.path) == (200, "/dashboard")
    assert "Alex" in Page(answer).text


async def test_a_wrong_password_keeps_the_name_and_never_the_password(
    visitor: httpx.AsyncClient,
) -> None:
    for name in ("alex", "nobody"):
        answer = await visitor.post(
            "/login", data={"username": name, "password": SECRET, "next": "/step/3"}
        )
        page = Page(answer)
        assert answer.status_code == 401
        assert page.title.startswith("Error: ")
        assert "That name and password do not match." in page.text
        assert page.attributes("p", id="form-error")["role"] == "alert"
        form = page.form("/login")
        assert form.fields == {"username": name, "password": "", "next": "/step/3"}
        for field in ("username", "password"):
            assert "form-error" in page.attributes("input", name=field)["aria-describedby"]
        assert SECRET not in answer.text
    assert "sid" not in visitor.cookies


async def test_an_empty_field_is_named_beside_the_field(visitor: httpx.AsyncClient) -> None:
    name, word = "Enter your user name or e-mail address.", "Enter your password."
    for fields, missing in (
        ({"username": "", "password": SECRET}, {"username": name}),
        ({"username": "  ", "password": SECRET}, {"username": name}),
        ({"username": "alex", "password": ""}, {"password": word}),
        ({}, {"username": name, "password": word}),
    ):
        answer = await visitor.post("/login", data=fields)
        page = Page(answer)
        assert answer.status_code == 422
        for field in ("username", "password"):
            attributes = page.attributes("input", name=field)
            assert ("aria-invalid" in attributes) == (field in missing)
            if field in missing:
                assert f"{field}-error" in attributes["aria-describedby"]
                assert page.attributes("p", id=f"{field}-error")
                assert missing[field] in page.text
        assert (
            page.attributes("input", name="username")["value"] == fields.get("username", "").strip()
        )
        assert SECRET not in answer.text


async def test_what_was_typed_is_shown_as_text(visitor: httpx.AsyncClient) -> None:
    typed = '"><script>alert(1)</script>'
    answer = await visitor.post("/login", data={"username": typed, "password": "x", "next": typed})
    assert answer.status_code == 401
    assert "<script>alert" not in answer.text
    assert Page(answer).form("/login").fields["username"] == typed


async def test_spaces_in_a_password_count(portal: Portal) -> None:
    for password in (" claude123", "claude123 "):
        answer = await portal.browser().post(
            "/login", data={"username": "alex", "password": password}
        )
        assert answer.status_code == 401


async def test_a_signed_out_visitor_comes_back_to_the_page(visitor: httpx.AsyncClient) -> None:
    for target, heading in (
        ("/step/3", "Sign in to open Step 3"),
        ("/path", "Sign in to open the path"),
        (f"/video/{QUIZ}?q=2", "Sign in to open Lesson 1"),
        ("/dashboard", "Sign in"),
    ):
        asked = await visitor.get(target, follow_redirects=True)
        page = Page(asked)
        assert asked.url.path == "/login"
        assert page.title.startswith(heading)
        answer = await send(visitor, page.form("/login"), **RIGHT)
        assert answer.status_code == 200
        assert answer.url.raw_path.decode() == target
        await visitor.post("/logout")


async def test_the_way_back_survives_a_wrong_password(visitor: httpx.AsyncClient) -> None:
    page = Page(await visitor.get("/step/3", follow_redirects=True))
    refused = await send(visitor, page.form("/login"), username="alex", password="wrong")
    answer = await send(visitor, Page(refused).form("/login"), password="claude123")
    assert answer.url.path == "/step/3"


OPEN_REDIRECTS = [
    "https://evil.example",
    "http:evil.example",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/path\\..\\\\evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    " //evil.example",
    "\t//evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/path\r\nset-cookie: a=b",
    "evil.example",
    "@evil.example",
    "?next=//evil.example",
    "",
]


async def test_nobody_is_led_off_this_site(alex: httpx.AsyncClient, portal: Portal) -> None:
    visitor = portal.browser()
    for target in OPEN_REDIRECTS:
        page = Page(await visitor.get("/login", params={"next": target}))
        assert page.form("/login").fields["next"] == "/dashboard", target
        answer = await alex.get("/login", params={"next": target})
        assert answer.headers["location"] == "/dashboard", target
        assert "a=b" not in answer.headers.get("set-cookie", "")
    answer = await visitor.post("/login", data={**RIGHT, "next": "//evil.example"})
    assert answer.headers["location"] == "/dashboard"


async def test_local_ways_back_are_kept_as_they_are(alex: httpx.AsyncClient) -> None:
    for target in ("/path", "/video/a-b?q=2&t=30", "/step/1#x", "/search?q=a%2Fb", "/p?u=//x"):
        answer = await alex.get("/login", params={"next": target})
        assert answer.headers["location"] == target


async def test_who_is_signed_in_does_not_see_the_form(alex: httpx.AsyncClient) -> None:
    answer = await alex.get("/login")
    assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard")
    answer = await alex.get("/login", params={"next": "/login"}, follow_redirects=True)
    assert answer.url.path == "/dashboard"


async def test_the_root_leads_to_where_one_can_go_on(
    alex: httpx.AsyncClient, portal: Portal
) -> None:
    for browser, target in ((alex, "/dashboard"), (portal.browser(), "/login")):
        answer = await browser.get("/")
        assert (answer.status_code, answer.headers["location"]) == (303, target)


async def test_a_visitor_sees_no_navigation(visitor: httpx.AsyncClient) -> None:
    for url in ("/login", "/no/such/page"):
        links = [href for href, _ in Page(await visitor.get(url)).links]
        assert not {"/dashboard", "/path"} & set(links)
