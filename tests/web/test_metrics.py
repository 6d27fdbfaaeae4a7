"""Who may read the metrics, and what is in them."""

from __future__ import annotations

from support import QUIZ, Database, Portal
from web.portals import opened

TOKEN = "an-operator-s-token"


async def test_without_a_token_only_a_near_peer_may_read(portal: Portal) -> None:
    for peer, status in (
        ("127.0.0.1", 200),
        ("10.1.2.3", 200),
        ("192.168.7.7", 200),
        ("::1", 200),
        ("fd00::7", 200),
        ("8.8.8.8", 404),
        ("2606:4700::1", 404),
    ):
        answer = await portal.browser(client=(peer, 5)).get("/metrics")
        assert answer.status_code == status, peer
    for name in ("forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"):
        answer = await portal.browser().get("/metrics", headers={name: "for=127.0.0.1"})
        assert (answer.status_code, answer.json()) == (404, {"error": "Not found."})


async def test_with_a_token_only_its_bearer_may_read(database: Database) -> None:
    async with opened(database, metrics_token=TOKEN) as portal:
        far, near = portal.browser(client=("8.8.8.8", 5)), portal.browser()
        right = {"authorization": f"Bearer {TOKEN}"}
        for browser in (far, near):
            assert (await browser.get("/metrics", headers=right)).status_code == 200
            for wrong in ("", TOKEN, f"Bearer {TOKEN}x", "Bearer ", f"Basic {TOKEN}", "Bearer é"):
                header = {"authorization": wrong.encode("latin-1")}
                answer = await browser.get("/metrics", headers=header)  # type: ignore[arg-type]
                assert answer.status_code == 404, wrong


async def test_requests_are_counted_by_route_and_nothing_personal_is_in_it(
    portal: Portal,
) -> None:
    browser = await portal.signed_in("alex")
    await browser.get(f"/video/{QUIZ}")
    await browser.get(f"/video/{QUIZ}?q=1")
    await browser.get("/made-up-address")
    text = (await browser.get("/metrics")).text
    counted = [line for line in text.splitlines() if line.startswith("portal_http_requests_total")]
    assert [line.rpartition(" ")[2] for line in counted if "/video/{video_id" in line] == ["2.0"]
    for personal in ("alex", QUIZ, "made-up-address", browser.cookies["sid"]):
        assert personal not in text
