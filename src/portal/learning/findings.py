"""What is wrong with a course, and what to do about it: the rules that a course must keep.

Each rule looks at compiled values, is pure, and yields every problem it sees.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

import msgspec

from portal.learning.catalogue import Question, Quiz, Step, Video

TRUSTED_CHANNELS: Final = frozenset({"Anthropic", "Claude"})
MIN_QUESTIONS: Final = 5
# Shares say something only from this many questions of a kind on.
MIN_FOR_BALANCE: Final = 10
SHORTEST_VIDEO, LONGEST_VIDEO = 10, 3 * 60 * 60

SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LETTER: Final = re.compile(r"[a-z]")
REFERENCES: Final = {
    "youtube": (re.compile(r"[A-Za-z0-9_-]{11}"), "the 11 characters after watch?v="),
    "vimeo": (re.compile(r"[0-9]+(/[0-9a-f]+)?"), "the number of the video, or number/hash"),
    "file": (
        re.compile(r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9._/-]*\.(mp4|webm)"),
        "a relative path that ends in .mp4 or .webm",
    ),
}
# A choice that points at the others is answered by logic, not by knowledge, and choices are
# shuffled, so "above" would not even be true.
POINTS_AT_OTHERS: Final = re.compile(
    r".*\b(all|none|any|both|neither)( of)? the above\b.*"
    r"|(all|none|any|both|neither) of (these|them|the others|the other answers)",
)


class Finding(msgspec.Struct, frozen=True):
    """One problem: the file and the place in it, what is wrong, and what to do. str() is one line.

    `problem` is a clause without a full stop, `remedy` a sentence.
    """

    file: str
    where: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.file}: {self.where}" if self.where else self.file
        return f"{place}: {self.problem}. {self.remedy}"


Placed = tuple[str, Video]


def normalised(text: str) -> str:
    """The words of a text in lower case, so that texts can be compared."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def step_findings(file: str, step: Step, number: int) -> Iterator[Finding]:
    """Problems of a step itself; `number` is its place in the course, from 1."""
    if step.id != str(number):
        yield Finding(file, "id", f'is "{step.id}"', f'Set id = "{number}" as in the folder name.')
    yield from _count(file, "objectives", step.objectives, 2, 4)
    yield from _count(file, "practice", step.practice, 2, 4)
    for topic in step.topics:
        where = f'topic "{topic.id}"'
        if not SLUG.fullmatch(topic.id):
            yield Finding(file, where, "the id is not a slug", "Use a-z, 0-9 and single hyphens.")
    if not step.topics:
        yield Finding(file, "topics", "there is none", "Add a [[topics]] table with videos.")


def video_findings(file: str, video: Video, channels: Collection[str] | None) -> Iterator[Finding]:
    """Problems of one video and its quiz. Any channel will do when `channels` is None."""
    if not SLUG.fullmatch(video.id):
        yield Finding(file, "", "the file name is not a slug", "Use a-z, 0-9 and single hyphens.")
    pattern, form = REFERENCES[video.provider]
    if not pattern.fullmatch(video.ref):
        problem = f'"{video.ref}" is no {video.provider} reference'
        yield Finding(file, "ref", problem, f"Write {form}.")
    yield from _channel(file, video, channels)
    if video.duration is not None and not SHORTEST_VIDEO <= video.duration <= LONGEST_VIDEO:
        problem = f"{video.duration} seconds is not a plausible length"
        yield Finding(file, "duration", problem, 'Write minutes and seconds as in "4:22".')
    yield from _count(file, "objectives", video.objectives, 1, 3)
    if video.quiz:
        yield from quiz_findings(file, video.quiz)
        yield from _moments(file, video, video.quiz)


def quiz_findings(file: str, quiz: Quiz) -> Iterator[Finding]:
    """Problems of one quiz, apart from the number of its questions."""
    ids = Counter(question.id for question in quiz.questions)
    for name in repeated(ids):
        yield Finding(file, f'question "{name}"', "the id is used twice", "Give each its own id.")
    for question in quiz.questions:
        yield from question_findings(file, question)


def question_findings(file: str, question: Question) -> Iterator[Finding]:
    """Problems of one question: its id, choices, key and explanation."""
    where = f'question "{question.id}"'
    if not SLUG.fullmatch(question.id):
        yield Finding(file, where, "the id is not a slug", "Use a-z, 0-9 and single hyphens.")
    texts = [normalised(choice.text) for choice in question.choices]
    if normalised(question.explanation) in texts:
        problem = "the explanation repeats a choice"
        yield Finding(file, where, problem, "Say why the answer is right and the others are not.")
    if question.kind == "true_false":
        return
    for text in repeated(Counter(texts)):
        problem = f'two choices say "{text}"'
        yield Finding(file, where, problem, "Give each choice its own text.")
    for choice in question.choices:
        if POINTS_AT_OTHERS.fullmatch(normalised(choice.text)):
            place = f'{where}, choice "{choice.id}"'
            problem = f'"{choice.text}" points at other choices'
            yield Finding(file, place, problem, "Write a choice that stands on its own.")
    yield from _choice_ids(file, where, question)
    yield from _key(file, where, question)


