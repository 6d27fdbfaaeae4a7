"""The portal as a process of its own on a seeded database, and a real browser in front of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias

import pytest
from playwright.async_api import Browser, Page, async_playwright

from portal.db.embedded import Embedded
from tests.e2e.browser import CHROMIUM_ARGUMENTS, PASSWORD, Learner, Profile, Site, add_learner
from tests.ops.command import running
from tests.support import DEMO_TEMPLATE, Database, execute

OpenProfile: TypeAlias = Callable[..., Awaitable[Profile]]
NewLearner: TypeAlias = Callable[..., Awaitable[Learner]]


@pytest.fixture(scope="session")
async def site(templates: Embedded) -> AsyncIterator[Site]:
    """One portal for all tests of this folder: each brings a learner of its own."""
    made = Database.next(templates)
    admin = templates.url("postgres")
    await execute(admin, f"CREATE DATABASE {made.name} TEMPLATE {DEMO_TEMPLATE}")
    with running("serve", url=made.url, SEED_DB="true") as server:
        await server.answers("/health/ready")
        yield Site(f"http://127.0.0.1:{server.port}", made)
    await execute(admin, f"DROP DATABASE {made.name} WITH (FORCE)")


@pytest.fixture(scope="session")
async def chromium(chromium_path: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium_path, args=list(CHROMIUM_ARGUMENTS)
        )
        yield browser
        await browser.close()


@pytest.fixture
async def open_profile(chromium: Browser, site: Site) -> AsyncIterator[OpenProfile]:
    """Opens browser profiles. At the end, none may have complained in its console or have asked
    another host for anything that the test did not expect."""
    profiles: list[Profile] = []

    async def opened(**options: Any) -> Profile:
        profiles.append(await Profile.open(chromium, site, **options))
        return profiles[-1]

    yield opened
    for profile in profiles:
        await profile.context.close()
    assert [profile.complaints for profile in profiles if profile.complaints] == []
    assert [profile.foreign for profile in profiles if profile.foreign] == []


@pytest.fixture
async def visitor(open_profile: OpenProfile) -> Page:
    """A window in which nobody is signed in."""
    profile = await open_profile()
    return await profile.context.new_page()


@pytest.fixture
async def new_learner(open_profile: OpenProfile, site: Site) -> NewLearner:
    """Makes learners who are signed in; options are those of a Playwright context."""

    async def made(**options: Any) -> Learner:
        name = await add_learner(site)
        profile = await open_profile(**options)
        answer = await profile.context.request.post(
            "/api/auth/login", data={"username": name, "password": PASSWORD}
        )
        assert answer.status == 200, await answer.text()
        return Learner(name, profile, await profile.context.new_page())

    return made


@pytest.fixture
async def learner(new_learner: NewLearner) -> Learner:
    return await new_learner()
