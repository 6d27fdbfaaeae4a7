"""Managers get a mail a week that says who needs them, and nobody gets it twice."""

from __future__ import annotations

import asyncio
import html
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import msgspec
import pytest

from portal.config.settings import PublicUrl, Settings
from portal.config.smtp import read_smtp
from portal.errors import CommandFailed
from portal.mail.rules import MAX_TRIES
from portal.manager.mailing import send_digests, week_to_tell
from portal.manager.warnings import warnings
from portal.web.pages import Renderer
from tests.clock import Freeze
from tests.mail.servers import Inbox, dying_server, mail_server
from tests.manager.teams import actor
from tests.ops.command import free_port, run_portal
from tests.support import COURSE, Database, Portal, execute

RENDER = Renderer()
SILENT = "UPDATE app_user SET created_at = now() - interval '60 days' WHERE external_id = 'alex'"
WEEK = "2026-W48"
ROWS = "SELECT state, tries, problem, message_id, period FROM mail_delivery ORDER BY id"


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
async def mailing(settings: Settings, database: Database, inbox: Inbox) -> AsyncIterator[Settings]:
    """Settings with a mail server; only sara has an address."""
    await execute(
        database.url, "UPDATE app_user SET email = 'sara@example.com' WHERE external_id = 'sara'"
    )
    async with mail_server(inbox) as port:
        yield with_server(settings, port)


def with_server(settings: Settings, port: int) -> Settings:
    return msgspec.structs.replace(
        settings,
        smtp_url=read_smtp(f"smtp://127.0.0.1:{port}"),
        mail_from="Learning <learning@example.com>",
        public_url=PublicUrl("https", "learn.example.com"),
    )


async def run(settings: Settings, *, week: str = WEEK, dry_run: bool = False) -> dict[str, str]:
    """Returns "state. reason" by person."""
    lines = send_digests(settings, COURSE, RENDER, week=week, dry_run=dry_run)
    return {
        line.who: f"{line.outcome.state}. {line.outcome.reason}".strip(" .") async for line in lines
    }


async def test_one_mail_a_week(mailing: Settings, database: Database, inbox: Inbox) -> None:
    await execute(database.url, SILENT)
    assert await run(mailing) == {
        "sara": "sent",
        **dict.fromkeys(("claire", "leo", "lior", "tom"), "skipped. No e-mail address"),
    }
    assert (await run(mailing))["sara"] == "skipped. Sent before"
    (mail,) = inbox.mails
    assert inbox.recipients == ["sara@example.com"]
    assert mail["Subject"].startswith("Alpha: ")
    (row,) = await database.fetch(ROWS)
    assert (row["state"], row["tries"], row["period"]) == ("sent", 1, WEEK)
    assert mail["Message-ID"] == row["message_id"]
    texts = [html.unescape(part.get_content()) for part in mail.iter_parts()]
    for text in texts:
        assert "https://learn.example.com/manager/digest" in text
        assert "Alex Johnson" in text
        assert "no activity yet" in text.lower()
        assert "Sara Lindqvist" not in text
    assert (await run(mailing, week="2026-W49"))["sara"] == "sent"


async def test_two_runs_at_once_send_one(
    mailing: Settings, database: Database, inbox: Inbox
) -> None:
    both = await asyncio.gather(run(mailing), run(mailing))
    assert len(inbox.mails) == 1
    states = sorted(each["sara"] for each in both)
    assert states[0].startswith("sent") or states[1].startswith("sent")
    assert await database.value("SELECT count(*) FROM mail_delivery") == 1


async def test_what_failed_is_tried_again_under_the_same_id(
    mailing: Settings, database: Database, inbox: Inbox
) -> None:
    inbox.answers["sara@example.com"] = "450 4.2.1 busy"
    refused = "failed. The mail server refuses the recipient for now (450 4.2.1)"
    assert (await run(mailing))["sara"] == refused
    (first,) = await database.fetch(ROWS)
    assert (first["state"], first["problem"]) == ("failed", f"{refused[8:]}.")
    inbox.answers.clear()
    assert (await run(mailing))["sara"] == "sent"
    (second,) = await database.fetch(ROWS)
    assert (second["state"], second["tries"], second["problem"]) == ("sent", 2, None)
    assert inbox.mails[0]["Message-ID"] == first["message_id"] == second["message_id"]