def course_findings(
    placed: Sequence[Placed], topics: Iterable[tuple[str, str]]
) -> Iterator[Finding]:
    """Problems that show only over the whole course; `topics` are pairs of file and topic id."""
    yield from _shared("video", [(file, video.id) for file, video in placed])
    yield from _shared("topic", topics)
    yield from _shared_stems(placed)
    questions = [q for _, video in placed if video.quiz for q in video.quiz.questions]
    yield from balance_findings(questions)


def balance_findings(questions: Sequence[Question]) -> Iterator[Finding]:
    """Patterns by which a learner could guess: a favourite letter, the length, "true"."""
    single = [q for q in questions if q.kind == "single" and len(q.key) == 1]
    if len(single) >= MIN_FOR_BALANCE:
        for letter, count in sorted(Counter(q.key[0] for q in single).items()):
            if count > 0.4 * len(single):
                problem = f'"{letter}" is right in {count} of {len(single)}'
                remedy = "Give the right choices other letters, at most 40 % each."
                yield Finding("course", "single-choice questions", problem, remedy)
        for name, pick in (("longest", max), ("shortest", min)):
            count = sum(len(_right_text(q)) == pick(len(c.text) for c in q.choices) for q in single)
            if count >= 0.4 * len(single):
                problem = f"the {name} choice is right in {count} of {len(single)}"
                remedy = "Bring the lengths of the choices closer together, to below 40 %."
                yield Finding("course", "single-choice questions", problem, remedy)
    binary = [q for q in questions if q.kind == "true_false"]
    true = sum(q.key == ("true",) for q in binary)
    if len(binary) >= MIN_FOR_BALANCE and not 0.4 * len(binary) <= true <= 0.6 * len(binary):
        problem = f"{true} of {len(binary)} are true"
        remedy = "Turn some statements round, so that 40 to 60 % are true."
        yield Finding("course", "true/false questions", problem, remedy)


def repeated(counts: Counter[str]) -> list[str]:
    """What was counted more than once."""
    return [name for name, count in counts.items() if count > 1]


def _right_text(question: Question) -> str:
    return next(choice.text for choice in question.choices if choice.id in question.key)


def _count(file: str, where: str, texts: Sequence[str], low: int, high: int) -> Iterator[Finding]:
    if not low <= len(texts) <= high:
        yield Finding(file, where, f"has {len(texts)} entries", f"Write {low} to {high}.")


def _channel(file: str, video: Video, channels: Collection[str] | None) -> Iterator[Finding]:
    # A file is the company's own; a channel can only be mistaken at a provider.
    if channels is None or video.provider == "file" or video.channel in channels:
        return
    known = ", ".join(sorted(channels))
    problem = f'"{video.channel}" is not a trusted channel'
    yield Finding(file, "channel", problem, f"Choose a video of one of these: {known}.")


def _moments(file: str, video: Video, quiz: Quiz) -> Iterator[Finding]:
    limit = video.duration or LONGEST_VIDEO
    for question in quiz.questions:
        if question.at is not None and question.at >= limit:
            problem = f"at is second {question.at}, the video ends at {limit}"
            where = f'question "{question.id}"'
            yield Finding(file, where, problem, "Name a moment within the video, or leave at out.")


def _choice_ids(file: str, where: str, question: Question) -> Iterator[Finding]:
    for name in repeated(Counter(choice.id for choice in question.choices)):
        problem = f'the choice id "{name}" is used twice'
        yield Finding(file, where, problem, "Give each choice its own letter.")
    for choice in question.choices:
        if not LETTER.fullmatch(choice.id):
            problem = f'the choice id "{choice.id}" is not a letter'
            yield Finding(file, where, problem, "Use one letter from a to z.")
    if len(question.choices) < 2:
        problem = f"has {len(question.choices)} choices"
        yield Finding(file, where, problem, "Write at least two.")


def _key(file: str, where: str, question: Question) -> Iterator[Finding]:
    right, total = len(question.key), len(question.choices)
    if question.kind == "single" and right != 1:
        yield Finding(
            file, where, f"{right} choices are right", "Mark exactly one with right=true."
        )
    elif question.kind == "multiple" and not 0 < right < total:
        remedy = "Mark at least one with right=true, and leave at least one wrong."
        yield Finding(file, where, f"{right} of {total} choices are right", remedy)
    elif question.kind == "ordering" and all(a < b for a, b in pairwise(question.key)):
        problem = "the ids in the right order are alphabetical and give it away"
        yield Finding(file, where, problem, "Deal the letters out in another order.")


def _shared(what: str, named: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    files: dict[str, list[str]] = defaultdict(list)
    for file, name in named:
        files[name].append(file)
    for name, places in files.items():
        for file in places[1:]:
            problem = f"the {what} id is also used in {places[0]}"
            yield Finding(file, f'{what} "{name}"', problem, "Give one of them another id.")


def _shared_stems(placed: Sequence[Placed]) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for file, video in placed:
        for question in video.quiz.questions if video.quiz else ():
            where = f'question "{question.id}"'
            earlier = first.setdefault(normalised(question.text), f"{file}, {where}")
            if earlier != f"{file}, {where}":
                problem = f"the same question stands in {earlier}"
                yield Finding(file, where, problem, "Ask something else or remove one of them.")
