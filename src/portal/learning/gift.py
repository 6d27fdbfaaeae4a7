"""Reading questions in GIFT, the text format of Moodle, as the tables of course files.

Single choice, several right choices and true/false are taken over; what the portal cannot grade
is refused with its line. The format is described at https://docs.moodle.org/en/GIFT_format.
"""

import html
import re
from collections.abc import Iterator, Sequence
from string import ascii_lowercase
from typing import Final, NoReturn

import msgspec

from portal.learning.drafts import slug
from portal.learning.findings import Finding
from portal.learning.sources import Table

# Escaped characters are put aside as private ones, so that they mean nothing while we look.
ESCAPED: Final = {f"\\{sign}": chr(0xE000 + n) for n, sign in enumerate("~=#{}:\\")}
RESTORED: Final = {ord(private): escape[1] for escape, private in ESCAPED.items()}
ESCAPE: Final = re.compile(r"\\[~=#{}:\\]")

CATEGORY: Final = re.compile(r"\$CATEGORY:(.*)")
TITLE: Final = re.compile(r"\s*::(.*?)::", re.DOTALL)
FORMAT: Final = re.compile(r"\s*\[(html|moodle|plain|markdown)\]")
TRUTH: Final = re.compile(r"(T|TRUE|F|FALSE)\s*(#.*)?", re.IGNORECASE | re.DOTALL)
ANSWER: Final = re.compile(r"([=~])\s*(?:%(-?[0-9]+(?:\.[0-9]+)?)%)?([^=~]*)")
TAG: Final = re.compile(r"<[^<>]+>")
NO_EXPLANATION: Final = (
    "TODO: why the right answer is right, and why the most tempting other one is not"
)


class Category(msgspec.Struct):
    """A heading with its questions, which are tables as in the file of a video."""

    title: str
    questions: list[Table]


class _Refused(Exception):
    def __init__(self, problem: str, remedy: str, offset: int = 0) -> None:
        self.problem, self.remedy, self.offset = problem, remedy, offset
        super().__init__(problem)


def read_gift(text: str, file: str, title: str) -> tuple[list[Category], list[Finding]]:
    """The categories with their questions in order, and what is refused, with its line.

    Questions before the first category stand under `title`.
    """
    found: list[Finding] = []
    categories = [Category(title, [])]
    for line, block in _blocks(text):
        heading = CATEGORY.fullmatch(block)
        if heading:
            name = heading[1].strip().rstrip("/").rpartition("/")[2]
            categories.append(Category(name or title, []))
            continue
        questions = categories[-1].questions
        try:
            questions.append(_question(block, {question["id"] for question in questions}))
        except _Refused as refused:
            where = f"line {line + block.count(chr(10), 0, refused.offset)}"
            found.append(Finding(file, where, refused.problem, refused.remedy))
    return [category for category in categories if category.questions], found


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    """Each question with the number of its first line; comments become empty lines within."""
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


def _question(block: str, taken: set[str]) -> Table:
    head, name = block, ""
    title = TITLE.match(head)
    if title:
        name, head = title[1], head[title.end() :]
    before = len(block) - len(head)
    opened, closed = head.find("{"), head.rfind("}")
    if opened < 0:
        _refuse("has no answers in braces", "Add them as in {=right ~wrong}, or remove it.")
    if closed < opened:
        remedy = "Close the brace; a question must not contain an empty line."
        _refuse("the brace is never closed", remedy, before + opened)
    body = head[opened + 1 : closed]
    if "{" in body:
        remedy = "Ask one thing per question; write \\{ for a brace that is meant."
        _refuse("has two pairs of braces", remedy, before + opened + body.index("{"))
    stem, rest = _plain(FORMAT.sub("", head[:opened], count=1)), _plain(head[closed + 1 :])
    # Answers in the middle of a sentence stand for the word that is missing there.
    stem = f"{stem} … {rest}" if len(rest) > 1 else stem + rest.replace(".", " …")
    if not stem:
        _refuse("asks nothing", "Write the question before the brace.")
    table = _answers(body, before + opened + 1)
    return {"id": _free(slug(_plain(name) or stem), taken), "text": stem, **table}


def _answers(body: str, at: int) -> Table:
    body, _, general = body.partition("####")
    inside = body.strip()
    truth = TRUTH.fullmatch(inside)
    if truth:
        answer = truth[1].upper().startswith("T")
        explanation = _explanation(general, (truth[2] or "").split("#")[1:])
        return {"kind": "true_false", "answer": answer, "explanation": explanation}
    if not inside:
        _refuse("is an essay, which cannot be graded here", "Ask for a choice instead.", at)
    if inside.startswith("#"):
        _refuse("asks for a number", "Offer numbers to choose from instead.", at)
    if inside[0] not in "=~":
        _refuse(f'"{_plain(inside)}" is no answer', "Begin each answer with = or ~.", at)
    return _choices([*ANSWER.finditer(body)], general, at)


def _choices(answers: Sequence[re.Match[str]], general: str, at: int) -> Table:
    if any("->" in answer[3] for answer in answers):
        remedy = "Ask for each pair in a question of its own."
        _refuse("is a matching question", remedy, at)
    if all(answer[1] == "=" for answer in answers):
        remedy = "Add wrong answers that begin with ~, to choose from."
        _refuse("is a short answer question", remedy, at)
    if len(answers) > len(ascii_lowercase):
        _refuse(f"has {len(answers)} answers", "Keep 26 at most.", at)
    plain = [answer for answer in answers if answer[1] == "="]
    weighted = [a for a in answers if a[1] == "~" and a[2] and float(a[2]) > 0]
    if plain and weighted:
        remedy = "An answer is right or wrong here: remove the percentage, or mark all with ~%50%."
        _refuse("gives part of the points", remedy, at + weighted[0].start())
    if len(plain) > 1:
        remedy = "Keep one =, or mark all right ones with ~%50% to ask for all of them."
        _refuse("has several answers with =", remedy, at + plain[1].start())
    right = plain or weighted
    if not right:
        _refuse("has no right answer", "Mark it with =.", at)
    if len(right) == len(answers):
        _refuse("has no wrong answer", "Add one that begins with ~.", at)
    choices: list[Table] = []
    feedback: list[str] = []
    for letter, answer in zip(ascii_lowercase, answers, strict=False):
        text, _, said = answer[3].partition("#")
        if not _plain(text):
            _refuse("has an empty answer", "Write it, or remove the sign.", at + answer.start())
        choices.append({"id": letter, "text": _plain(text)})
        if answer in right:
            choices[-1]["right"] = True
        feedback.insert(0 if answer in right else len(feedback), said)
    return {
        "kind": "single" if len(right) == 1 else "multiple",
        "choices": choices,
        "explanation": _explanation(general, feedback),
    }


def _explanation(general: str, feedback: Sequence[str]) -> str:
    """The feedback to everybody, else what is said to single answers, the right ones first."""
    said = [_plain(general)] if _plain(general) else [_plain(text) for text in feedback]
    return " ".join(dict.fromkeys(filter(None, said))) or NO_EXPLANATION


def _plain(text: str) -> str:
    """A text without tags and escapes, its white space folded."""
    readable = html.unescape(TAG.sub(" ", FORMAT.sub("", text)))
    return " ".join(readable.replace("\\n", " ").translate(RESTORED).split())


def _free(wanted: str, taken: set[str]) -> str:
    name, count = wanted, 1
    while name in taken:
        count += 1
        name = f"{wanted}-{count}"
    return name


def _refuse(problem: str, remedy: str, offset: int = 0) -> NoReturn:
    raise _Refused(problem, remedy, offset)
