"""A team and its members through the API: what is in it, and who gets it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from portal.db import sql
from tests.manager.teams import actor
from tests.support import COURSE, QUIZ, Portal, key_of, take_quiz

METRICS = "/api/manager/metrics"
MIKE = "/api/manager/members/mike"  # of alpha, which sara leads
ROW = {
    *("member", "currentScore", "scoreDelta", "logins7d", "workWeekDays", "quizzesCompleted"),
    *("accuracy", "firstTryAccuracy", "videosCompleted", "completionPct", "lastActiveAt"),
    *("status", "statusReason"),
}


async def read(browser: httpx.AsyncClient, url: str) -> Any:
    answer = await browser.get(url)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    return answer.json()


def names(value: Any) -> set[str]:
    """Returns the names of all fields at any depth."""
    if isinstance(value, dict):
        return set(value).union(*map(names, value.values()))
    return set().union(*map(names, value)) if isinstance(value, list) else set()


async def test_a_team_with_a_past(lived: Portal) -> None:
    sara = await lived.signed_in("sara")
    found = await read(sara, METRICS)
    assert (found["teamId"], found["teamName"]) == ("alpha", "Alpha")
    ids = {row["member"]["id"] for row in found["rows"]}
    assert ids == {"alex", "jordan", "mike", "priya", "sara"}
    assert all(row.keys() >= ROW for row in found["rows"])
    assert {len(row["workWeekDays"]) for row in found["rows"]} == {5}
    totals = found["totals"]
    assert totals.keys() >= {
        *("members", "activeThisWeek", "score", "averageScore", "completionPct"),
    }
    assert totals["score"] == sum(row["currentScore"] for row in found["rows"]) > 0
    assert len(found["trend"]) == 12
    assert found["trend"][-1].keys() >= {"week", "score", "completionPct", "active"}
    assert found["trend"][-1]["score"] == totals["score"]


async def test_filters_choose_the_rows_alone(lived: Portal) -> None:
    admin = await lived.signed_in("admin")
    everybody = await read(admin, f"{METRICS}?team=all")
    assert everybody["teamId"] == "all"
    assert everybody == await read(admin, METRICS)
    assert len(everybody["rows"]) == 22
    by_status = {
        status: [row for row in everybody["rows"] if row["status"] == status]
        for status in ("needs attention", "at risk")
    }
    assert all(by_status.values())
    for query in ("status=at-risk&status=needs-attention", "status=at-risk,needs-attention"):
        found = await read(admin, f"{METRICS}?team=all&{query}")
        assert found["rows"] == [*by_status["needs attention"], *by_status["at risk"]]
        assert found["totals"] == everybody["totals"]
    sorted_rows = (await read(admin, f"{METRICS}?sort=-score&days=84&step=1&q=a"))["rows"]
    scores = [row["currentScore"] for row in sorted_rows]
    assert scores == sorted(scores, reverse=True)
    assert (await read(admin, f"{METRICS}?team=beta&q=nina"))["rows"][0]["member"]["id"] == "nina"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=lazy", "status"),
        ("days=8", "days"),
        ("step=99", "step"),
        ("sort=shoe-size", "sort"),
        (f"q={'x' * 121}", "q"),
    ],
)
async def test_an_unusable_filter_is_named(portal: Portal, query: str, field: str) -> None:
    answer = await (await portal.signed_in("sara")).get(f"{METRICS}?{query}")
    assert answer.status_code == 400
    assert list(answer.json()["details"]) == [field]


async def test_a_member_with_a_past(lived: Portal) -> None:
    sara = await lived.signed_in("sara")
    found = await read(sara, MIKE)
    rows = (await read(sara, METRICS))["rows"]
    assert found["row"] == next(row for row in rows if row["member"]["id"] == "mike")
    assert found["watchedSeconds"] > 0
    done = [v for step in found["steps"] for v in step["videos"] if v["done"]]
    assert len(done) == found["row"]["videosCompleted"] > 0
    best = [v["score"] for step in found["steps"] for v in step["videos"] if v["score"]]
    assert sum(best) == found["row"]["currentScore"]
    completed = [each for each in found["attempts"] if each["completedAt"]]
    assert completed
    for each in completed:
        right = sum(answer["correct"] for answer in each["answers"])
        assert right == each["correctAnswers"] <= each["totalQuestions"]
        assert all(answer["question"] and answer["answeredAt"] for answer in each["answers"])
    begun = [each["startedAt"] for each in found["attempts"]]
    assert begun == sorted(begun, reverse=True)
    moments = [event["at"] for event in found["events"]]
    assert moments == sorted(moments, reverse=True)
    assert 0 < len(moments) <= 100
    assert {event["kind"] for event in found["events"]} >= {"sign-in", "watched", "quiz"}


async def test_what_a_member_just_did(portal: Portal, alex: httpx.AsyncClient) -> None:
    step, task = next(
        (step.id, task.id)
        for step in COURSE.steps
        for task in step.tasks
        if not isinstance(task, str)
    )
    await alex.post("/api/progress", json={"videoId": QUIZ, "done": True})
    await alex.post("/api/practice", json={"stepId": step, "itemId": task, "ticked": True})
    await take_quiz(alex, wrong=1)
    await alex.get("/dashboard")
    sara = await portal.signed_in("sara")
    found = await read(sara, "/api/manager/members/alex")
    kinds = [event["kind"] for event in found["events"]]
    assert kinds == ["quiz", "practice", "watched", "sign-in"]
    assert found["events"][2]["detail"] == "marked by hand"
    video = next(v for v in found["steps"][0]["videos"] if v["id"] == QUIZ)
    assert (video["done"], video["selfDeclared"]) == (True, True)
    assert [answer["correct"] for answer in found["attempts"][0]["answers"]].count(False) == 1


async def test_neither_choices_nor_keys_are_in_it(portal: Portal, alex: httpx.AsyncClient) -> None:
    await take_quiz(alex, wrong=2)
    for name in ("sara", "admin"):
        answer = await (await portal.signed_in(name)).get("/api/manager/members/alex")
        fields = names(answer.json())
        assert not [each for each in fields if "choice" in each.lower() or "key" in each.lower()]
        assert "explanation" not in fields
        for question in COURSE.quizzes[QUIZ].questions:
            said = [f'"{choice.id}"' for choice in question.choices]
            said += [f'"{key}"' for key in key_of(QUIZ, question.id)]
            assert not [each for each in said if each in answer.text]
            assert question.explanation not in answer.text


async def test_who_is_signed_out_or_learns_gets_nothing(
    portal: Portal, visitor: httpx.AsyncClient, alex: httpx.AsyncClient
) -> None:
    for url in (METRICS, f"{METRICS}?team=alpha", MIKE, "/api/manager/members/alex"):
        assert (await visitor.get(url)).status_code == 401, url
        assert (await alex.get(url)).status_code == 403, url


async def test_a_team_of_others_does_not_exist(portal: Portal) -> None:
    """Sara leads alpha, leo gamma; leo becomes the deputy of alpha."""
    sara, leo = await portal.signed_in("sara"), await portal.signed_in("leo")
    admin = await portal.signed_in("admin")
    nobody = (await leo.get("/api/manager/members/nobody")).json()
    for url in (MIKE, f"{METRICS}?team=alpha", f"{METRICS}?team=all", f"{METRICS}?team=none"):
        assert (await leo.get(url)).status_code == 404, url
    assert (await leo.get(MIKE)).json() == nobody
    assert (await sara.get("/api/manager/members/yuki")).json() == nobody
    assert (await admin.get("/api/manager/members/yuki")).status_code == 200
    assert (await admin.get(MIKE)).status_code == 200
    await portal.database.fetch(
        "INSERT INTO leads (member, team, deputy) VALUES ($1, 'alpha', true)",
        (await actor("leo")).user_id,
    )
    assert (await read(leo, f"{METRICS}?team=alpha"))["teamId"] == "alpha"
    assert (await read(leo, MIKE))["row"]["member"]["id"] == "mike"
    assert (await leo.get("/api/manager/members/nina")).status_code == 404


async def test_who_leads_no_team_sees_an_empty_one(portal: Portal) -> None:
    await portal.database.fetch(
        "DELETE FROM leads WHERE member = $1", (await actor("sara")).user_id
    )
    sara = await portal.signed_in("sara")
    found = await read(sara, METRICS)
    assert (found["teamId"], found["rows"], found["totals"]["members"]) == (None, [], 0)
    assert (await sara.get(MIKE)).status_code == 404


async def test_an_impossible_name_is_a_member_that_there_is_not(portal: Portal) -> None:
    admin = await portal.signed_in("admin")
    assert (await admin.get("/api/manager/members/%00")).status_code == 400
    for name in ("Mike", "mike%20", "%F0%9F%90%98", "x" * 300):
        assert (await admin.get(f"/api/manager/members/{name}")).status_code == 404, name
        assert (await admin.get(f"{METRICS}?team={name}")).status_code == 404, name


async def test_a_larger_team_sends_no_more_statements(portal: Portal) -> None:
    """The session's own included."""
    sara = await portal.signed_in("sara")
    for people in (0, 295):
        await portal.database.fetch(
            """
            INSERT INTO app_user (id, external_id, name, role, team, created_at)
            SELECT gen_random_uuid(), 'many-' || n, 'Many ' || n, 'learner', 'alpha', now()
            FROM generate_series(1, $1::int) AS n
            """,
            people,
        )
        for url, allowed in ((METRICS, 4), (f"{METRICS}?team=alpha&q=a", 4), (MIKE, 8)):
            before = sql.engine().pool.statements
            await read(sara, url)
            assert sql.engine().pool.statements - before <= allowed, url
