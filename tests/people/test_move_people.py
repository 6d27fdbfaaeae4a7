"""Moving a person to another team, a team to another track: both rankings are right at once."""

from __future__ import annotations

import asyncio

import pytest

from portal.errors import Invalid, NotFound
from portal.people import actions
from tests.people.people import audit, differences, held, kpis, ranking, refused
from tests.support import Portal, take_quiz

SCORE_OF = """
    SELECT score FROM user_score WHERE learner = (SELECT id FROM app_user WHERE external_id = $1)
    FOR UPDATE
"""


@pytest.fixture
async def classes(portal: Portal) -> Portal:
    """Two of each track with a quiz: alex 90 and mike 75, nina 60 and omar 45."""
    for wrong, name in enumerate(("alex", "mike", "nina", "omar")):
        await take_quiz(await portal.signed_in(name), wrong=wrong)
    return portal


async def test_a_move_changes_both_rankings(classes: Portal) -> None:
    alex, mike, nina = [await classes.signed_in(name) for name in ("alex", "mike", "nina")]
    assert await ranking(mike) == [("alex", 90, 1), ("mike", 75, 2)]
    await actions.move_to_team("alex", "delta")
    assert await ranking(mike) == [("mike", 75, 1)]
    assert await ranking(nina) == [("alex", 90, 1), ("nina", 60, 2), ("omar", 45, 3)]
    # it is the open session that is now of another team
    me = (await alex.get("/api/auth/me")).json()["user"]
    assert (me["teamId"], me["track"]) == ("delta", "business")
    found = await kpis(alex)
    assert (found["rank"], found["total"], found["totalScore"]) == (1, 3, 90)
    assert "1st of 3 in Business" in (await alex.get("/dashboard")).text
    await actions.move_to_team("alex", "gamma")
    assert await ranking(alex) == await ranking(mike) == [("alex", 90, 1), ("mike", 75, 2)]
    assert await ranking(nina) == [("nina", 60, 1), ("omar", 45, 2)]
    assert await differences() == []


async def test_within_a_track_a_move_changes_no_rank(classes: Portal) -> None:
    mike = await classes.signed_in("mike")
    before = await kpis(mike)
    for team in ("gamma", "alpha", "alpha"):
        await actions.move_to_team("mike", team)
        assert await kpis(mike) == before


async def test_without_a_team_there_are_points_and_no_rank(classes: Portal) -> None:
    alex, mike = await classes.signed_in("alex"), await classes.signed_in("mike")
    await actions.move_to_team("alex", None)
    found = await kpis(alex)
    assert (found["totalScore"], found["rank"], found["top10"]) == (90, None, [])
    assert await ranking(mike) == [("mike", 75, 1)]
    await actions.move_to_team("alex", "alpha")
    assert (await kpis(alex))["rank"] == 1
    assert await differences() == []


async def test_before_the_first_quiz_a_move_gives_no_rank(classes: Portal) -> None:
    priya = await classes.signed_in("priya")
    await actions.move_to_team("priya", "beta")
    found = await kpis(priya)
    assert (found["rank"], found["total"]) == (None, 2)
    await take_quiz(priya)
    assert (await ranking(priya))[0] == ("priya", 90, 1)
    assert await differences() == []


async def test_a_team_changes_track_with_everybody_in_it(classes: Portal) -> None:
    alex, nina, omar = [await classes.signed_in(name) for name in ("alex", "nina", "omar")]
    await take_quiz(await classes.signed_in("sofia"), wrong=4)
    await actions.set_track("alpha", "business")
    business = [("alex", 90, 1), ("mike", 75, 2), ("nina", 60, 3), ("omar", 45, 4)]
    assert await ranking(alex) == await ranking(nina) == business
    assert await ranking(await classes.signed_in("sofia")) == [("sofia", 30, 1)]
    await actions.set_track("delta", "dev")
    assert await ranking(omar) == [("omar", 45, 1), ("sofia", 30, 2)]
    assert await ranking(alex) == business[:3]
    await actions.set_track("delta", "dev")
    assert await ranking(omar) == [("omar", 45, 1), ("sofia", 30, 2)]
    assert await differences() == []


async def test_a_new_member_has_the_track_of_the_team(classes: Portal) -> None:
    """Who had no total yet when the team changed track gets it with the first quiz."""
    await actions.set_track("alpha", "business")
    jordan = await classes.signed_in("jordan")
    await take_quiz(jordan)
    found = await kpis(jordan)
    assert (found["rank"], found["total"]) == (1, 5)
    assert await differences() == []


async def test_what_does_not_exist_changes_nothing(classes: Portal) -> None:
    database = classes.database
    for name in ("nobody", "", "Alex", "alex ", "alex@example.com", "x" * 300):
        async with refused(database, NotFound, "There is no account"):
            await actions.move_to_team(name, "beta")
    for team in ("omega", "", "ALPHA", "al%", "business"):
        async with refused(database, Invalid, "There is no team"):
            await actions.move_to_team("alex", team)
        async with refused(database, NotFound, "There is no team"):
            await actions.set_track(team, "dev")
    for track in ("finance", "", "DEV", "alpha"):
        async with refused(database, Invalid, "track"):
            await actions.set_track("alpha", track)
    assert await differences() == []
    assert await audit(database) == []


async def test_a_move_into_a_team_that_changes_track(classes: Portal) -> None:
    """Whoever comes while the whole team is on its way goes with it."""
    async with held(classes.database, SCORE_OF, "nina") as nina:
        turn = asyncio.create_task(actions.set_track("beta", "dev"))
        await nina.waiting(1)
        move = asyncio.create_task(actions.move_to_team("alex", "beta"))
        await nina.waiting(2, or_done=move)
        await nina.release()
        await asyncio.gather(turn, move)
    assert await differences() == []
    dev = [("alex", 90, 1), ("mike", 75, 2), ("nina", 60, 3)]
    assert await ranking(await classes.signed_in("alex")) == dev


async def test_a_move_out_of_a_team_that_changes_track(classes: Portal) -> None:
    async with held(classes.database, SCORE_OF, "nina") as nina:
        move = asyncio.create_task(actions.move_to_team("nina", "alpha"))
        await nina.waiting(1)
        turn = asyncio.create_task(actions.set_track("beta", "dev"))
        await nina.waiting(2)
        await nina.release()
        await asyncio.gather(turn, move)
    assert await differences() == []


async def test_submits_and_moves_of_the_same_people_at_once(classes: Portal) -> None:
    names = ("alex", "mike", "nina", "omar")
    browsers = [await classes.signed_in(name) for name in names]

    async def move(name: str) -> None:
        for team in ("alpha", "beta", None, "gamma"):
            await actions.move_to_team(name, team)

    await asyncio.gather(
        *(take_quiz(browser) for browser in browsers), *(move(name) for name in names)
    )
    assert await differences() == []
    # mended mistakes earn 10 instead of 15
    expected = [("alex", 90, 1), ("mike", 85, 2), ("nina", 80, 3), ("omar", 75, 4)]
    assert await ranking(browsers[0]) == expected
