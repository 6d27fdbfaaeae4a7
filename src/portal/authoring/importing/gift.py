"""Reading questions in GIFT, the text format of Moodle, as the tables of course files.

Single choice, several right choices and true/false are taken over; what the portal cannot grade
is refused with its line. The format is described at https://docs.moodle.org/en/GIFT_format.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from string import ascii_lowercase
from typing import NoReturn

import msgspec

from portal.authoring.markup import NAMES, TAG, Kind, Omission, plain_text
from portal.authoring.problems import Problem
from portal.authoring.scaffold.drafts import free_name, slug
from portal.authoring.sources import Table

# Escaped characters are put aside as private ones, so that they mean nothing while we look.
ESCAPED = {f"\\{sign}": chr(0xE000 + n) for n, sign in enumerate("~=#{}:\\")}
RESTORED = {ord(private): escape[1] for escape, private in ESCAPED.items()}
ESCAPE = re.compile(r"\\[~=#{}:\\]")

CATEGORY = re.compile(r"\$CATEGORY:(.*)")
TITLE = re.compile(r"\s*::(.*?)::", re.DOTALL)
KINDS: dict[str, Kind] = {
    "html": "html",
    "moodle": "moodle",
    "plain": "plain",
    "markdown": "markdown",
}
FORMAT = re.compile(r"\s*\[(html|moodle|plain|markdown)\]", re.IGNORECASE)
TRUTH = re.compile(r"(T|TRUE|F|FALSE)\s*(#.*)?", re.IGNORECASE | re.DOTALL)
ANSWER = re.compile(r"([=~])\s*(?:%(-?[0-9]+(?:\.[0-9]+)?)%)?([^=~]*)")
NO_EXPLANATION = "TODO: why the right answer is right, and why the most tempting other one is not"


# A piece of a question, and where it begins there.
Placed = tuple[str, int]


class Category(msgspec.Struct):
    """A heading with its questions, which are tables as in the file of a video."""

    title: str
    questions: list[Table]


class _UnusableQuestion(Exception):
    def __init__(self, problem: str, remedy: str, offset: int = 0) -> None:
        self.problem, self.remedy, self.offset = problem, remedy, offset
        super().__init__(problem)


def read_gift(text: str, file: str, title: str) -> tuple[list[Category], list[Problem]]:
    """Returns the categories with their questions in order; what is refused, and as things to do
    what got lost in a question, each with its line.

    Questions before the first category stand under `title`.
    """
    found: list[Problem] = []
    categories = [Category(title, [])]
    for line, block in _blocks(text):
        heading = CATEGORY.fullmatch(block)
        if heading:
            name = heading[1].strip().rstrip("/").rpartition("/")[2]
            categories.append(Category(name or title, []))
            continue
        questions = categories[-1].questions
        reader = _QuestionReader(block)
        try:
            questions.append(reader.question({question["id"] for question in questions}))
        except _UnusableQuestion as refused:
            where = f"line {line + block.count(chr(10), 0, refused.offset)}"
            found.append(Problem(file, where, refused.problem, refused.remedy))
        for loss in sorted(reader.lost):
            where = f"line {line + block.count(chr(10), 0, loss.offset)}"
            found.append(Problem(file, where, loss.problem, loss.remedy, to_do=True))
    return [category for category in categories if category.questions], found


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    """Yields each question with the number of its first line; comments become empty lines
    within."""
    start, lines = 0, list[str]()
    for number, line in enumerate([*text.removeprefix("\ufeff").splitlines(), ""], start=1):
        ends = not line.strip() or CATEGORY.match(line)
        if ends and any(lines):
            yield start, "\n".join(lines)
            lines = []
        if CATEGORY.match(line):
            yield number, line
        elif not ends:
            is_comment = line.lstrip().startswith("//")
            if not any(lines):
                start, lines = number, []
            lines.append("" if is_comment else ESCAPE.sub(lambda found: ESCAPED[found[0]], line))


class _QuestionReader:
    """Reads the block of one question. `lost` is what its texts had and plain text has not."""

    def __init__(self, block: str) -> None:
        self.block = _tags_put_aside(block)
        self.kind: Kind = "moodle"
        self.lost: set[Omission] = set()

    def question(self, taken: set[str]) -> Table:
        head, name = self.block, ""
        title = TITLE.match(head)
        if title:
            name, head = title[1], head[title.end() :]
        before = len(self.block) - len(head)
        opened, closed = head.find("{"), head.rfind("}")
        if opened < 0:
            _reject("has no answers in braces", "Add them as in {=right ~wrong}, or remove it.")
        if closed < opened:
            remedy = "Close the brace; a question must not contain an empty line."
            _reject("the brace is never closed", remedy, before + opened)
        body = head[opened + 1 : closed]
        if "{" in body:
            remedy = "Ask one thing per question; write \\{ for a brace that is meant."
            _reject("has two pairs of braces", remedy, before + opened + body.index("{"))
        if prefix := FORMAT.match(head):
            self.kind = _text_kind(prefix)  # that of the answers too, unless they say otherwise
        stem = self.plain(head[:opened], before)
        rest = self.plain(head[closed + 1 :], before + closed + 1)
        # Answers in the middle of a sentence stand for the word that is missing there.
        stem = f"{stem} … {rest}" if len(rest) > 1 else stem + rest.replace(".", " …")
        if not stem:
            _reject("asks nothing", self.instead("Write the question before the brace."))
        table = self.answers(body, before + opened + 1)
        return {"id": free_name(slug(_without_escapes(name) or stem), taken), "text": stem, **table}

    def answers(self, body: str, at: int) -> Table:
        body, mark, general = body.partition("####")
        after = at + len(body) + len(mark)
        inside = body.strip()
        truth = TRUTH.fullmatch(inside)
        if truth:
            answer = truth[1].upper().startswith("T")
            begin = at + body.index(inside) + max(0, truth.start(2))
            said = _split_at_hashes(truth[2] or "", begin)[1:]
            explanation = self.explanation((general, after), said)
            return {"kind": "true_false", "answer": answer, "explanation": explanation}
        if not inside:
            _reject("is an essay, which cannot be graded here", "Ask for a choice instead.", at)
        if inside.startswith("#"):
            _reject("asks for a number", "Offer numbers to choose from instead.", at)
        if inside[0] not in "=~":
            _reject(
                f'"{_without_escapes(inside)}" is no answer', "Begin each answer with = or ~.", at
            )
        return self.choices([*ANSWER.finditer(body)], (general, after), at)

    def choices(self, answers: Sequence[re.Match[str]], general: Placed, at: int) -> Table:
        if any("->" in answer[3] for answer in answers):
            remedy = "Ask for each pair in a question of its own."
            _reject("is a matching question", remedy, at)
        if all(answer[1] == "=" for answer in answers):
            remedy = "Add wrong answers that begin with ~, to choose from."
            _reject("is a short answer question", remedy, at)
        if len(answers) > len(ascii_lowercase):
            _reject(f"has {len(answers)} answers", "Keep 26 at most.", at)
        right = _right_answers(answers, at)
        choices: list[Table] = []
        feedback: list[Placed] = []
        for letter, answer in zip(ascii_lowercase, answers, strict=False):
            (text, begin), *said = _split_at_hashes(answer[3], at + answer.start(3))
            plain = self.plain(text, begin)
            if not plain:
                remedy = self.instead("Write it, or remove the sign.")
                _reject("has an empty answer", remedy, at + answer.start())
            choices.append({"id": letter, "text": plain})
            if answer in right:
                choices[-1]["right"] = True
            feedback = [*said[:1], *feedback] if answer in right else [*feedback, *said[:1]]
        return {
            "kind": "single" if len(right) == 1 else "multiple",
            "choices": choices,
            "explanation": self.explanation(general, feedback),
        }

    def explanation(self, general: Placed, feedback: Sequence[Placed]) -> str:
        """Returns the feedback to everybody, else what is said to single answers, the right ones
        first."""
        whole = self.plain(*general)
        said = [whole] if whole else [self.plain(*text) for text in feedback]
        return " ".join(dict.fromkeys(filter(None, said))) or NO_EXPLANATION

    def plain(self, text: str, at: int) -> str:
        """Returns a text that begins at `at` in the block, without tags and escapes, in one
        line."""
        kind = self.kind
        if prefix := FORMAT.match(text):
            kind, text, at = _text_kind(prefix), text[prefix.end() :], at + prefix.end()
        readable, lost = plain_text(text.replace("\\n", "\n\n").translate(RESTORED), kind)
        self.lost |= {loss._replace(offset=at + loss.offset) for loss in lost}
        return readable

    def instead(self, remedy: str) -> str:
        """Returns the remedy for a text that is empty; when it was a picture, to describe it."""
        return min(self.lost).remedy if self.lost else remedy


def _without_escapes(text: str) -> str:
    return _QuestionReader("").plain(text, 0)


def _text_kind(prefix: re.Match[str]) -> Kind:
    return KINDS[prefix[1].lower()]


def _tags_put_aside(block: str) -> str:
    """Returns the block with the signs within tags put aside: they belong to the tag, escaped or
    not."""
    parts, end = list[str](), 0
    for tag in TAG.finditer(block.translate(RESTORED)):
        if tag["name"].lower() in NAMES:
            inside = (ESCAPED.get(f"\\{sign}", sign) for sign in tag[0])
            parts += [block[end : tag.start()], *inside]
            end = tag.end()
    return "".join((*parts, block[end:]))


def _split_at_hashes(text: str, at: int) -> list[Placed]:
    """Returns the parts of a text between #, with their places."""
    parts: list[Placed] = []
    for part in text.split("#"):
        parts.append((part, at))
        at += len(part) + 1
    return parts


def _right_answers(answers: Sequence[re.Match[str]], at: int) -> list[re.Match[str]]:
    plain = [answer for answer in answers if answer[1] == "="]
    weighted = [a for a in answers if a[1] == "~" and a[2] and float(a[2]) > 0]
    if plain and weighted:
        remedy = "An answer is right or wrong here: remove the percentage, or mark all with ~%50%."
        _reject("gives part of the points", remedy, at + weighted[0].start())
    if len(plain) > 1:
        remedy = "Keep one =, or mark all right ones with ~%50% to ask for all of them."
        _reject("has several answers with =", remedy, at + plain[1].start())
    right = plain or weighted
    if not right:
        _reject("has no right answer", "Mark it with =.", at)
    if len(right) == len(answers):
        _reject("has no wrong answer", "Add one that begins with ~.", at)
    return right


def _reject(problem: str, remedy: str, offset: int = 0) -> NoReturn:
    raise _UnusableQuestion(problem, remedy, offset)
