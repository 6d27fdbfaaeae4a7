"""Reading a course that another program wrote as JSON, as drafts of course files.

Steps hold topics, topics hold videos with an address, and a video may hold a quiz whose questions
name the right choice by its place. docs/CONTENT.md has an example. Other keys are left out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from string import ascii_lowercase
from typing import Any

from portal.authoring.importing.gift import NO_EXPLANATION
from portal.authoring.markup import has_tags, plain_text
from portal.authoring.problems import Problem
from portal.authoring.references import FORMS, reference
from portal.authoring.scaffold.drafts import StepDraft, TopicDraft, VideoDraft, slug
from portal.authoring.sources import TOO_LONG, Table, seconds
from portal.web.formats import plural

Path = tuple[str | int, ...]

KINDS: dict[type, str] = {str: "text in quotes", list: "a list", dict: "an object"}
TRUE_FALSE = ("true", "false")


def read_course_json(text: str, file: str) -> tuple[list[StepDraft], list[Problem]]:
    """Returns the steps of the course, and every problem with its line; with problems the steps are
    not complete."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        problem = f"is not valid JSON: {error.msg}"
        return [], [Problem(file, f"line {error.lineno}", problem, "Mend it at that place.")]
    except RecursionError:
        return [], [Problem(file, "", "is nested too deeply", "Check that it is a course.")]
    except ValueError:  # of a number with thousands of digits
        return [], [Problem(file, "", TOO_LONG, "Shorten it.")]
    reader = _CourseReader(text, file)
    root = reader.expect(value, dict, ())
    steps = reader.items(root, "steps", ())
    return [reader.step(step, path) for step, path in steps], reader.problems


def line_of(text: str, path: Path) -> int:
    """Returns the line, from 1, at which the value at `path` begins in a valid JSON text."""
    decoder = json.JSONDecoder()
    at = _skip(text, 0)
    for part in path:
        at = _skip(text, at + 1)
        here: str | int = 0
        while True:
            if text[at] == '"' and isinstance(part, str):
                here, at = decoder.raw_decode(text, at)
                at = _skip(text, _skip(text, at) + 1)
            if here == part:
                break
            at = _skip(text, _skip(text, decoder.raw_decode(text, at)[1]) + 1)
            here = here + 1 if isinstance(here, int) else 0
    return text.count("\n", 0, at) + 1


