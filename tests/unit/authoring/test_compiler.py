"""Course sources: what they compile to, and the finding for every fault an author can make."""

import shutil
from pathlib import Path

import pytest

from portal.authoring.compiler import build, inspect, read_sources
from portal.authoring.problems import Problem
from portal.learning.course import Choice, ContentError, Question, decode_course
from tests.authoring.checking import check, kitchen
from tests.support import CONTENT

STEP = kitchen("eggs", "pans")
PANS = """
title = "Pans"
provider = "vimeo"
ref = "1076192112/752c4d2b80"
channel = "Claude"
level = "advanced"
summary = "Which pan to take."
objectives = ["Choose a pan"]
"""
EGGS = '''
title = "Eggs"
provider = "youtube"
ref = "JpGtOfSgR-c"
channel = "Anthropic"
duration = "4:22"
level = "beginner"
top_pick = true
summary = "How to boil eggs."
objectives = ["Boil an egg"]

[[questions]]
id = "how-long"
kind = "single"
text = "How long does a soft egg take?"
choices = [
  {id = "a", text = "Two minutes"},
  {id = "b", text = "Five minutes", right = true},
]
explanation = """
The white sets
  first."""
at = "1:05"

[[questions]]
id = "salt"
kind = "true_false"
text = "Salt shortens the time."
answer = false
explanation = "It hardly changes the temperature."

[[questions]]
id = "tools"
kind = "multiple"
text = "Which tools do you need?"
choices = [
  {id = "a", text = "A pot", right = true},
  {id = "b", text = "A grater"},
  {id = "c", text = "A spoon", right = true},
]
explanation = "An egg is boiled in a pot and lifted out with a spoon."

[[questions]]
id = "sequence"
kind = "ordering"
text = "In which order do you proceed?"
choices = [
  {id = "c", text = "Boil the water"},
  {id = "a", text = "Put in the egg"},
  {id = "b", text = "Cool the egg"},
]
explanation = "The time is counted from boiling water."

[[questions]]
id = "fresh"
kind = "true_false"
text = "A fresh egg sinks in water."
answer = true
explanation = "The air in an egg grows as it ages."
'''


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "course" / "01-kitchen"
    folder.mkdir(parents=True)
    for name, text in (("step", STEP), ("eggs", EGGS), ("pans", PANS)):
        (folder / f"{name}.toml").write_text(text)
    return folder.parent


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1, f"{old!r} must stand exactly once in {path.name}"
    path.write_text(text.replace(old, new))


def test_the_shipped_course_has_no_findings() -> None:
    assert [str(finding) for finding in check(CONTENT)] == []


def test_the_shipped_compiled_course_is_up_to_date(tmp_path: Path) -> None:
    build(CONTENT, tmp_path / "course.json")
    shipped = (CONTENT / "course.json").read_bytes()
    assert shipped == (tmp_path / "course.json").read_bytes(), "run `portal content build`"


def test_the_small_course_has_no_findings(root: Path) -> None:
    assert check(root) == []


def test_each_kind_of_question_is_compiled_to_choices_and_key(root: Path) -> None:
    questions = {q.id: q for q in read_sources(root).quizzes["eggs"].questions}
    assert questions["how-long"] == Question(
        "how-long",
        "single",
        "How long does a soft egg take?",
        (Choice("a", "Two minutes"), Choice("b", "Five minutes")),
        ("b",),
        "The white sets first.",
        65,
    )
    assert questions["salt"].choices == (Choice("true", "True"), Choice("false", "False"))
    assert (questions["salt"].key, questions["fresh"].key) == (("false",), ("true",))
    assert questions["tools"].key == ("a", "c")
    assert questions["sequence"].key == ("c", "a", "b")
    assert [choice.id for choice in questions["sequence"].choices] == ["a", "b", "c"]


def test_the_order_of_a_topic_is_the_order_of_the_course(root: Path) -> None:
    replace(root / "01-kitchen/step.toml", '["eggs", "pans"]', '["pans", "eggs"]')
    videos = read_sources(root).ordered
    assert [(v.id, v.position, v.step_id, v.topic_id) for v in videos] == [
        ("pans", 1, "1", "cooking"),
        ("eggs", 2, "1", "cooking"),
    ]