async def test_it_is_given_up_in_the_end(mailing: Settings, inbox: Inbox) -> None:
    inbox.answers["sara@example.com"] = "550 5.1.1 unknown"
    for _ in range(MAX_TRIES):
        assert (await run(mailing))["sara"].startswith("failed. The mail server refuses")
    inbox.answers.clear()
    assert (await run(mailing))["sara"].startswith(f"failed. Given up after {MAX_TRIES} tries.")
    assert inbox.mails == []


async def test_what_may_have_arrived_is_not_sent_again(mailing: Settings, inbox: Inbox) -> None:
    async with dying_server("dot") as port:
        assert (await run(with_server(mailing, port)))["sara"].startswith("unknown. ")
    assert (await run(mailing))["sara"].startswith("skipped. Not sent again.")
    assert inbox.mails == []


async def test_a_run_that_was_killed_leaves_a_mail_that_is_shown(
    mailing: Settings, database: Database, inbox: Inbox
) -> None:
    reached, held = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        reached.set()
        await held.wait()

    inbox.before_data = hold
    killed = asyncio.create_task(run(mailing))
    await reached.wait()
    killed.cancel()
    await asyncio.wait({killed})
    assert (await run(mailing))["sara"] == "skipped. Another run is sending it"
    await execute(database.url, "UPDATE mail_delivery SET updated_at = now() - interval '16 min'")
    assert (await run(mailing))["sara"].startswith("skipped. Not sent again.")
    (row,) = await database.fetch(ROWS)
    assert row["state"] == "unknown"
    assert "was stopped while it sent the mail" in row["problem"]
    held.set()


async def test_a_dry_run_writes_and_sends_nothing(
    mailing: Settings, database: Database, inbox: Inbox
) -> None:
    assert (await run(mailing, dry_run=True))["sara"].startswith("skipped. Would get “Alpha: ")
    assert inbox.mails == []
    assert await database.fetch(ROWS) == []


async def test_who_gets_none(mailing: Settings, database: Database, inbox: Inbox) -> None:
    off = "UPDATE app_user SET digest_off_at = now() WHERE external_id = 'sara'"
    await execute(database.url, off)
    assert (await run(mailing))["sara"] == "skipped. Switched off"
    await execute(
        database.url,
        "UPDATE app_user SET digest_off_at = NULL",
        "UPDATE app_user SET team = NULL WHERE team = 'alpha' AND role = 'learner'",
    )
    assert (await run(mailing))["sara"] == "skipped. Nobody else is on their teams"
    await execute(database.url, "UPDATE leads SET deputy = true WHERE team = 'alpha'")
    assert "sara" not in await run(mailing)
    await execute(database.url, "UPDATE app_user SET disabled_at = now() WHERE external_id = 'leo'")
    assert "leo" not in await run(mailing)
    assert inbox.mails == []


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM leads WHERE team = 'alpha'",
        "UPDATE app_user SET role = 'learner' WHERE external_id = 'sara'",
        "UPDATE app_user SET disabled_at = now() WHERE external_id = 'sara'",
    ],
)
async def test_who_leads_no_more_when_their_turn_comes_gets_none(
    mailing: Settings, database: Database, inbox: Inbox, change: str
) -> None:
    lines = send_digests(mailing, COURSE, RENDER, week=WEEK)
    assert (await anext(lines)).who == "claire"
    await execute(database.url, change)
    assert [line.who async for line in lines] == ["leo", "lior", "tom"]
    assert inbox.mails == []


@pytest.mark.parametrize(
    ("moment", "zone", "week"),
    [
        (datetime(2026, 11, 29, 22, 59, tzinfo=UTC), "Europe/Berlin", "2026-W47"),
        (datetime(2026, 11, 29, 23, 0, tzinfo=UTC), "Europe/Berlin", "2026-W48"),
        (datetime(2026, 11, 29, 23, 0, tzinfo=UTC), "UTC", "2026-W47"),
        (datetime(2026, 11, 30, 4, 59, tzinfo=UTC), "America/New_York", "2026-W47"),
        (datetime(2027, 1, 4, 12, 0, tzinfo=UTC), "UTC", "2026-W53"),
    ],
)
async def test_a_week_ends_where_the_portal_is(
    freeze: Freeze, moment: datetime, zone: str, week: str
) -> None:
    freeze(moment)
    assert week_to_tell(Settings(time_zone=zone)) == week


