"""Tries at signing in, from different addresses and at different times."""

from __future__ import annotations

from datetime import timedelta

import httpx

from tests.support import Portal

WINDOW = timedelta(minutes=5)


async def attempt(browser: httpx.AsyncClient, name: str, password: str = "wrong") -> int:
    answer = await browser.post("/api/auth/login", json={"username": name, "password": password})
    if answer.status_code == 429:
        assert answer.json()["error"].startswith("Too many tries. You can try again in ")
        assert 1 <= int(answer.headers["retry-after"]) <= WINDOW.total_seconds()
    return answer.status_code


async def attempts(browser: httpx.AsyncClient, name: str, count: int) -> list[int]:
    return [await attempt(browser, name) for _ in range(count)]


def from_address(portal: Portal, address: str, **headers: str) -> httpx.AsyncClient:
    return portal.browser(client=(address, 40_000), headers=headers)
