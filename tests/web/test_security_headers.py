"""What every answer carries, whatever it is the answer to."""

from __future__ import annotations

import re
from ipaddress import ip_network

import httpx
import pytest

from portal.config.settings import PublicUrl
from portal.web.assets import shipped
from portal.web.lifecycle import Lifecycle
from tests.breaking import unreadable
from tests.support import QUIZ, Database, Portal
from tests.web.markup import Page
from tests.web.portals import JSON, address, opened, routes_of

EXPECTED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "strict-origin-when-cross-origin",
    "cross-origin-opener-policy": "same-origin",
    "x-robots-tag": "noindex, nofollow",
}


def check(answer: httpx.Response) -> None:
    for name, value in EXPECTED.items():
        assert answer.headers.get_list(name) == [value], (answer.url, name)
    assert len(answer.headers.get_list("content-security-policy")) == 1
    assert len(answer.headers.get_list("cache-control")) == 1
    assert re.fullmatch(r"[A-Za-z0-9._-]{8,64}", answer.headers["x-request-id"])
    assert "server" not in answer.headers


async def test_every_kind_of_answer_has_the_security_headers(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    static = shipped().url("css/base.css")
    etag = (await alex.get(static)).headers["etag"]
    big = b"[" + b" " * 2_000_000 + b"]"
    cases: list[tuple[int, str, str, dict[str, object]]] = [
        (200, "GET", "/dashboard", {}),
        (200, "GET", "/api/path", {}),
        (200, "HEAD", "/api/path", {}),
        (200, "GET", "/api/health", {}),
        (200, "GET", "/health/ready", {}),
        (200, "GET", static, {}),
        (304, "GET", static, {"headers": {"if-none-match": etag}}),
        (303, "GET", "/", {}),
        (400, "POST", "/api/progress", {"content": b"{", "headers": JSON}),
        (403, "POST", "/api/progress", {"headers": {"origin": "https://evil.example"}}),
        (403, "POST", "/logout", {"headers": {"origin": "https://evil.example"}}),
        (404, "GET", "/no/such/page", {}),
        (404, "GET", "/api/nothing", {}),
        (404, "GET", "/static/x/none.css", {}),
        (405, "DELETE", "/api/path", {}),
        (405, "GET", "/logout", {}),
        (413, "POST", "/api/progress", {"content": big, "headers": JSON}),
        (415, "POST", "/api/progress", {"content": b"x", "headers": {"content-type": "text/xml"}}),
        (409, "POST", "/api/quiz/submit", {"json": {"videoId": QUIZ, "attemptNumber": 7}}),
    ]
    for status, method, url, options in cases:
        answer = await alex.request(method, url, **options)  # type: ignore[arg-type]
        assert answer.status_code == status, url
        check(answer)
    visitor = portal.browser()
    for status, url in ((303, "/dashboard"), (401, "/api/path"), (200, "/login")):
        answer = await visitor.get(url)
        assert answer.status_code == status
        check(answer)
    async with unreadable(portal.database, "quiz_attempt"):
        for url in ("/dashboard", "/api/path"):
            answer = await alex.get(url)
            assert answer.status_code == 500
            check(answer)


async def test_answers_during_the_start_have_them_too(database: Database) -> None:
    async with opened(database, lifecycle=Lifecycle()) as portal:
        for url in ("/dashboard", "/api/path", "/health/ready"):
            answer = await portal.browser().get(url)
            assert answer.status_code == 503
            check(answer)


async def test_the_policy_lets_in_nothing_but_our_own_files_and_the_players(
    visitor: httpx.AsyncClient,
) -> None:
    text = (await visitor.get("/login")).headers["content-security-policy"]
    policy = {part.split()[0]: part.split()[1:] for part in text.split(";")}
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == ["'self'"]
    assert policy["form-action"] == ["'self'"]
    assert policy["frame-ancestors"] == policy["base-uri"] == ["'none'"]
    assert "object-src" not in policy  # so that default-src rules it
    assert set(policy["frame-src"]) == {
        "https://www.youtube-nocookie.com",
        "https://player.vimeo.com",
    }
    for word in ("unsafe", "*", "http:", "blob:"):
        assert word not in text


async def test_pages_keep_the_policy(portal: Portal, alex: httpx.AsyncClient) -> None:
    """No inline script, style or handler, and nothing from another host but frames and links."""
    pages = ["/dashboard", "/path", "/step/1", f"/video/{QUIZ}", f"/video/{QUIZ}?q=1", "/none"]
    answers = [await alex.get(page) for page in pages]
    answers += [await portal.browser().get("/login")]
    for answer in answers:
        page = Page(answer)
        for tag, attributes in page.tags:
            assert tag != "style"
            assert "style" not in attributes, (answer.url, tag)
            assert not [name for name in attributes if name.startswith("on")], (answer.url, tag)
            if tag == "script":
                assert attributes["src"].startswith("/static/")
            if tag == "link":
                assert attributes["href"].startswith("/static/")
            if tag == "img":
                assert attributes["src"].startswith(("/static/", "data:"))


async def test_what_a_signed_in_person_gets_is_kept_by_nobody(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    kept = ("/static/", "/health", "/api/health", "/metrics")
    for route in routes_of(portal):
        if route.path.startswith(kept):
            continue
        answer = await alex.request(route.method, address(portal, route.path))
        assert answer.headers["cache-control"] == "private, no-store", route


@pytest.mark.parametrize("secure", [True, False])
async def test_hsts_only_over_https(database: Database, secure: bool) -> None:
    scheme = "https" if secure else "http"
    async with opened(database, trusted_proxies=(ip_network("10.0.0.0/8"),)) as portal:
        direct = portal.browser(base_url=f"{scheme}://learn.example.com")
        behind = portal.browser(client=("10.0.0.1", 1), headers={"x-forwarded-proto": scheme})
        # what somebody else writes is not believed
        liar = portal.browser(client=("192.0.2.1", 1), headers={"x-forwarded-proto": "https"})
        for browser in (direct, behind):
            answer = await browser.get("/login")
            assert ("strict-transport-security" in answer.headers) is secure
        assert "strict-transport-security" not in (await liar.get("/login")).headers


@pytest.mark.parametrize("scheme", ["https", "http"])
async def test_hsts_follows_the_public_address(database: Database, scheme: str) -> None:
    public = PublicUrl(scheme, "learn.example.com")  # type: ignore[arg-type]
    async with opened(database, public_url=public) as portal:
        headers = (await portal.browser().get("/api/health")).headers
        assert ("strict-transport-security" in headers) is (scheme == "https")


async def test_a_request_keeps_the_id_that_it_came_with(visitor: httpx.AsyncClient) -> None:
    for given in ("req-12345678", "0af7651916cd43dd8448eb211c80319c", "a.b_c-d.e" * 7):
        answer = await visitor.get("/api/health", headers={"x-request-id": given})
        assert answer.headers["x-request-id"] == given
    for unusable in ("", "short", "x" * 65, "two words!", "a\tb\tc\td\te", "<script>alert(1)"):
        answer = await visitor.get("/api/health", headers={"x-request-id": unusable})
        assert re.fullmatch(r"[0-9a-f]{12}", answer.headers["x-request-id"])
    ids = {(await visitor.get("/api/health")).headers["x-request-id"] for _ in range(10)}
    assert len(ids) == 10
