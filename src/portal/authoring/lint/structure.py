"""What is wrong with a course, and what to do about it: ids, numbers, references and keys.

Each rule looks at compiled values, is pure, and yields every problem it sees. Patterns over many
questions are the business of `guessing`, the wording that of `wording`.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise

from portal.authoring.problems import TO_DO, Problem
from portal.authoring.references import FORMS, is_reference, reference
from portal.learning.course import Question, Quiz, Step, Video
from portal.web.formats import plural

SHORTEST_VIDEO, LONGEST_VIDEO = 10, 3 * 60 * 60

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LETTER = re.compile(r"[a-z]")
REFERENCES = {
    "youtube": "the 11 characters after watch?v=",
    "vimeo": "the number of the video, or number/hash",
    "file": "a relative path that ends in .mp4 or .webm",
}


Placed = tuple[str, Video]
# A question and the file that it stands in.
Asked = tuple[str, Question]


def asked_in(placed: Iterable[Placed]) -> list[Asked]:
    """Returns all questions of the videos with the files that they stand in, in their order."""
    return [(file, q) for file, video in placed if video.quiz for q in video.quiz.questions]


def step_problems(file: str, step: Step, number: int) -> Iterator[Problem]:
    """Finds problems of a step itself; `number` is its place in the course, from 1."""
    if step.id != str(number):
        yield Problem(file, "id", f'is "{step.id}"', f'Set id = "{number}" as in the folder name.')
    yield from _count_problems(file, "objectives", step.objectives, 2, 4)
    yield from _count_problems(file, "practice", step.practice, 2, 4)
    for topic in step.topics:
        where = f'topic "{topic.id}"'
        if not SLUG.fullmatch(topic.id):
            yield Problem(file, where, "the id is not a slug", "Use a-z, 0-9 and single hyphens.")
    if not step.topics:
        yield Problem(file, "topics", "there is none", "Add a [[topics]] table with videos.")


def video_problems(file: str, video: Video, channels: Collection[str] | None) -> Iterator[Problem]:
    """Finds problems of one video and its quiz. Any channel will do when `channels` is None."""
    if not SLUG.fullmatch((video.id, *video.aliases)[-1]):
        yield Problem(file, "", "the file name is not a slug", "Use a-z, 0-9 and single hyphens.")
    if not is_reference(video.provider, video.ref) and not video.ref.startswith(TO_DO):
        problem = f'"{video.ref}" is no {video.provider} reference'
        yield Problem(file, "ref", problem, _wanted_reference(video))
    yield from _channel_problems(file, video, channels)
    if video.duration is not None and not SHORTEST_VIDEO <= video.duration <= LONGEST_VIDEO:
        problem = f"{video.duration} seconds is not a plausible length"
        yield Problem(file, "duration", problem, 'Write minutes and seconds as in "4:22".')
    yield from _count_problems(file, "objectives", video.objectives, 1, 3)
    if video.quiz:
        for question in video.quiz.questions:
            yield from question_problems(file, question)
        yield from _moment_problems(file, video, video.quiz)


def _wanted_reference(video: Video) -> str:
    """Returns what to write instead; for an address, what it says."""
    meant = reference(video.ref)
    if meant:
        return f'Write provider = "{meant[0]}" and ref = "{meant[1]}".'
    form = f"Write {REFERENCES[video.provider]}."
    return f"{form} {FORMS}." if "://" in video.ref else form


def alias_problems(file: str, place: str, name: str, aliases: Sequence[str]) -> Iterator[Problem]:
    """Finds former names that are no names, or are still the present one."""
    where = f"{place}, aliases" if place else "aliases"
    for alias in aliases:
        if not SLUG.fullmatch(alias):
            problem = f'"{alias}" is not a slug'
            yield Problem(file, where, problem, "Write the id as it was.")
        elif alias == name:
            problem = f'"{alias}" is the present id'
            yield Problem(file, where, problem, "List former ids only, the first one first.")


def size_problems(file: str, count: int, at_least: int, *, required: bool) -> Iterator[Problem]:
    """Whether a video has enough questions; without any it is only still to do, if not required."""
    remedy = f"Write at least {at_least}."
    if count:
        if count < at_least:
            yield Problem(file, "questions", f"the quiz has {count}", remedy)
    elif at_least:
        yield Problem(file, "questions", "there is no quiz yet", remedy, to_do=not required)


def question_id_problems(file: str, names: Iterable[Iterable[str]]) -> Iterator[Problem]:
    """Finds ids that two questions of a quiz have or had; `names` has those of each question."""
    for name in repeated(Counter(name for of_one in names for name in set(of_one))):
        yield Problem(file, f'question "{name}"', "the id is used twice", "Give each its own id.")


def question_problems(file: str, question: Question) -> Iterator[Problem]:
    """Finds problems of one question: its id, choice ids and key."""
    where = f'question "{question.id}"'
    if not SLUG.fullmatch(question.id):
        yield Problem(file, where, "the id is not a slug", "Use a-z, 0-9 and single hyphens.")
    if question.kind != "true_false":
        yield from _choice_id_problems(file, where, question)
        yield from _key_problems(file, where, question)


def course_problems(
    placed: Sequence[Placed], topics: Iterable[tuple[str, str]]
) -> Iterator[Problem]:
    """Finds names used twice in the whole course; `topics` are pairs of file and topic id."""
    names = [(file, name) for file, video in placed for name in (video.id, *video.aliases)]
    yield from _shared_id_problems("video", names)
    yield from _shared_id_problems("topic", topics)
    first: dict[tuple[str, str], Placed] = {}
    for file, video in placed:
        earlier, known = first.setdefault((video.provider, video.ref), (file, video))
        if earlier != file and known.id != video.id and not video.ref.startswith(TO_DO):
            problem = f"the same video stands in {earlier}"
            yield Problem(file, "ref", problem, "Keep it once, or name another video.")


def repeated(counts: Counter[str]) -> list[str]:
    """Returns what was counted more than once."""
    return [name for name, count in counts.items() if count > 1]


def _count_problems(
    file: str, where: str, texts: Sequence[str], low: int, high: int
) -> Iterator[Problem]:
    if not low <= len(texts) <= high:
        yield Problem(
            file, where, f"has {plural(len(texts), 'entry', 'entries')}", f"Write {low} to {high}."
        )


def _channel_problems(
    file: str, video: Video, channels: Collection[str] | None
) -> Iterator[Problem]:
    # A file is the company's own; a channel can only be mistaken at a provider.
    if channels is None or video.provider == "file" or video.channel in channels:
        return
    if video.channel.startswith(TO_DO):
        return
    known = ", ".join(sorted(channels))
    problem = f'"{video.channel}" is not a trusted channel'
    yield Problem(file, "channel", problem, f"Choose a video of one of these: {known}.")


def _moment_problems(file: str, video: Video, quiz: Quiz) -> Iterator[Problem]:
    limit = video.duration or LONGEST_VIDEO
    for question in quiz.questions:
        if question.at is not None and question.at >= limit:
            problem = f"at is second {question.at}, the video ends at {limit}"
            where = f'question "{question.id}"'
            yield Problem(file, where, problem, "Name a moment within the video, or leave at out.")


def _choice_id_problems(file: str, where: str, question: Question) -> Iterator[Problem]:
    for name in repeated(Counter(choice.id for choice in question.choices)):
        problem = f'the choice id "{name}" is used twice'
        yield Problem(file, where, problem, "Give each choice its own letter.")
    for choice in question.choices:
        if not LETTER.fullmatch(choice.id):
            problem = f'the choice id "{choice.id}" is not a letter'
            yield Problem(file, where, problem, "Use one letter from a to z.")
    if len(question.choices) < 2:
        problem = f"has {plural(len(question.choices), 'choice')}"
        yield Problem(file, where, problem, "Write at least two.")


def _key_problems(file: str, where: str, question: Question) -> Iterator[Problem]:
    right, total = len(question.key), len(question.choices)
    if question.kind == "single" and right != 1:
        yield Problem(
            file, where, f"{right} choices are right", "Mark exactly one with right=true."
        )
    elif question.kind == "multiple" and not 0 < right < total:
        remedy = "Mark at least one with right=true, and leave at least one wrong."
        yield Problem(file, where, f"{right} of {total} choices are right", remedy)
    elif question.kind == "ordering" and all(a < b for a, b in pairwise(question.key)):
        problem = "the ids in the right order are alphabetical and give it away"
        yield Problem(file, where, problem, "Deal the letters out in another order.")


def _shared_id_problems(what: str, named: Iterable[tuple[str, str]]) -> Iterator[Problem]:
    files: dict[str, list[str]] = defaultdict(list)
    for file, name in named:
        files[name].append(file)
    for name, places in files.items():
        for file in places[1:]:
            problem = f"the {what} id is also used in {places[0]}"
            yield Problem(file, f'{what} "{name}"', problem, "Give one of them another id.")