def _is_whole(text: str) -> bool:
    """Whether a text can be written to a file: JSON lets half of a surrogate pair stand alone."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


class _CourseReader:
    """Collects every problem, so that an author sees all of them at once."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.problems: list[Problem] = []

    def add(self, path: Path, problem: str, remedy: str, *, to_do: bool = False) -> None:
        where = f"line {line_of(self.text, path)}"
        self.problems.append(Problem(self.file, where, problem, remedy, to_do=to_do))

    def expect(self, value: Any, kind: type, path: Path) -> Any:
        """Returns the value if it is of this kind, else an empty one and a problem."""
        if not isinstance(value, kind):
            name = f'"{path[-1]}"' if path and isinstance(path[-1], str) else "the value"
            self.add(path, f"{name} is not {KINDS[kind]}", f"Write {KINDS[kind]}.")
            return kind()
        if isinstance(value, str) and not _is_whole(value):
            self.add(path, "holds half a character", "Type it again, or leave out its \\u.")
            return ""
        return value

    def plain(self, text: str, path: Path) -> str:
        """Returns a text without the tags of HTML, if it has any; what gets lost is a thing to
        do."""
        if not has_tags(text):
            return text
        readable, omissions = plain_text(text)
        for omission in omissions:
            self.add(path, omission.problem, omission.remedy, to_do=True)
        if not readable:
            self.add(path, "holds nothing that can be read", "Write it in words.")
        return readable

    def items(self, table: Table, key: str, path: Path) -> list[tuple[Table, Path]]:
        """Returns the objects of a list that has to be there, with their paths."""
        if key not in table:
            self.add(path, f'"{key}" is missing', f'Add "{key}" with a list of objects.')
            return []
        values = self.expect(table[key], list, (*path, key))
        if not values:
            self.add((*path, key), f'"{key}" is empty', "Add at least one.")
        return [
            (self.expect(value, dict, (*path, key, place)), (*path, key, place))
            for place, value in enumerate(values)
        ]

    def text_of(self, table: Table, names: Sequence[str], path: Path) -> str:
        """Returns the first of these keys that is there; the first name is required of an
        author."""
        for name in names:
            if name in table:
                text = self.expect(table[name], str, (*path, name))
                if text.strip():
                    return self.plain(text, (*path, name)) if name != "url" else str(text)
                if isinstance(table[name], str):
                    self.add((*path, name), f'"{name}" is empty', "Write it.")
                return ""
        self.add(path, f'"{names[0]}" is missing', "Write it.")
        return ""

    def known(self, table: Table, names: Sequence[str], path: Path) -> Table:
        """Returns the texts and lists of texts that are there, under their own names."""
        known: Table = {}
        for name in names:
            if table.get(name) in (None, "", []):
                continue
            kind = list if name in ("objectives", "practice") else str
            value = self.expect(table[name], kind, (*path, name))
            if kind is list:
                items = [(self.expect(v, str, (*path, name, n)), n) for n, v in enumerate(value)]
                known[name] = [self.plain(item, (*path, name, n)) for item, n in items]
            else:
                known[name] = self.plain(value, (*path, name))
        return known

    def step(self, table: Table, path: Path) -> StepDraft:
        return StepDraft(
            self.text_of(table, ("title",), path),
            tuple(self.topic(*topic) for topic in self.items(table, "topics", path)),
            self.known(table, ("summary", "objectives", "practice"), path),
        )

    def topic(self, table: Table, path: Path) -> TopicDraft:
        title = self.text_of(table, ("title",), path)
        videos = tuple(self.video(*video) for video in self.items(table, "videos", path))
        known = self.known(table, ("description",), path)
        return TopicDraft(title, videos, **known)

    def video(self, table: Table, path: Path) -> VideoDraft:
        title = self.text_of(table, ("title",), path)
        url = self.text_of(table, ("url",), path)
        place = reference(url)
        if url and place is None:
            self.add((*path, "url"), f'"{url}" is no address of a video', f"{FORMS}.")
        provider, ref = place or ("file", "")
        known: Table = {"provider": provider, "ref": ref}
        known |= self.known(table, ("channel", "duration", "level", "summary", "objectives"), path)
        if "duration" in known and seconds(known["duration"]) is None:
            self.add((*path, "duration"), "is not a time", 'Write it like "4:22".')
        if provider == "file" and "channel" not in known:
            known["channel"] = "Our own"
        if table.get("quiz") is not None:
            quiz = self.expect(table["quiz"], dict, (*path, "quiz"))
            known["questions"] = []
            for entry, where in self.items(quiz, "questions", (*path, "quiz")):
                known["questions"].append(self.question(entry, where, known["questions"]))
        return VideoDraft(title, known)

    def question(self, table: Table, path: Path, earlier: Sequence[Table]) -> Table:
        text = self.text_of(table, ("question", "text"), path)
        name = slug(str(table.get("id") or text))
        taken = [question["id"] for question in earlier].count(name)
        base: Table = {"id": f"{name}-{len(earlier) + 1}" if taken else name, "text": text}
        explanation = self.known(table, ("explanation",), path)
        base |= explanation or {"explanation": NO_EXPLANATION}
        texts = self.choices(table, path)
        right = self.right(table, len(texts), path)
        if sorted(said.casefold() for said in texts) == sorted(TRUE_FALSE) and len(right) == 1:
            return base | {"kind": "true_false", "answer": texts[right[0]].casefold() == "true"}
        choices = [
            {"id": letter, "text": said, **({"right": True} if place in right else {})}
            for place, (letter, said) in enumerate(zip(ascii_lowercase, texts, strict=False))
        ]
        kind = "multiple" if isinstance(table.get("answerIndex"), list) else "single"
        return base | {"kind": kind, "choices": choices}

    def choices(self, table: Table, path: Path) -> list[str]:
        if "choices" not in table:
            self.add(path, '"choices" is missing', 'Add "choices" with a list of texts.')
            return []
        path = (*path, "choices")
        values = self.expect(table["choices"], list, path)
        if not 1 < len(values) <= len(ascii_lowercase):
            self.add(path, plural(len(values), "choice"), "Write 2 to 26.")
        return [
            self.text_of(value, ("text",), (*path, place))
            if isinstance(value, dict)
            else self.plain(self.expect(value, str, (*path, place)), (*path, place))
            for place, value in enumerate(values)
        ]

    def right(self, table: Table, count: int, path: Path) -> list[int]:
        """Returns the places of the right choices, from 0."""
        if "answerIndex" not in table:
            remedy = "Add the place of the right choice, 0 for the first, or a list of places."
            self.add(path, '"answerIndex" is missing', remedy)
            return []
        value, path = table["answerIndex"], (*path, "answerIndex")
        places = value if isinstance(value, list) else [value]
        for place in places:
            if isinstance(place, bool) or not isinstance(place, int) or not 0 <= place < count:
                remedy = f"Write a whole number from 0 to {max(0, count - 1)}."
                self.add(path, f'"answerIndex" names choice {json.dumps(place)}', remedy)
                return []
        return places
