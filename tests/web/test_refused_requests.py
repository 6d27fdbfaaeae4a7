"""Requests that cannot be used: one clear sentence, never an error of ours."""

from __future__ import annotations

import json
import logging
from typing import Any

import httpx

from tests.support import QUIZ, Portal
from tests.web.markup import Page
from tests.web.portals import FORM, JSON, logged, routes_of

# address → a body that would do
API: dict[str, dict[str, Any]] = {
    "/api/auth/login": {"username": "alex", "password": "claude123"},
    "/api/progress": {"videoId": QUIZ, "done": True},
    "/api/progress/watch": {"videoId": QUIZ, "from": 0, "to": 5, "position": 5, "duration": 262},
    f"/api/quiz/{QUIZ}/answers": {"questionId": "q", "choiceId": "a", "attemptNumber": 1},
    "/api/quiz/submit": {"videoId": QUIZ, "attemptNumber": 1, "answers": []},
    f"/api/quiz/{QUIZ}/reports": {"questionId": "q", "reason": "The key is wrong."},
    "/api/practice": {"stepId": "1", "itemId": "sort-three-tasks", "ticked": True},
}
FORMS: dict[str, dict[str, str]] = {
    "/login": {"username": "alex", "password": "claude123", "next": "/path"},
    "/theme": {"theme": "dark", "next": "/path"},
    f"/video/{QUIZ}/done": {"done": "true"},
    f"/video/{QUIZ}/answer": {"question": "q", "choice": "a", "attempt": "1"},
    f"/video/{QUIZ}/submit": {"attempt": "1"},
    f"/video/{QUIZ}/report": {"about": "q", "reason": "unclear", "words": ""},
    "/step/1/practice": {"item": "sort-three-tasks", "ticked": "true"},
    "/account/profile": {"name": "Alex"},
    "/account/time-zone": {"zone": "Europe/Berlin"},
    "/account/password": {"current": "claude123", "new": "four-plain-words", "again": "other"},
    "/account/sign-out": {"device": "of-somebody-else"},
    "/account/leaderboard": {"listed": "true"},
    "/manager/digest": {"wanted": "true"},
}
NO_BODY = {"/api/auth/logout", "/logout"}


async def test_the_tables_above_name_every_write(portal: Portal) -> None:
    writes = {
        r.path.replace("{video_id:str}", QUIZ).replace("{step_id:str}", "1")
        for r in routes_of(portal)
        if r.method == "POST"
    }
    assert writes == API.keys() | FORMS.keys() | NO_BODY


async def test_what_is_not_json_is_refused_in_one_sentence(alex: httpx.AsyncClient) -> None:
    bodies = (
        b"",
        b"{",
        b"nope",
        b"{'username': 'alex'}",
        b'{"username": "\\ud800", "password": "x"}',
        b"\xff\xfe",
        b"{}{}",
    )
    for url in API:
        for body in bodies:
            answer = await alex.post(url, content=body, headers=JSON)
            assert answer.status_code == 400, (url, body)
            assert answer.json()["error"].endswith(".")


async def test_a_body_without_end_of_nesting_is_no_bug_of_ours(alex: httpx.AsyncClient) -> None:
    for body in (b"[" * 100_000, b'{"a":' * 50_000):
        answer = await alex.post("/api/progress", content=body, headers=JSON)
        assert answer.status_code == 400


async def test_a_wrong_type_is_named_with_its_field(alex: httpx.AsyncClient) -> None:
    wrong = {str: 7, bool: "yes", int: "many", list: "none"}
    for url, body in API.items():
        for field, value in body.items():
            for bad in (wrong[type(value)], None, {"deep": [1]}):
                if field in ("choiceId", "answers") and bad is None:
                    continue
                answer = await alex.post(url, json={**body, field: bad})
                assert answer.status_code == 400, (url, field, bad)
                assert list(answer.json()["details"]) == [field], (url, field, bad)
    answer = await alex.post(
        "/api/quiz/submit",
        json={"videoId": QUIZ, "attemptNumber": 1, "answers": [{"questionId": 5}]},
    )
    assert answer.status_code == 400
    assert list(answer.json()["details"]) == ["answers[0].questionId"]


