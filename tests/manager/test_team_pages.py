"""The team's page and a member's, as the people of the demo see them."""

from __future__ import annotations

import html
import re

import httpx
import pytest

from portal.learning.course import Task
from portal.people.rules import WHAT_LEADERS_SEE
from tests.support import COURSE, QUIZ, Portal, take_quiz
from tests.web.markup import Page


async def page_of(browser: httpx.AsyncClient, url: str) -> Page:
    answer = await browser.get(url)
    assert answer.status_code == 200, (url, answer.text)
    return Page(answer)


def heading(page: Page) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page.source, re.DOTALL)
    assert found is not None
    return re.sub(r"<[^>]+>", "", found[1]).strip()


def listed(page: Page) -> list[str]:
    """Returns the ids of the people in the list, in its order."""
    table = (
        html.unescape(page.source).partition('<table class="people"')[2].partition("</table>")[0]
    )
    return re.findall(r'href="/manager/member/([a-z-]+)"', table)


async def test_a_manager_sees_the_own_team_and_no_other(portal: Portal) -> None:
    sara = await portal.signed_in("sara")
    page = await page_of(sara, "/manager")
    assert set(listed(page)) == {"sara", "alex", "mike", "priya", "jordan"}
    assert re.search(r"of 4 people needs? you|Nobody needs you", heading(page))
    assert not {"Nina Patel", "Yuki Tanaka"} & set(re.findall(r"\w+ \w+", page.text))
    for url in ("/manager?team=beta", "/manager?team=all", "/manager/member/nina"):
        answer = await sara.get(url)
        assert answer.status_code == 404, url
        assert "Nina" not in answer.text
    assert (await sara.get("/manager/member/nobody-of-this-name")).status_code == 404
    assert (await sara.get("/manager/member/alex")).status_code == 200


async def test_a_learner_is_told_whose_page_it_is(alex: httpx.AsyncClient) -> None:
    for url in ("/manager", "/manager/member/alex", "/manager/member/mike"):
        answer = await alex.get(url)
        assert answer.status_code == 403, url
        assert "This page is for managers." in answer.text
    home = await page_of(alex, "/dashboard")
    assert "/manager" not in {href for href, _ in home.links}


async def test_the_address_holds_the_filters(portal: Portal) -> None:
    sara = await portal.signed_in("sara")
    page = await page_of(sara, "/manager?q=mi&days=28&sort=-score")
    assert listed(page) == ["mike"]
    assert "1 of 5 people" in page.text
    assert page.link("Export CSV").endswith("/metrics.csv?days=28&q=mi&sort=-score")
    assert page.link("Clear all").endswith("/manager")
    assert page.attributes("th", **{"aria-sort": "descending"})
    nobody = await page_of(sara, "/manager?q=zzz")
    assert "Nobody matches these filters." in nobody.text
    # What means nothing is passed over, as a hand that types an address expects.
    assert len(listed(await page_of(sara, "/manager?status=what&days=3&step=99"))) == 5


async def test_the_reader_is_marked_and_not_counted(portal: Portal) -> None:
    await portal.database.fetch(
        "UPDATE app_user SET created_at = now() - interval '60 days' WHERE team = 'alpha'"
    )
    sara = await portal.signed_in("sara")
    page = await page_of(sara, "/manager")
    assert heading(page) == "Alpha: 4 of 4 people need you"
    row = page.source.partition('<tr role="row" class="me">')[2].partition("</tr>")[0]
    assert "Sara Lindqvist" in row
    assert "you" in row


async def test_an_empty_team_says_who_can_fill_it(portal: Portal) -> None:
    page = await page_of(await portal.signed_in("lior"), "/manager")
    assert heading(page) == "AI: nobody is on this team but you"
    assert "An admin can add people to it." in page.text
    await portal.database.fetch("UPDATE app_user SET team = NULL WHERE external_id = 'lior'")
    page = await page_of(await portal.signed_in("lior"), "/manager")
    assert heading(page) == "AI: nobody yet"
    assert "An admin can add people to it." in page.text


async def test_who_leads_no_team_learns_who_can_change_that(portal: Portal) -> None:
    await portal.database.fetch("DELETE FROM leads")
    page = await page_of(await portal.signed_in("leo"), "/manager")
    assert heading(page) == "You lead no team"
    assert "An admin decides who leads which team" in page.text


async def test_who_leads_several_teams_chooses(portal: Portal) -> None:
    await portal.database.fetch(
        """
        INSERT INTO leads (member, team, deputy, since)
        SELECT id, 'gamma', true, now() FROM app_user WHERE external_id = 'sara'
        """
    )
    sara = await portal.signed_in("sara")
    assert '<select id="team"' in (await page_of(sara, "/manager")).source
    gamma = await page_of(sara, "/manager?team=gamma")
    assert "yuki" in listed(gamma)
    member = await page_of(sara, "/manager/member/yuki")
    assert "Leo Dubois and Sara Lindqvist (deputy) lead Gamma and see this" in member.text
    tom = await page_of(await portal.signed_in("tom"), "/manager")
    assert '<select id="team"' not in tom.source


async def test_an_admin_sees_all_teams_side_by_side(portal: Portal) -> None:
    admin = await portal.signed_in("admin")
    page = await page_of(admin, "/manager")
    assert re.search(r"of 22 people needs? somebody|Nobody needs anybody", heading(page))
    for name in ("Alpha", "Beta", "Gamma", "Delta", "AI"):
        assert heading(await page_of(admin, page.link(name))).startswith((name, "Nobody"))
    everyone = await page_of(admin, page.link("Everyone in one list"))
    assert len(listed(everyone)) == 22


async def test_beyond_the_last_page_is_the_last(portal: Portal) -> None:
    sara = await portal.signed_in("sara")
    answer = await sara.get("/manager?sort=name&page=7")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/manager?sort=name"


@pytest.mark.parametrize("view", ["path", "attempts", "timeline", "made-up"])
async def test_a_member_is_shown_without_choices_or_keys(portal: Portal, view: str) -> None:
    mike = await portal.signed_in("mike")
    await take_quiz(mike, QUIZ, wrong=1)
    await mike.post("/api/progress", json={"videoId": QUIZ, "done": True})
    task = next(task for task in COURSE.steps[0].tasks if isinstance(task, Task))
    ticked = {"stepId": COURSE.steps[0].id, "itemId": task.id, "ticked": True}
    assert (await mike.post("/api/practice", json=ticked)).status_code == 200
    page = await page_of(await portal.signed_in("sara"), f"/manager/member/mike?view={view}")
    quiz = COURSE.quizzes[QUIZ]
    for question in quiz.questions:
        assert question.explanation not in page.text
        for choice in question.choices:
            if len(choice.text) > 20:  # others may stand in a title
                assert choice.text not in page.text
    if view == "attempts":
        assert page.text.count("not right") == 1
        assert quiz.questions[0].text in page.text
    elif view == "timeline":
        assert "Marked as watched by hand" in page.text
        assert "Signed in" in page.text
        assert f"Practised: {task.text}" in page.text
    else:
        assert "self-declared" in page.text
    assert WHAT_LEADERS_SEE in page.text


async def test_the_account_says_what_is_seen_and_by_whom(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    page = await page_of(alex, "/account")
    assert "Sara Lindqvist leads Alpha and sees this; so do admins." in page.text
    assert WHAT_LEADERS_SEE in page.text
    admin = await page_of(await portal.signed_in("admin"), "/account")
    assert "On no team: only admins see this." in admin.text