def test_a_build_is_the_same_each_time_and_can_be_loaded(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "course.json"
    course = build(root, out)
    first = out.read_bytes()
    assert first.endswith(b"}\n")
    assert decode_course(first).steps == course.steps
    assert build(root, out).content_hash == course.content_hash
    assert out.read_bytes() == first
    assert set(tmp_path.iterdir()) == {root, out}

    replace(root / "01-kitchen/eggs.toml", "Two minutes", "Three minutes")
    build(root, out)
    assert out.read_bytes() != first


def test_a_failed_build_leaves_the_old_file(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "course.json"
    build(root, out)
    before = out.read_bytes()
    (root / "01-kitchen/pans.toml").unlink()
    with pytest.raises(ContentError, match='"pans" has no file'):
        build(root, out)
    assert out.read_bytes() == before


EGGS_FILE, PANS_FILE, STEP_FILE = (f"01-kitchen/{n}.toml" for n in ("eggs", "pans", "step"))
FAULTS = [
    # file, old, new, place, problem, remedy
    (EGGS_FILE, 'title = "Eggs"', "title =", "", "is not valid TOML", "Mend it at that place"),
    (EGGS_FILE, 'title = "Eggs"', 'titel = "Eggs"', "", 'unknown key "titel"', 'mean "title"?'),
    (EGGS_FILE, 'title = "Eggs"', 'title = "Eggs"\nx1 = 1', "", '"x1"', "Remove it; known are"),
    (EGGS_FILE, 'title = "Eggs"', 'title = " "', "title", "empty text", "Write text in quotes"),
    (EGGS_FILE, 'title = "Eggs"', "title = 7", "title", "Expected `str`", "Write text in quotes"),
    (EGGS_FILE, '"youtube"', '"vhs"', "provider", "Invalid enum value 'vhs'", '"youtube", "vimeo"'),
    (EGGS_FILE, "JpGtOfSgR-c", "JpGt", "ref", "no youtube reference", "11 characters after"),
    (PANS_FILE, "1076192112/752c4d2b80", "abc", "ref", "no vimeo reference", "number/hash"),
    (EGGS_FILE, '"Anthropic"', '"Eggs"', "channel", "not a trusted channel", "Anthropic, Claude"),
    (EGGS_FILE, '"4:22"', '"4.22"', "duration", '"4.22" is not a time', 'like "4:22"'),
    (EGGS_FILE, '"4:22"', '"0:02"', "duration", "2 seconds is not a plausible", 'in "4:22"'),
    (EGGS_FILE, '"4:22"', '"4:22:00"', "duration", "not a plausible length", 'in "4:22"'),
    (EGGS_FILE, '"1:05"', '"4:22"', 'question "how-long"', "at is second 262", "within the video"),
    (EGGS_FILE, '["Boil an egg"]', "[]", "objectives", "has 0 entries", "Write 1 to 3"),
    (EGGS_FILE, '"how-long"', '"How long"', 'question "How long"', "not a slug", "Use a-z"),
    (EGGS_FILE, 'id = "salt"', 'id = "tools"', 'question "tools"', "used twice", "its own id"),
    (EGGS_FILE, '"single"', '"singel"', 'question "how-long", kind', "Invalid", '"single"'),
    (EGGS_FILE, ', right = true},\n]\nexplanation = """', '},\n]\nexplanation = """',
     'question "how-long"', "0 choices are right", "exactly one"),
    (EGGS_FILE, '"Two minutes"', '"Two minutes", right = true', 'question "how-long"',
     "2 choices are right", "exactly one"),
    (EGGS_FILE, '"Two minutes"', '"Two minutes", rihgt = true', 'question "how-long", choice "a"',
     'unknown key "rihgt"', 'Did you mean "right"?'),
    (EGGS_FILE, '"A grater"', '"A grater", right = true', 'question "tools"',
     "3 of 3 choices are right", "leave at least one wrong"),
    (EGGS_FILE, '"A grater"', '"a pot"', 'question "tools"', 'say "a pot"', "its own text"),
    (EGGS_FILE, '"A grater"', '"All of the above."', 'question "tools", choice "b"',
     "points at other choices", "stands on its own"),
    (EGGS_FILE, '"A grater"', '"None of these"', 'question "tools", choice "b"',
     "points at other choices", "stands on its own"),
    (EGGS_FILE, '{id = "b", text = "A grater"}', '{id = "a", text = "A grater"}',
     'question "tools"', 'id "a" is used twice', "its own letter"),
    (EGGS_FILE, '{id = "b", text = "A grater"}', '{id = "right", text = "A grater"}',
     'question "tools"', '"right" is not a letter', "one letter"),
    (EGGS_FILE, '  {id = "a", text = "Two minutes"},\n', "", 'question "how-long"',
     "has 1 choice", "at least two"),
    (EGGS_FILE, "answer = false\n", "", 'question "salt"', "answer is missing", "answer = true"),
    (EGGS_FILE, "answer = false\n", "answer = false\nchoices = [{id = 'a', text = 'Yes'}]\n",
     'question "salt"', "true_false has choices", "set answer"),
    (EGGS_FILE, 'at = "1:05"', "answer = true", 'question "how-long"', "answer has no meaning",
     "right=true"),
    (EGGS_FILE, '"Boil the water"', '"Boil the water", right = true', 'question "sequence"',
     "right has no meaning", "in the right order"),
    (EGGS_FILE, '{id = "c", text = "Boil the water"}', '{id = "A", text = "Boil the water"}',
     'question "sequence"', '"A" is not a letter', "one letter"),
    (EGGS_FILE, 'explanation = "It hardly changes the temperature."\n', "",
     'question "salt", explanation', "is missing", "Write text in quotes"),
    (EGGS_FILE, '"An egg is boiled in a pot and lifted out with a spoon."', '"A pot!"',
     'question "tools"', "explanation repeats a choice", "Say why"),
    (EGGS_FILE, '"A fresh egg sinks in water."', '"Salt shortens the time"', 'question "fresh"',
     'the same question stands in 01-kitchen/eggs.toml, question "salt"', "something else"),
    (PANS_FILE, '"vimeo"\nref = "1076192112/752c4d2b80"', '"youtube"\nref = "JpGtOfSgR-c"', "ref",
     "the same video stands in 01-kitchen/eggs.toml", "Keep it once"),
    (STEP_FILE, 'id = "1"', 'id = "2"', "id", 'is "2"', 'Set id = "1"'),
    (STEP_FILE, '["Cook", "Clean"]', '["Cook"]', "objectives", "has 1 entry", "Write 2 to 4"),
    (STEP_FILE, '["Cook an egg.", "Clean a pan."]', '["Cook", ""]', "practice", "empty", "list"),
    (STEP_FILE, 'description = "Heat and time."\n', "", 'topic "cooking", description',
     "is missing", "Write text in quotes"),
    (STEP_FILE, '"cooking"', '"Cooking!"', 'topic "Cooking!"', "not a slug", "Use a-z"),
    (STEP_FILE, '"pans"]', '"pans", "pots"]', 'topic "cooking", videos', '"pots" has no file',
     "Write pots.toml beside step.toml"),
    (STEP_FILE, '"pans"]', '"pans", "pans"]', 'topic "cooking", videos', "is listed twice",
     "in one topic"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "place", "problem", "remedy"), FAULTS)
def test_a_fault_is_found_with_its_place_and_remedy(
    root: Path, file: str, old: str, new: str, place: str, problem: str, remedy: str
) -> None:
    replace(root / file, old, new)
    found = [f for f in check(root) if problem in f.problem]
    assert [(f.file, f.where) for f in found] == [(file, place)]
    assert remedy in found[0].remedy
    assert str(found[0]).startswith(f"{file}: {place}: " if place else f"{file}: ")
    assert "\n" not in str(found[0])


def test_alphabetical_ids_give_an_ordering_away(root: Path) -> None:
    for old, new in (("c", "x"), ("a", "y"), ("b", "z")):
        text = {"c": "Boil the water", "a": "Put in the egg", "b": "Cool the egg"}[old]
        replace(root / EGGS_FILE, f'"{old}", text = "{text}"', f'"{new}", text = "{text}"')
    assert [str(finding) for finding in check(root)] == [
        '01-kitchen/eggs.toml: question "sequence": the ids in the right order are alphabetical '
        "and give it away. Deal the letters out in another order."
    ]


def test_a_quiz_needs_five_questions_or_what_the_course_says(root: Path) -> None:
    path = root / EGGS_FILE
    text = path.read_text()
    path.write_text(text[: text.index('[[questions]]\nid = "fresh"')])
    assert check(root) == [Problem(EGGS_FILE, "questions", "the quiz has 4", "Write at least 5.")]
    (root / "course.toml").write_text("min_questions = 4")
    assert check(root) == []


def test_a_video_without_a_quiz_is_still_to_do_until_the_course_requires_it(root: Path) -> None:
    problem, remedy = "there is no quiz yet", "Write at least 5."
    assert check(root) == []
    assert inspect(root) == [Problem(PANS_FILE, "questions", problem, remedy, to_do=True)]
    (root / "course.toml").write_text("quiz_required = true")
    assert check(root) == [Problem(PANS_FILE, "questions", problem, remedy)]
    (root / "course.toml").write_text("min_questions = 0")
    assert inspect(root) == []


def test_the_language_of_a_course_is_compiled(root: Path, tmp_path: Path) -> None:
    assert build(root, tmp_path / "english.json").language == "en"
    assert b"language" not in (tmp_path / "english.json").read_bytes()
    (root / "course.toml").write_text('language = "he"')
    build(root, tmp_path / "hebrew.json")
    assert decode_course((tmp_path / "hebrew.json").read_bytes()).language == "he"
    (root / "course.toml").write_text('language = "hebrew"')
    assert [(found.file, found.where, found.problem) for found in check(root)] == [
        ("course.toml", "language", '"hebrew" is no language tag')
    ]


def test_a_course_file_is_read_as_strictly_as_the_others(root: Path) -> None:
    (root / "course.toml").write_text('chanels = ["Us"]\nmin_questions = "five"')
    assert [(f.file, f.where, f.remedy) for f in check(root)] == [
        ("course.toml", "", 'Did you mean "channels"?'),
        ("course.toml", "min_questions", "Write a whole number, without quotes."),
    ]


def test_a_video_in_no_topic_is_found(root: Path) -> None:
    (root / "01-kitchen/ovens.toml").write_text(PANS.replace("1076192112", "1076192113"))
    assert [str(finding) for finding in check(root)] == [
        "01-kitchen/ovens.toml: is in no topic. "
        "List it in a topic of 01-kitchen/step.toml, or delete the file."
    ]


def test_a_file_name_that_is_no_slug_is_found(root: Path) -> None:
    (root / PANS_FILE).rename(root / "01-kitchen/Pans.toml")
    replace(root / STEP_FILE, '"pans"]', '"Pans"]')
    (finding,) = check(root)
    assert (finding.file, finding.problem) == (
        "01-kitchen/Pans.toml",
        "the file name is not a slug",
    )


def test_a_file_outside_the_step_folders_is_found(root: Path) -> None:
    (root / "pots.toml").write_text(PANS)
    (finding,) = check(root)
    assert (finding.file, finding.problem) == ("pots.toml", "the file is not in a step folder")


def test_a_folder_name_has_to_say_its_number(root: Path) -> None:
    (root / "01-kitchen").rename(root / "02-kitchen")
    (finding,) = check(root)
    assert (finding.file, finding.remedy) == ("02-kitchen", "Name it 01- and a slug.")


def test_a_folder_without_a_step_file_is_found(root: Path) -> None:
    (root / STEP_FILE).unlink()
    assert [(f.file, f.problem) for f in check(root)] == [(STEP_FILE, "the file is missing")]


def test_a_file_that_is_not_utf_8_is_found(root: Path) -> None:
    (root / PANS_FILE).write_bytes("title = 'Crêpes'".encode("latin-1"))
    assert [(f.file, f.remedy) for f in check(root)] == [(PANS_FILE, "Save it as UTF-8.")]


def test_an_empty_folder_is_no_course(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="there is no step folder"):
        read_sources(tmp_path)


def test_ids_and_questions_are_unique_over_all_steps(root: Path) -> None:
    shutil.copytree(root / "01-kitchen", root / "02-garden")
    replace(root / "02-garden/step.toml", 'id = "1"', 'id = "2"')
    found = {(f.file, f.where): f.problem for f in check(root)}
    assert found["02-garden/eggs.toml", 'video "eggs"'].endswith(f"also used in {EGGS_FILE}")
    assert found["02-garden/step.toml", 'topic "cooking"'].endswith(f"also used in {STEP_FILE}")
    assert found["02-garden/eggs.toml", 'question "salt"'].startswith("the same question")


def test_all_faults_are_found_at_once(root: Path) -> None:
    replace(root / EGGS_FILE, '"4:22"', '"soon"')
    replace(root / EGGS_FILE, '"single"', '"simple"')
    replace(root / EGGS_FILE, '"A grater"', '"A spoon"')
    replace(root / PANS_FILE, '"Claude"', '"Pan company"')
    replace(root / STEP_FILE, 'id = "1"', 'id = "one"')
    with pytest.raises(ContentError) as error:
        read_sources(root)
    lines = str(error.value).splitlines()
    assert [line.split(": ")[1].split(",")[0] for line in sorted(lines)] == [
        "duration",
        'question "how-long"',
        'question "tools"',
        "channel",
        "id",
    ]


def test_trusted_channels_can_be_chosen(root: Path) -> None:
    replace(root / PANS_FILE, '"Claude"', '"Pan company"')
    assert len(check(root)) == 1
    assert check(root, any_channel=True) == []
    (root / "course.toml").write_text('channels = ["Anthropic", "Pan company"]')
    assert check(root) == []


def test_a_file_of_the_company_may_come_from_any_channel(root: Path) -> None:
    replace(root / PANS_FILE, '"Claude"', '"Pan company"')
    replace(root / PANS_FILE, '"vimeo"', '"file"')
    replace(root / PANS_FILE, "1076192112/752c4d2b80", "kitchen/pans.mp4")
    assert check(root) == []
    replace(root / PANS_FILE, "kitchen/pans.mp4", "../pans.mp4")
    assert [finding.where for finding in check(root)] == ["ref"]
