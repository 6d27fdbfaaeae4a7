"""The numbers of a team: who is how far, in which state, and what changed in twelve weeks."""

from __future__ import annotations

from portal.learning.course import load_course
from portal.manager import queries
from portal.manager.filters import Filters
from tests.manager.teams import actor
from tests.support import Portal


async def test_a_team_nobody_has_begun(portal: Portal) -> None:
    course = load_course()
    sara = await actor("sara")
    found = await queries.metrics(sara, course, Filters(), "Europe/Paris")
    assert (found.team_id, found.team_name) == ("alpha", "Alpha")
    names = ["alex", "jordan", "mike", "priya", "sara"]
    assert [row.member.id for row in found.rows] == names
    assert {row.last_active_at for row in found.rows} == {None}
    assert {row.status for row in found.rows} == {"on track"}
    assert found.totals.states["on track"] == found.totals.members == 5
    assert [week.score for week in found.trend] == [0] * 12
    chunks = [rows async for rows in queries.member_chunks(sara, course, Filters(), "UTC")]
    assert chunks == [found.rows]
    assert [line.id for line in await queries.overview(sara, course, "UTC")] == ["alpha"]


async def test_an_admin_sees_every_team_and_who_is_on_none(portal: Portal) -> None:
    course = load_course()
    admin = await actor("admin")
    found = await queries.metrics(admin, course, Filters(), "UTC")
    assert (found.team_id, len(found.rows)) == ("all", 22)
    chunks = [rows async for rows in queries.member_chunks(admin, course, Filters(), "UTC")]
    teams = dict.fromkeys(row.team_id for rows in chunks for row in rows)
    assert list(teams) == ["ai", "alpha", "beta", "delta", "gamma", None]
    assert sum(map(len, chunks)) == 22
    lines = await queries.overview(admin, course, "UTC")
    assert [line.totals.members for line in lines] == [1, 5, 5, 5, 5, 1]
