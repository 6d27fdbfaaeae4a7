"""What authors and people wrote has its own language and direction, wherever it is shown."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from portal.web.pages import TEMPLATES
from tests.learning.courses import teach
from tests.learning.hebrew import HEBREW, NAME
from tests.support import PASSWORDS, Portal

# The last part of an expression that stands for a text of the course, or of a person.
COURSE_TEXTS = re.compile(
    r"(question|choice|task|cue)\.text|\.(title|summary|description|explanation)$|^objective$"
    r"|row\.question|^title$"
)
PEOPLE_TEXTS = re.compile(r"(row|account|shell)\.(name|team)$|\.(channel|query|read)$")
EXPRESSION = re.compile(r"\{\{-?\s*(.+?)\s*-?\}\}")
OWN_WORDS = {"streak.summary"}  # of the interface, and called alike


def texts_of(template: str) -> list[tuple[str, str, str]]:
    """Returns each expression between tags with its filters, and the line that it stands on."""
    found = []
    source = re.sub(r"\{% block title %\}.*?\{%-? endblock %\}", "", template, flags=re.DOTALL)
    for line in source.splitlines():
        for match in EXPRESSION.finditer(line):
            before = re.sub(r"\{[{%].*?[%}]\}", "", line[: match.start()])
            if before.rpartition("<")[2].count('"') % 2:  # the value of an attribute
                continue
            if "(" in match[1]:  # a macro, which marks what it is given
                continue
            name, _, filters = match[1].partition("|")
            found.append((name.strip(), filters, line.strip()))
    return found


@pytest.mark.parametrize(
    "path",
    sorted(TEMPLATES.rglob("*.html")),
    ids=lambda path: path.relative_to(TEMPLATES).as_posix(),
)
def test_every_such_text_is_marked_as_one(path: Path) -> None:
    if path.name == "error.html":
        return
    for name, filters, line in texts_of(path.read_text(encoding="utf-8")):
        if name in OWN_WORDS:
            continue
        if COURSE_TEXTS.search(name):
            assert filters in ("authored", "bidi"), line
        elif PEOPLE_TEXTS.search(name):
            assert filters == "bidi", line


def test_whatever_people_type_in_follows_their_words() -> None:
    kinds = r'type="(search|text|\{\{ type \}\})"'
    for path in sorted(TEMPLATES.rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        for match in re.finditer(r"<(input|textarea)\b[^>]*", text):
            if re.search(kinds, match[0]) and "hidden" not in match[0]:
                assert 'dir="auto"' in match[0], (path.name, match[0])


@pytest.fixture
async def reader(portal: Portal) -> httpx.AsyncClient:
    teach(portal, HEBREW)
    await portal.database.fetch("UPDATE app_user SET name = $1 WHERE external_id = 'alex'", NAME)
    return await portal.signed_in("alex", PASSWORDS["alex"])


async def test_a_course_from_the_right_in_an_english_interface(reader: httpx.AsyncClient) -> None:
    video, question = HEBREW.ordered[0], HEBREW.ordered[0].quiz.questions[0]  # type: ignore[union-attr]
    for page, texts in {
        "/path": (video.title, HEBREW.steps[0].summary),
        "/step/1": (video.title, HEBREW.steps[0].objectives[0]),
        f"/video/{video.id}": (video.title, video.summary),
        f"/video/{video.id}?q=1": (question.text, *(choice.text for choice in question.choices)),
        "/dashboard": (video.title,),
    }.items():
        shown = (await reader.get(page)).text
        assert '<html lang="en"' in shown
        for text in texts:
            assert f'<bdi lang="he" dir="rtl">{text}</bdi>' in shown, (page, text)
    assert f"<bdi>{NAME}</bdi>" in shown


async def test_an_english_course_says_no_more_than_before(portal: Portal) -> None:
    browser = await portal.signed_in("alex")
    shown = (await browser.get("/video/introduction-to-ai-fluency")).text
    assert "<bdi" not in shown
    assert "rtl" not in shown
