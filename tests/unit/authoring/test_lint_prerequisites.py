"""Tasks and prerequisites in course files: what they compile to, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.authoring.compiler import build, read_sources
from portal.authoring.problems import Problem
from portal.learning.course import Requirement, Task
from tests.authoring.checking import check

VIDEO = """
title = "Video {name}"
provider = "file"
ref = "{name}.mp4"
channel = "Our own"
level = "beginner"
summary = "What {name} is about."
objectives = ["Know {name}"]
"""
QUESTION = """
[[questions]]
id = "{id}"
kind = "true_false"
text = "{text}"
answer = {answer}
explanation = "{why}"
"""
STEP = """
id = "{number}"
title = "Step {number}"
summary = "What is done here."
objectives = ["Know it", "Do it"]
{step}
{practice}
"""
TOPIC = """
[[topics]]
id = "{name}"
title = "Topic {name}"
description = "About {name}."
videos = ["{name}"]
{requires}
"""
TABLES = """
[[practice]]
id = "{number}-try-it"
text = "Try it once."

[[practice]]
id = "{number}-tell-it"
text = "Tell a colleague what came of it."
"""
ASKED = (
    ("salt", "Salt dissolves in water.", "true", "The small grains disappear when you stir them."),
    (
        "moon",
        "The sun moves around the moon.",
        "false",
        "It is the other way round with the earth.",
    ),
    ("iron", "Iron is a metal.", "true", "Magnets hold it, and it conducts current."),
    ("bees", "Bees have eight legs.", "false", "They are insects and so they walk on six."),
    ("rain", "Rain falls from clouds.", "true", "Drops form there and grow heavy."),
)
Steps = list[tuple[str, dict[str, str]]]


def write(root: Path, *steps: tuple[str, dict[str, str]], practice: str = TABLES) -> Path:
    """A course whose steps have these prerequisites, and topics of one video with these. A topic
    whose name begins with "quiz" has one."""
    for number, (requires, topics) in enumerate(steps, 1):
        folder = root / f"{number:02}-step"
        folder.mkdir(parents=True)
        text = STEP.format(number=number, step=requires, practice=practice.format(number=number))
        for name, inner in topics.items():
            text += TOPIC.format(name=name, requires=inner)
            body = VIDEO.format(name=name)
            if name.startswith("quiz"):
                body += "".join(
                    QUESTION.format(id=key, text=f"{said[:-1]} in {name}.", answer=answer, why=why)
                    for key, said, answer, why in ASKED
                )
            (folder / f"{name}.toml").write_text(body)
        (folder / "step.toml").write_text(text)
    return root


def found(root: Path) -> list[Problem]:
    """What is found about steps; that the questions repeat each other is not the point here."""
    return [f for f in check(root) if f.file.endswith("step.toml") and "read" not in f.problem]


def test_prerequisites_and_tasks_are_compiled(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        ("", {"quiz-one": "", "two": 'requires = [{topic = "quiz-one", completed = true}]'}),
        ('requires = [{step = "1", min_score = 60}]', {"three": ""}),
        (
            'requires = [{step = "1", completed = true}, {topic = "three", completed = true}]',
            {"four": ""},
        ),
    )
    steps = read_sources(root).steps
    assert [step.requires for step in steps] == [
        (),
        (Requirement(step="1", min_score=60),),
        (Requirement(step="1"), Requirement(topic="three")),
    ]
    assert steps[0].topics[1].requires == (Requirement(topic="quiz-one"),)
    assert steps[1].tasks == (
        Task("2-try-it", "Try it once."),
        Task("2-tell-it", "Tell a colleague what came of it."),
    )


def test_tasks_may_be_texts_and_both_in_one_list(tmp_path: Path) -> None:
    texts = 'practice = ["Try it\\n  once.", {{id = "tell-it", text = "Tell it."}}]'
    step = read_sources(write(tmp_path, ("", {"one": ""}), practice=texts)).steps[0]
    assert step.tasks == ("Try it once.", Task("tell-it", "Tell it."))
    assert step.practice == ("Try it once.", "Tell it.")


def test_a_course_without_either_compiles_as_it_always_did(tmp_path: Path) -> None:
    texts = 'practice = ["Try it.", "Tell it."]'
    root = write(tmp_path / "course", ("", {"one": ""}), practice=texts)
    build(root, tmp_path / "course.json")
    compiled = (tmp_path / "course.json").read_text()
    assert '"practice": [\n' in compiled
    assert "requires" not in compiled
    assert "tasks" not in compiled


STEP_1, STEP_2 = "01-step/step.toml", "02-step/step.toml"

FAULTS = [
    ("{}", "requires", "has to name a step or a topic", "Write one of them"),
    (
        '{step = "1", topic = "quiz-one", completed = true}',
        "requires",
        "has to name a step or a topic",
        "Write one of them",
    ),
    ('{step = "1"}', "requires", "has to say how much is enough", "min_score = 60"),
    (
        '{step = "1", min_score = 60, completed = true}',
        "requires",
        "has to say how much is enough",
        "completed = true",
    ),
    ('{step = "1", min_score = 67}', "requires", "min_score is 67", "Write 1 to 66"),
    ('{step = "1", min_score = -1}', "requires", "min_score is -1", "Write 1 to 66"),
    ('{step = "1", min_score = 101}', "requires", "min_score is 101", "Write 1 to 66"),
    (
        '{step = "9", completed = true}',
        "requires",
        "there is no step 9",
        "Known are step 1, step 2.",
    ),
    (
        '{topic = "quiz-oen", completed = true}',
        "requires",
        'there is no topic "quiz-oen"',
        'Did you mean topic "quiz-one"?',
    ),
    (
        '{topic = "plain-one", min_score = 50}',
        "requires",
        'topic "plain-one" has no quiz, so nobody has points there',
        "Write completed = true.",
    ),
    ('{step = "1", min_score = "60"}', "requires, min_score", "is not usable", "a whole number"),
    (
        '{step = "1", minscore = 60}',
        "requires",
        'unknown key "minscore"',
        'Did you mean "min_score"?',
    ),
]


@pytest.mark.parametrize(("entry", "where", "problem", "remedy"), FAULTS)
def test_a_prerequisite_nobody_can_mean_is_refused(
    tmp_path: Path, entry: str, where: str, problem: str, remedy: str
) -> None:
    root = write(
        tmp_path,
        ("", {"quiz-one": "", "plain-one": ""}),
        (f"requires = [{entry}]", {"two": ""}),
    )
    met = [f for f in found(root) if problem in f.problem]
    assert [(f.file, f.where) for f in met] == [(STEP_2, where)]
    assert remedy in met[0].remedy


CIRCLES: list[tuple[Steps, str, str, str]] = [
    (
        [('requires = [{step = "1", completed = true}]', {"one": ""})],
        STEP_1,
        "requires",
        "step 1 requires step 1",
    ),
    (
        [
            ('requires = [{step = "2", completed = true}]', {"one": ""}),
            ('requires = [{step = "1", completed = true}]', {"two": ""}),
        ],
        STEP_1,
        "requires",
        "step 1 requires step 2, step 2 requires step 1",
    ),
    (
        [("", {"one": 'requires = [{step = "1", completed = true}]'})],
        STEP_1,
        'topic "one", requires',
        'topic "one" requires step 1, step 1 includes topic "one"',
    ),
    (
        [('requires = [{topic = "one", completed = true}]', {"one": ""})],
        STEP_1,
        "requires",
        'step 1 requires topic "one", topic "one" is part of step 1',
    ),
    (
        [
            ("", {"quiz-one": 'requires = [{step = "2", completed = true}]'}),
            ('requires = [{step = "1", min_score = 50}]', {"two": ""}),
        ],
        STEP_1,
        'topic "quiz-one", requires',
        'topic "quiz-one" requires step 2, step 2 requires step 1,'
        ' step 1 includes topic "quiz-one"',
    ),
    (
        [
            ("", {"one": 'requires = [{topic = "three", completed = true}]'}),
            ("", {"two": 'requires = [{topic = "one", completed = true}]', "three": ""}),
            ('requires = [{step = "2", completed = true}]', {"four": ""}),
        ],
        "",
        "",
        "",
    ),
]


@pytest.mark.parametrize(("steps", "file", "where", "loop"), CIRCLES)
def test_a_circle_is_named(tmp_path: Path, steps: Steps, file: str, where: str, loop: str) -> None:
    met = [f for f in found(write(tmp_path, *steps)) if "circle" in f.problem]
    if not loop:  # crossing each other is no circle
        assert met == []
        return
    assert [(f.file, f.where) for f in met] == [(file, where)]
    assert met[0].problem == f"leads in a circle that nobody can enter: {loop}"


def test_of_a_step_that_cannot_be_read_nobody_says_it_is_missing(tmp_path: Path) -> None:
    root = write(
        tmp_path, ("", {"one": ""}), ('requires = [{step = "1", completed = true}]', {"two": ""})
    )
    (root / STEP_1).write_text("title = ")
    assert not [f for f in check(root) if "there is no" in f.problem]


def test_the_id_of_a_task_is_a_slug_and_used_once(tmp_path: Path) -> None:
    same = TABLES.replace("{number}-try-it", "same").replace("{number}-tell-it", "Tell it")
    met = found(write(tmp_path, ("", {"one": ""}), ("", {"two": ""}), practice=same))
    said = {(f.file, f.where, f.problem) for f in met}
    assert said == {
        (STEP_1, 'practice "Tell it"', "the id is not a slug"),
        (STEP_2, 'practice "Tell it"', "the id is not a slug"),
        (STEP_2, 'practice "same"', f"the id is also used in {STEP_1}"),
        (STEP_2, 'practice "Tell it"', f"the id is also used in {STEP_1}"),
    }


def test_a_task_needs_an_id_and_a_text(tmp_path: Path) -> None:
    tables = '[[practice]]\nid = "only-id"\n\n[[practice]]\ntext = "Only a text."\n'
    said = {
        (f.where, f.problem) for f in found(write(tmp_path, ("", {"one": ""}), practice=tables))
    }
    assert ('practice "only-id", text', "is missing") in said
    assert ('practice "2", id', "is missing") in said
