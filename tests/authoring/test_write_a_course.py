"""What an author does at the command line: begin a course, add a step, look at the schema."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from portal.authoring.compiler import inspect, read_sources
from portal.authoring.scaffold.drafts import new, slug
from portal.authoring.scaffold.toml import toml_document
from portal.authoring.schema import FILES, schema
from portal.errors import CommandFailed
from tests.authoring.checking import check
from tests.ops.command import only_line, run_portal
from tests.support import CONTENT


def test_a_new_course_passes_the_check_and_says_what_to_write(tmp_path: Path) -> None:
    folder = tmp_path / "course"
    made = run_portal("", "content", "new", str(folder), "--title", "Safety & machines")
    assert made.returncode == 0, made.stderr
    assert (folder / "01-safety-machines" / "step.toml").is_file()
    checked = run_portal("", "content", "check", str(folder))
    assert checked.returncode == 0
    lines = checked.stderr.splitlines()
    assert len(lines) > 5
    assert all(line.startswith("To do: 01-safety-machines/") for line in lines)
    wanted = "01-safety-machines/first-video.toml: channel: is still to be written. Who published"
    assert any(wanted in line for line in lines)
    assert checked.stdout == f"The course has no findings, {len(lines)} to do.\n"


def test_what_is_filled_in_leaves_the_list(tmp_path: Path) -> None:
    new(tmp_path / "course")
    path = tmp_path / "course" / "01-first-steps" / "first-video.toml"
    before = len(inspect(tmp_path / "course"))
    text = path.read_text()
    text = re.sub(r'ref = "TODO.*"', 'ref = "JpGtOfSgR-c"', text)
    path.write_text(re.sub(r'channel = "TODO.*"', 'channel = "Claude"', text))
    assert len(inspect(tmp_path / "course")) == before - 2
    assert check(tmp_path / "course") == []


def test_the_next_step_has_names_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "course"
    new(folder)
    files = new(folder, step=2, title="Größere Schritte")
    assert [path.relative_to(folder).as_posix() for path in files] == [
        "02-grossere-schritte/step.toml",
        "02-grossere-schritte/first-video-2.toml",
    ]
    assert check(folder) == []
    assert [step.id for step in read_sources(folder).steps] == ["1", "2"]


def test_a_step_can_be_added_to_the_shipped_course(tmp_path: Path) -> None:
    folder = tmp_path / "content"
    folder.mkdir()
    for step in CONTENT.glob("0*"):
        (folder / step.name).mkdir()
        for path in step.glob("*.toml"):
            (folder / step.name / path.name).write_bytes(path.read_bytes())
    number = len(list(folder.iterdir())) + 1
    new(folder, title="Our own rules")
    assert check(folder) == []
    assert (folder / f"{number:02}-our-own-rules").is_dir()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("course", "--step", "3"), "The next step of course is step 1, not 3."),
        (("letters",), "letters holds other files; name a new folder, or one with a course."),
        (("letters/a.txt",), "letters/a.txt is a file; name a folder."),
    ],
)
def test_a_folder_that_cannot_be_used_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("Dear all")
    before = sorted(tmp_path.rglob("*"))
    refused = run_portal("", "content", "new", *arguments)
    assert (refused.returncode, only_line(refused.stderr)) == (1, sentence)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandFailed, match="cannot be written to: Not a directory"):
        new(tmp_path / "file" / "course")


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("What is AI?", "what-is-ai"),
        ("Übung für alle", "ubung-fur-alle"),
        ("什么", "untitled"),
        ("one " * 40, "one-" * 14 + "one"),
        ("x" * 80, "x" * 60),
    ],
)
def test_a_slug_is_made_of_any_text(text: str, made: str) -> None:
    assert slug(text) == made


def test_toml_is_read_back_as_it_was_written() -> None:
    long = 'He said "no" to C:\\temp and """all""" of it, {twice} – und dann noch einmal. ' * 3
    table = {
        "title": 'A "quoted" \\ title',
        "summary": long.strip(),
        "top_pick": True,
        "count": 3,
        "objectives": ["One", 'Two "2"'],
        "questions": [
            {"id": "a", "choices": [{"id": "a", "text": "x\x7f\x01", "right": True}], "at": "1:00"},
            {"id": "b", "answer": False},
        ],
    }
    text = toml_document(table)
    read = tomllib.loads(text)
    assert " ".join(read.pop("summary").split()) == table.pop("summary")
    assert read == table
    assert max(map(len, text.splitlines())) <= 100


# JSON Schema

KINDS = {"string": str, "boolean": bool, "integer": int, "array": list, "object": dict}


def mismatches(value: Any, wanted: dict[str, Any], root: dict[str, Any]) -> list[str]:
    """What a value lacks of the parts of JSON Schema that ours uses; KeyError for other parts."""
    wanted = dict(wanted)
    for name in ("title", "description", "default", "$schema", "$defs"):
        wanted.pop(name, None)
    found: list[str] = []
    if reference := wanted.pop("$ref", None):
        found += mismatches(value, root["$defs"][reference.rpartition("/")[2]], root)
    if options := wanted.pop("anyOf", None):
        found += [] if any(not mismatches(value, one, root) for one in options) else ["no option"]
    kind = wanted.pop("type", None)
    if kind and not (value is None if kind == "null" else isinstance(value, KINDS[kind])):
        return [*found, f"{value!r} is not of type {kind}"]
    properties = wanted.pop("properties", {})
    if isinstance(value, dict):
        found += of_names(value, wanted, properties)
        for name, part in value.items():
            found += mismatches(part, properties.get(name, {}), root)
    items = wanted.pop("items", {})
    for part in value if isinstance(value, list) else ():
        found += mismatches(part, items, root)
    if isinstance(value, str):
        found += [] if len(value) >= wanted.pop("minLength", 0) else ["is too short"]
        found += [] if re.search(wanted.pop("pattern", ""), value) else [f"{value!r} has no form"]
    if "enum" in wanted:
        found += [] if value in wanted.pop("enum") else [f"{value!r} is none of the values"]
    assert wanted.keys() <= {"required", "additionalProperties", "minLength", "pattern"}, wanted
    return found


def of_names(
    value: dict[str, Any], wanted: dict[str, Any], properties: dict[str, Any]
) -> list[str]:
    found = [f"{name} is missing" for name in wanted.pop("required", ()) if name not in value]
    if wanted.pop("additionalProperties", True) is False:
        found += [f"{name} is unknown" for name in value if name not in properties]
    return found


def kind_of(path: Path) -> str:
    return {"course.toml": "course", "step.toml": "step"}.get(path.name, "video")


def test_every_shipped_file_is_valid_by_its_schema() -> None:
    files = sorted(CONTENT.rglob("*.toml"))
    assert len(files) > 70
    whole = schema()
    for path in files:
        table = tomllib.loads(path.read_text())
        one = schema(kind_of(path))
        assert mismatches(table, one, one) == [], path
        assert mismatches(table, whole, whole) == [], path


@pytest.mark.parametrize(
    ("old", "new_text", "problem"),
    [
        ('kind = "single"', 'kind = "singel"', "'singel' is none of the values"),
        ('provider = "youtube"', "", "provider is missing"),
        ('level = "beginner"', 'level = "beginner"\nlevle = 1', "levle is unknown"),
        ("right = true", 'right = "yes"', "'yes' is not of type boolean"),
        ('duration = "6:51"', 'duration = "6.51"', "'6.51' has no form"),
        ('id = "safety-notes"', 'id = ""', "is too short"),
    ],
)
def test_the_schema_sees_what_the_check_sees(old: str, new_text: str, problem: str) -> None:
    path = CONTENT / "01-ai-and-claude-fundamentals" / "a-closer-look-at-diligence.toml"
    text = path.read_text()
    assert old in text
    wanted = schema("video")
    assert problem in mismatches(tomllib.loads(text.replace(old, new_text, 1)), wanted, wanted)


def test_the_schema_is_printed_for_one_kind_of_file_or_all() -> None:
    for kind in FILES:
        printed = run_portal("", "content", "schema", kind)
        assert json.loads(printed.stdout) == json.loads(json.dumps(schema(kind)))
    printed = run_portal("", "content", "schema")
    assert json.loads(printed.stdout) == json.loads(json.dumps(schema()))
    refused = run_portal("", "content", "schema", "quiz")
    assert refused.returncode == 2
