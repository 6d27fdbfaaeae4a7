"""Bringing a course as JSON: what it becomes, and what an author reads when it has mistakes."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from portal.authoring.compiler import read_sources
from portal.authoring.importing.course_json import line_of, read_course_json
from tests.authoring.checking import check
from tests.ops.command import run_portal

QUESTION: dict[str, Any] = {
    "question": "Who answers for a mistake in the report?",
    "choices": ["The maker", "You, who passed it on", "The reader"],
    "answerIndex": 1,
    "explanation": "Whoever passes a result on answers for it.",
}
COURSE: dict[str, Any] = {
    "title": "Ignored",
    "steps": [
        {
            "title": "Our rules",
            "summary": "What holds here.",
            "objectives": ["Know them", "Follow them"],
            "topics": [
                {
                    "title": "Basics",
                    "videos": [
                        {
                            "title": "Welcome",
                            "url": "https://www.youtube.com/watch?v=JpGtOfSgR-c&t=3",
                            "channel": "Our company",
                            "duration": "4:22",
                            "quiz": {
                                "questions": [
                                    QUESTION,
                                    {"text": "It is wet.", "choices": ["False", "True"],
                                     "answerIndex": 1},
                                    {"id": "Tools", "question": "Which tools?",
                                     "choices": [{"text": "A pot"}, "A song", "A spoon"],
                                     "answerIndex": [0, 2], "explanation": "Two of them."},
                                ]
                            },
                        },
                        {"title": "A film of ours", "url": "safety/film.mp4"},
                    ],
                }
            ],
        }
    ],
}  # fmt: skip


def imported(folder: Path, course: Any) -> Any:
    file = folder / "course.json"
    file.write_text(json.dumps(course, indent=1))
    return run_portal("", "content", "import", str(file), "--out", str(folder / "out"))


def test_a_course_in_json_becomes_course_files(tmp_path: Path) -> None:
    done = imported(tmp_path, COURSE)
    assert done.returncode == 0, done.stderr
    assert "practice: is still to be written" in done.stdout
    (tmp_path / "out" / "course.toml").write_text(
        'min_questions = 3\nchannels = ["Our company", "Our own"]'
    )
    assert check(tmp_path / "out") == []
    course = read_sources(tmp_path / "out")
    assert [(v.id, v.provider, v.ref, v.duration) for v in course.ordered] == [
        ("welcome", "youtube", "JpGtOfSgR-c", 262),
        ("a-film-of-ours", "file", "safety/film.mp4", None),
    ]
    single, truth, multiple = course.quizzes["welcome"].questions
    assert (single.kind, single.key) == ("single", ("b",))
    assert (truth.kind, truth.key) == ("true_false", ("true",))
    assert truth.explanation.startswith("TODO")
    assert (multiple.id, multiple.kind, multiple.key) == ("tools", "multiple", ("a", "c"))
    assert course.steps[0].objectives == ("Know them", "Follow them")


def changed(change: str, value: Any = ...) -> dict[str, Any]:
    """The course with the value at a dotted path replaced, or removed."""
    course = deepcopy(COURSE)
    *path, last = [int(part) if part.isdigit() else part for part in change.split(".")]
    place: Any = course
    for part in path:
        place = place[part]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return course


VIDEO = "steps.0.topics.0.videos.0"
ASKED = f"{VIDEO}.quiz.questions.0"
FAULTS = [
    ("steps", ..., '"steps" is missing', "list of objects"),
    ("steps", [], '"steps" is empty', "at least one"),
    ("steps", {}, '"steps" is not a list', "Write a list"),
    ("steps.0", "one", "the value is not an object", "Write an object"),
    ("steps.0.title", ..., '"title" is missing', "Write it"),
    ("steps.0.title", 7, '"title" is not text in quotes', "Write text"),
    ("steps.0.topics.0.videos", ..., '"videos" is missing', "list of objects"),
    (f"{VIDEO}.url", ..., '"url" is missing', "Write it"),
    (f"{VIDEO}.url", "https://example.com/a", "is no address of a video", "YouTube or Vimeo"),
    (f"{VIDEO}.duration", "4.22", "is not a time", '"4:22"'),
    (f"{VIDEO}.quiz.questions", {}, '"questions" is not a list', "Write a list"),
    (f"{ASKED}.question", ..., '"question" is missing', "Write it"),
    (f"{ASKED}.question", " ", '"question" is empty', "Write it"),
    (f"{ASKED}.choices", ..., '"choices" is missing', "list of texts"),
    (f"{ASKED}.choices", ["One"], "1 choice", "Write 2 to 26"),
    (f"{ASKED}.choices.1", 4, "the value is not text in quotes", "Write text"),
    (f"{ASKED}.answerIndex", ..., '"answerIndex" is missing', "0 for the first"),
    (f"{ASKED}.answerIndex", 3, '"answerIndex" names choice 3', "from 0 to 2"),
    (f"{ASKED}.answerIndex", "b", 'names choice "b"', "from 0 to 2"),
    (f"{ASKED}.answerIndex", [0, True], "names choice true", "from 0 to 2"),
    (f"{ASKED}.explanation", 1, '"explanation" is not text in quotes', "Write text"),
]


@pytest.mark.parametrize(("place", "value", "problem", "remedy"), FAULTS)
def test_a_mistake_is_told_with_its_line(place: str, value: Any, problem: str, remedy: str) -> None:
    text = json.dumps(changed(place, value), indent=1)
    _, found = read_course_json(text, "course.json")
    assert problem in found[0].problem
    assert remedy in found[0].remedy
    # the line is that of the value, or of the object that lacks it
    key = place.rpartition(".")[2]
    line = text.splitlines()[int(found[0].where.removeprefix("line ")) - 1].strip()
    if value is ...:
        assert line.endswith("{")
    elif not key.isdigit():
        assert line.startswith(f'"{key}":')


def test_all_mistakes_are_told_at_once_and_nothing_is_written(tmp_path: Path) -> None:
    course = changed(f"{ASKED}.answerIndex", 9)
    course["steps"][0]["topics"][0]["videos"][1]["url"] = "ftp://x"
    refused = imported(tmp_path, course)
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 2
    assert all(line.startswith("course.json: line ") for line in refused.stderr.splitlines())
    assert not (tmp_path / "out").exists()


def test_text_that_is_no_json_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{\n "steps": [\n  oops\n ]\n}')
    refused = run_portal("", "content", "import", str(tmp_path / "x.json"), "--out", "unused")
    assert refused.returncode == 1
    assert refused.stderr.startswith("x.json: line 3: is not valid JSON")
    _, found = read_course_json("[" * 100_000, "x.json")
    assert [f.problem for f in found] == ["is nested too deeply"]
    _, found = read_course_json(f'{{"steps": [], "x": {"9" * 5_000}}}', "x.json")
    assert [f.problem for f in found] == ["has a number that is too long"]
    _, found = read_course_json("[]", "x.json")
    assert [f.problem for f in found] == ["the value is not an object", '"steps" is missing']


def test_half_a_character_is_told_with_its_line(tmp_path: Path) -> None:
    refused = imported(tmp_path, changed("steps.0.title", "Safe\ud800"))
    assert refused.returncode == 1
    assert "holds half a character" in refused.stderr
    assert refused.stderr.startswith("course.json: line ")
    assert not (tmp_path / "out").exists()


def test_texts_in_html_become_plain_and_others_stay_as_they_are() -> None:
    course = changed(f"{ASKED}.question", "<p>Is <b>a &lt; b</b> here: <img src='x.png'>?</p>")
    asked = course["steps"][0]["topics"][0]["videos"][0]["quiz"]["questions"][0]
    asked["choices"] = ["List<String> &amp; a<b and c>d", "<i>No</i>", "The tag <b>"]
    text = json.dumps(course, indent=1)
    (step,), found = read_course_json(text, "course.json")
    question = step.topics[0].videos[0].known["questions"][0]
    assert question["text"] == "Is a < b here: ?"
    assert [choice["text"] for choice in question["choices"]] == [
        "List<String> &amp; a<b and c>d",
        "No",
        "The tag <b>",
    ]
    (lost,) = found
    assert (lost.problem, lost.to_do) == ('a picture ("x.png") is left out', True)
    assert "x.png" in text.splitlines()[int(lost.where.removeprefix("line ")) - 1]


def test_lines_are_counted_in_any_layout() -> None:
    text = '{"a": [1,\n {"b":\n "x{[,]}", "c": []}, "d"],\n"e": {"f": null}}'
    assert [line_of(text, path) for path in (
        (), ("a",), ("a", 0), ("a", 1), ("a", 1, "b"), ("a", 1, "c"), ("a", 2), ("e", "f")
    )] == [1, 1, 1, 2, 3, 3, 3, 4]  # fmt: skip