async def test_without_settings_nothing_is_claimed(settings: Settings, database: Database) -> None:
    with pytest.raises(CommandFailed, match="SMTP_URL and MAIL_FROM and PUBLIC_URL are not set"):
        await run(settings)
    done = run_portal(database.url, "digest", PUBLIC_URL="https://learn.example.com")
    assert done.returncode == 1
    assert done.stderr.startswith("SMTP_URL and MAIL_FROM are not set: ")
    assert await database.fetch(ROWS) == []


async def test_the_command_says_what_failed_and_no_secret(database: Database) -> None:
    await execute(
        database.url, "UPDATE app_user SET email = 'sara@example.com' WHERE external_id = 'sara'"
    )
    done = run_portal(
        database.url,
        "digest",
        PUBLIC_URL="https://learn.example.com",
        MAIL_FROM="l@example.com",
        SMTP_URL=f"smtp://mailer:hush@127.0.0.1:{free_port()}",
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert "does not answer: nothing listens there." in done.stdout
    assert "tom: skipped. No e-mail address." in done.stdout
    assert "hush" not in done.stdout
    (row,) = await database.fetch(ROWS)
    assert row["state"] == "failed"
    assert "hush" not in row["problem"]


async def test_a_manager_looks_at_the_next_one_and_switches_it_off(portal: Portal) -> None:
    await execute(portal.database.url, SILENT)
    sara = await portal.signed_in("sara")
    page = await sara.get("/manager/digest")
    assert page.status_code == 200
    assert "The mail is switched on." in page.text
    assert "Alpha: " in page.text
    assert 'href="/manager?team=alpha&status=needs-attention"' in html.unescape(page.text)
    text = await sara.get("/manager/digest/text")
    assert text.headers["content-type"].startswith("text/plain")
    assert "Alpha: " in text.text
    form = {"for": "sara", "wanted": "false"}
    done = await sara.post("/manager/digest", data=form)
    assert (done.status_code, done.headers["location"]) == (303, "/manager/digest?saved=off")
    assert "The mail is switched off." in (await sara.get("/manager/digest")).text
    off = "SELECT external_id FROM app_user WHERE digest_off_at IS NOT NULL"
    assert [row["external_id"] for row in await portal.database.fetch(off)] == ["sara"]
    await sara.post("/manager/digest", data={**form, "wanted": "true"})
    assert await portal.database.fetch(off) == []


async def test_who_leads_nothing_is_told_so(portal: Portal) -> None:
    admin = await portal.signed_in("admin")
    assert "You lead no team" in (await admin.get("/manager/digest")).text
    assert (await admin.get("/manager/digest/text")).text.startswith("There is no mail for")


@pytest.mark.parametrize(
    ("state", "age", "tries", "words"),
    [
        ("sent", 0, 1, ""),
        ("sending", 0, 1, ""),
        ("sending", 16, 1, "may not have reached you"),
        ("unknown", 0, 1, "may not have reached you"),
        (
            "failed",
            0,
            1,
            "could not be sent. It burns. It is tried again when mails are next sent this week.",
        ),
        ("failed", 0, MAX_TRIES, "It is not tried again."),
    ],
)
async def test_a_manager_is_warned(
    mailing: Settings, database: Database, state: str, age: int, tries: int, words: str
) -> None:
    await execute(
        database.url,
        f"""INSERT INTO mail_delivery (kind, recipient, period, message_id, state, tries, problem,
                                       updated_at)
            SELECT 'digest', id, '2026-W48', '<1@x>', '{state}', {tries}, 'It burns.',
                   now() - interval '{age} min'
            FROM app_user WHERE external_id = 'sara'""",
    )
    told = await warnings(await actor("sara"), mailing)
    assert [words in each.text for each in told] == ([True] if words else [])


async def test_who_is_told_that_nothing_is_sent(
    settings: Settings, mailing: Settings, database: Database
) -> None:
    for name, words in (
        ("admin", "set SMTP_URL and MAIL_FROM and PUBLIC_URL"),
        ("sara", "is not set up here"),
    ):
        (banner,) = await warnings(await actor(name), settings)
        assert words in banner.text
    assert await warnings(await actor("admin"), mailing) == []
    (banner,) = await warnings(await actor("leo"), mailing)
    assert "no e-mail address" in banner.text
    await execute(database.url, "UPDATE app_user SET digest_off_at = now()")
    assert await warnings(await actor("sara"), settings) == []
