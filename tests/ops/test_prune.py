"""An operator, or a scheduler, removes what nobody needs any longer."""

from __future__ import annotations

import json
from datetime import timedelta

from tests.ops.command import only_line, run_portal
from tests.support import Database, execute

MEMBER = "(SELECT id FROM app_user WHERE external_id = 'alex')"
SESSIONS = "SELECT user_agent FROM login_session ORDER BY 1"
PRUNINGS = "SELECT at, target, detail FROM audit_event WHERE action = 'prune' ORDER BY id"
NOTHING = [
    "0 sessions removed that ended more than 400 days ago.",
    "0 known devices removed that nobody used for 400 days.",
    "0 audit events removed that were older than 400 days.",
    "0 rate limits removed that nobody met for a day.",
]


def session(name: str, *, expires: str, ended: str = "NULL") -> str:
    """Returns the statement that makes a session; the times are SQL, such as `now()`."""
    return f"""
        INSERT INTO login_session (token_hash, member, created_at, expires_at, ended_at, user_agent)
        VALUES (sha256('{name}'), {MEMBER}, now() - interval '999 days', {expires}, {ended},
                '{name}')
    """


def days_ago(days: int) -> str:
    return f"now() - interval '{24 * days} hours'"


async def test_sessions_leave_by_the_day_on_which_they_ended(database: Database) -> None:
    await execute(
        database.url,
        session("ended-long-ago", expires=days_ago(500), ended=days_ago(401)),
        session("expired-long-ago", expires=days_ago(401)),
        session("ended-lately", expires=days_ago(500), ended=days_ago(399)),
        session("expired-lately", expires=days_ago(399)),
        session("open", expires="now() + interval '1 day'"),
        f"INSERT INTO activity_day (learner, day) VALUES ({MEMBER}, '2001-01-01')",
    )
    done = run_portal(database.url, "prune")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "2 sessions removed that ended more than 400 days ago.", (
        done.stdout
    )
    left = [row["user_agent"] for row in await database.fetch(SESSIONS)]
    assert left == ["ended-lately", "expired-lately", "open"]
    assert await database.value("SELECT count(*) FROM activity_day WHERE day = '2001-01-01'") == 1

    shorter = run_portal(database.url, "prune", RETAIN_DAYS="1")
    assert "2 sessions removed that ended more than 1 day ago." in shorter.stdout
    assert [row["user_agent"] for row in await database.fetch(SESSIONS)] == ["open"]


async def test_the_audit_records_what_left_it(database: Database) -> None:
    await execute(
        database.url,
        *(
            f"INSERT INTO audit_event (at, action, target) VALUES ({days_ago(n)}, 'user.move', 'x')"
            for n in (401, 500, 399, 0)
        ),
        f"INSERT INTO rate_bucket (key, window_start, tries) VALUES ('old', {days_ago(2)}, 3)",
        "INSERT INTO rate_bucket (key, window_start, tries) VALUES ('new', now(), 3)",
    )
    done = run_portal(database.url, "prune")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        *NOTHING[:2],
        "2 audit events removed that were older than 400 days.",
        "1 rate limit removed that nobody met for a day.",
    ]
    assert await database.value("SELECT count(*) FROM audit_event WHERE action = 'user.move'") == 2
    assert await database.value("SELECT string_agg(key, ',') FROM rate_bucket") == "new"
    (record,) = await database.fetch(PRUNINGS)
    detail = json.loads(record["detail"])
    before = detail.pop("before")
    assert detail == {"sessions": 0, "devices": 0, "rateBuckets": 1, "auditEvents": 2}
    age = await database.value("SELECT now() - $1::text::timestamptz", before)
    assert timedelta(0) <= age - timedelta(days=400) < timedelta(minutes=1)


async def test_devices_leave_by_the_day_of_their_last_use(database: Database) -> None:
    await execute(
        database.url,
        *(
            f"""INSERT INTO known_device (token_hash, member, created_at, last_used_at)
                VALUES (sha256('{name}'), {MEMBER}, {days_ago(999)}, {used})"""
            for name, used in (("old", days_ago(401)), ("used", days_ago(399)), ("new", "now()"))
        ),
    )
    done = run_portal(database.url, "prune")
    assert done.stdout.splitlines()[1] == "1 known device removed that nobody used for 400 days."
    old = "SELECT count(*) FROM known_device WHERE token_hash = sha256('old')"
    assert await database.value(old) == 0
    assert await database.value("SELECT count(*) FROM known_device") == 2
    (record,) = await database.fetch(PRUNINGS)
    assert json.loads(record["detail"])["devices"] == 1


async def test_a_second_time_there_is_nothing_left_to_do(database: Database) -> None:
    await execute(database.url, session("old", expires=days_ago(401)))
    assert run_portal(database.url, "prune").stdout.splitlines()[1:] == NOTHING[1:]
    assert run_portal(database.url, "prune").stdout.splitlines() == NOTHING
    assert len(await database.fetch(PRUNINGS)) == 1, "a prune of nothing is not worth an event"


async def test_more_than_one_batch(database: Database) -> None:
    await execute(
        database.url,
        f"""INSERT INTO login_session (token_hash, member, expires_at)
            SELECT sha256(n::text::bytea), {MEMBER}, {days_ago(401)} FROM generate_series(1, 2001) n
        """,
    )
    done = run_portal(database.url, "prune")
    assert done.stdout.startswith("2,001 sessions removed"), done.stdout + done.stderr


async def test_what_cannot_be_pruned_is_told_in_one_line(
    database: Database, blank: Database
) -> None:
    pooled = run_portal(f"{database.url}&pgbouncer=true", "prune")
    behind = run_portal(blank.url, "prune")
    away = run_portal("postgresql://someone:5up3r-s3cret@127.0.0.1:1/nowhere", "prune")
    for done, words in (
        (pooled, "DATABASE_URL_UNPOOLED"),
        (behind, "portal migrate"),
        (away, "nothing listens"),
    ):
        assert done.returncode == 1
        assert words in only_line(done.stderr)
        assert "s3cret" not in done.stderr