async def test_a_missing_field_is_named(alex: httpx.AsyncClient) -> None:
    for url, body in API.items():
        for field in body:
            if field in ("choiceId", "answers"):
                continue
            rest = {name: value for name, value in body.items() if name != field}
            answer = await alex.post(url, json=rest)
            assert answer.status_code == 400
            assert f"`{field}`" in json.dumps(answer.json()["details"])


async def test_a_missing_body_is_said_in_words(alex: httpx.AsyncClient) -> None:
    for url in API:
        answer = await alex.post(url)
        assert answer.status_code == 400
        assert "'data'" not in json.dumps(answer.json()), "the name of a variable of ours"


async def test_the_api_takes_json_only(alex: httpx.AsyncClient) -> None:
    for url, body in API.items():
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
            answer = await alex.post(url, content=json.dumps(body), headers={"content-type": kind})
            assert answer.status_code == 415, (url, kind)
            assert answer.json() == {"error": "Send the body as application/json."}
    kind = "Application/JSON; charset=utf-8"
    answer = await alex.post(
        "/api/progress", content=json.dumps(API["/api/progress"]), headers={"content-type": kind}
    )
    assert answer.status_code == 200


async def test_a_body_that_is_too_large_is_refused(alex: httpx.AsyncClient) -> None:
    body = b'{"videoId": "' + b"x" * 20_000_000 + b'", "done": true}'
    answer = await alex.post("/api/progress", content=body, headers=JSON)
    assert (answer.status_code, answer.json()) == (413, {"error": "The request is too large."})
    answer = await alex.post("/login", content=b"next=" + b"x" * 20_000_000, headers=FORM)
    assert answer.status_code == 413
    assert Page(answer).title.startswith("That was too large")


