"""Every route of the portal: its address, its method, who may call it."""

from __future__ import annotations

from typing import Any

import httpx

from tests.support import Portal
from tests.web.portals import address, routes_of

INVENTORY = """
GET  /                               public
GET  /account                        member
POST /account/leaderboard            member
GET  /account/password               member
POST /account/password               member
GET  /account/profile                member
POST /account/profile                member
POST /account/sign-out               member
GET  /account/time-zone              member
POST /account/time-zone              member
POST /api/auth/login                 public
POST /api/auth/logout                public
GET  /api/auth/me                    public
GET  /api/dashboard/kpis             member
GET  /api/health                     public
GET  /api/leaderboard                member
GET  /api/manager/members/{member_id:str} manager
GET  /api/manager/metrics            manager
GET  /api/manager/metrics.csv        manager
GET  /api/manager/metrics.xlsx       manager
GET  /api/manager/questions          manager
GET  /api/openapi.json               member
GET  /api/path                       member
POST /api/practice                   member
GET  /api/progress                   member
POST /api/progress                   member
POST /api/progress/watch             member
POST /api/quiz/submit                member
GET  /api/quiz/{video_id:str}        member
POST /api/quiz/{video_id:str}/answers member
POST /api/quiz/{video_id:str}/reports member
GET  /api/search                     member
GET  /dashboard                      member
GET  /health/live                    public
GET  /health/ready                   public
GET  /health/startup                 public
GET  /leaderboard                    member
GET  /login                          public
POST /login                          public
POST /logout                         public
GET  /manager                        manager
GET  /manager/digest                 manager
POST /manager/digest                 manager
GET  /manager/digest/text            manager
GET  /manager/member/{member_id:str} manager
GET  /manager/questions              manager
GET  /media/{name:path}              member
GET  /metrics                        public
GET  /path                           member
GET  /search                         member
GET  /static/{release:str}/{name:path} public
GET  /step/{step_id:str}             member
POST /step/{step_id:str}/practice    member
POST /theme                          public
GET  /video/{video_id:str}           member
GET  /video/{video_id:str}/answer    member
POST /video/{video_id:str}/answer    member
POST /video/{video_id:str}/done      member
GET  /video/{video_id:str}/report    member
POST /video/{video_id:str}/report    member
POST /video/{video_id:str}/submit    member
"""


async def test_the_inventory_is_exactly_this(portal: Portal) -> None:
    expected = [line.split() for line in INVENTORY.strip().splitlines()]
    actual = [[route.method, route.path, route.who] for route in routes_of(portal)]
    assert sorted(actual) == sorted(expected)


async def test_closed_routes_ask_a_visitor_to_sign_in(
    portal: Portal, visitor: httpx.AsyncClient
) -> None:
    """Before anything else: neither a body nor an unknown id changes the answer."""
    closed = [route for route in routes_of(portal) if route.who != "public"]
    assert closed
    for route in closed:
        for video in ("introduction-to-ai-fluency", "no-such-video"):
            url = address(portal, route.path, video=video)
            answer = await visitor.request(route.method, url)
            if url.startswith("/api/"):
                assert answer.status_code == 401, url
                assert answer.json() == {"error": "Sign in first."}
            else:
                assert answer.status_code == 303, url
                target = httpx.URL(answer.headers["location"])
                assert target.path == "/login"
                assert target.params.get("next") == (url if route.method == "GET" else None)


async def test_a_learner_is_kept_from_the_pages_of_managers_and_admins(
    portal: Portal,
) -> None:
    for route in routes_of(portal):
        alex = await portal.signed_in("alex")  # anew: one of them signs out
        answer = await alex.request(route.method, address(portal, route.path))
        assert (answer.status_code == 403) == (route.who in ("manager", "admin")), route


async def test_a_made_up_cookie_opens_nothing(portal: Portal) -> None:
    for value in ("a" * 43, "alex", "' OR 1=1 --", "a" * 5000, "%00"):
        browser = portal.browser(cookies={"sid": value})
        assert (await browser.get("/api/path")).status_code == 401
        assert (await browser.get("/dashboard")).status_code == 303


async def test_head_is_get_without_its_body(portal: Portal, alex: httpx.AsyncClient) -> None:
    for browser in (alex, portal.browser()):
        for route in routes_of(portal):
            if route.method != "GET" or route.path == "/metrics":  # whose length grows
                continue
            url = address(portal, route.path)
            got, head = await browser.get(url), await browser.head(url)
            assert head.status_code == got.status_code, url
            assert head.content == b""
            for headers in (got.headers, head.headers):
                del headers["x-request-id"]
            assert head.headers == got.headers, url
            assert int(head.headers.get("content-length", 0)) == int(
                got.headers.get("content-length", 0)
            )


async def test_head_sends_no_byte_of_a_body(portal: Portal) -> None:
    """Seen below the client, which would throw a body away."""
    for path in ("/login", "/api/health", "/api/nothing", "/no/such/page"):
        sent: list[Any] = []
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "HEAD",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [(b"host", b"localhost")],
            "client": ("127.0.0.1", 1),
            "server": ("localhost", 80),
        }

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any, sent: list[Any] = sent) -> None:
            sent.append(message)

        await portal.app(scope, receive, send)  # type: ignore[arg-type]
        assert [message["type"] for message in sent] == [
            "http.response.start",
            "http.response.body",
        ]
        assert sent[1]["body"] == b""
        assert int(dict(sent[0]["headers"])[b"content-length"]) > 0


async def test_head_is_no_way_around_a_wrong_method(alex: httpx.AsyncClient) -> None:
    answer = await alex.head("/api/progress/watch")
    assert (answer.status_code, answer.content) == (405, b"")
    assert (await alex.head("/no/such/page")).status_code == 404


async def test_the_api_describes_every_json_route_and_no_page(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    document = (await alex.get("/api/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    described = {
        (method.upper(), path) for path, entry in document["paths"].items() for method in entry
    }
    expected = {
        (route.method, route.path.replace(":str", ""))
        for route in routes_of(portal)
        if route.path.startswith(("/api/", "/health/"))
    }
    assert described == expected