async def test_unknown_addresses_are_json_below_api_and_pages_elsewhere(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    for browser in (alex, portal.browser()):
        for url in ("/api/nothing", "/api/quiz", "/api/", "/health/nothing"):
            answer = await browser.get(url)
            assert (answer.status_code, answer.json()) == (404, {"error": "Not found."}), url
        for url in ("/nothing", "/step", "/video", "/wp-login.php", "/%00", "/%ff", "/static/x"):
            answer = await browser.get(url)
            assert answer.status_code == 404, url
            page = Page(answer)
            assert page.title.startswith("No page at this address")
            way_on = "Open the dashboard" if browser is alex else "Go to sign-in"
            assert page.link(way_on)


async def test_a_wrong_method_names_the_right_ones(alex: httpx.AsyncClient) -> None:
    for method, url, allowed in (
        ("DELETE", "/api/path", "GET"),
        ("PUT", "/api/progress", "POST"),
        ("GET", "/api/quiz/submit/", "POST"),
        ("FROBNICATE", "/dashboard", "GET"),
    ):
        answer = await alex.request(method, url)
        if url.startswith("/api/quiz"):  # which reads like a quiz of that name
            assert answer.status_code in (404, 405)
            continue
        assert answer.status_code == 405
        assert allowed in answer.headers["allow"]
    assert (await alex.delete("/api/path")).json() == {
        "error": "This address does not accept that method."
    }
    assert Page(await alex.get("/logout")).link("Open the dashboard")


async def test_no_text_in_any_field_is_an_error_of_ours(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    """Each text field in turn, of each write, in JSON and in forms."""
    with logged(logging.ERROR) as lines:
        for text in ("a\x00b", "x" * 300_000, "\x7f\u202e\ufffe", "é" * 500, "😀", "", " "):
            for url, body in API.items():
                for field, value in body.items():
                    if isinstance(value, str):
                        answer = await alex.post(url, json={**body, field: text})
                        assert 400 <= answer.status_code < 500, (url, field, text[:9])
                        assert answer.json()["error"]
            for url, fields in FORMS.items():
                for field in fields:
                    browser = portal.browser() if url == "/login" else alex
                    answer = await browser.post(url, data={**fields, field: text})
                    assert 300 <= answer.status_code < 500, (url, field, text[:9])
    assert lines == []


async def test_no_address_is_an_error_of_ours(alex: httpx.AsyncClient) -> None:
    for url in (
        "/step/%00",
        "/video/%00",
        "/api/quiz/%00",
        f"/video/{QUIZ}?q=%00",
        f"/video/{QUIZ}?q=-1",
        f"/video/{QUIZ}?q=99999999999999999999",
        f"/video/{QUIZ}?result=%D9%A1",
        f"/video/{QUIZ}?t=9e9",
        "/login?next=%00",
        "/path?%ff=%00",
        "/step/" + "1" * 5000,
    ):
        answer = await alex.get(url)
        assert answer.status_code < 500, url


async def test_bytes_that_are_no_text_are_refused_or_replaced(portal: Portal) -> None:
    for body in (
        b"username=%ff%fe&password=x",
        b"username=a&password=%ff",
        b"%ff=%00&&&=",
        b"\xff",
    ):
        answer = await portal.browser().post("/login", content=body, headers=FORM)
        assert 400 <= answer.status_code < 500, body


async def test_a_form_takes_no_files(alex: httpx.AsyncClient) -> None:
    answer = await alex.post("/theme", files={"theme": ("dark.txt", b"dark")})
    assert answer.status_code == 400
    assert "does not accept files" in answer.text
    for kind in ("multipart/form-data", "multipart/form-data; boundary=x", "application/json"):
        answer = await alex.post("/theme", content=b"zzz", headers={"content-type": kind})
        assert answer.status_code < 500


async def test_odd_headers_are_no_error_of_ours(portal: Portal) -> None:
    body = {"username": "alex", "password": "claude123"}
    for name, value in (
        ("host", "["),
        ("host", ""),
        ("host", "a" * 300),
        ("origin", "http://["),
        ("origin", "http://[::1"),
        ("cookie", "sid=\xff; theme=\xff"),
        ("x-forwarded-for", "[, , ,"),
        ("user-agent", "ÿ" * 1000),
    ):
        header = {name: value.encode("latin-1")}
        answer = await portal.browser().post("/api/auth/login", json=body, headers=header)  # type: ignore[arg-type]
        assert answer.status_code == (403 if name == "origin" else 200), (name, value)


async def test_an_odd_referrer_is_no_error_of_ours(portal: Portal) -> None:
    """A refused form looks at it for the way back."""
    form = {"username": "alex", "password": "wrong"}
    for value in ("http://[", "http://localhost:3000//evil.example", "http://localhost:3000", "x"):
        answer = await portal.browser().post("/login", data=form, headers={"referer": value})
        assert answer.status_code == 401, value
        assert Page(answer).form("/theme").fields["next"] == "/dashboard", value
    kept = {"referer": "http://localhost:3000/login?next=/path"}
    answer = await portal.browser().post("/login", data=form, headers=kept)
    assert Page(answer).form("/theme").fields["next"] == "/login?next=/path"
    foreign = {"referer": "https://evil.example/login"}
    answer = await portal.browser().post("/login", data=form, headers=foreign)
    assert Page(answer).form("/theme").fields["next"] == "/dashboard"


async def test_what_a_person_got_wrong_is_not_logged_as_an_error(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    with logged(logging.ERROR) as lines:
        await alex.post("/api/progress", content=b"{", headers=JSON)
        await alex.post("/api/progress", json={"videoId": 5})
        await alex.post("/api/progress", json={"videoId": "none", "done": True})
        await alex.post("/api/progress", content=b"x")
        await alex.delete("/api/path")
        await alex.get("/nothing")
        await alex.post("/api/quiz/submit", json={"videoId": QUIZ, "attemptNumber": 9})
        await alex.post("/logout", headers={"origin": "https://evil.example"})
        await portal.browser().get("/dashboard")
        await portal.browser().post("/login", data={"username": "alex", "password": "wrong"})
    assert lines == []
