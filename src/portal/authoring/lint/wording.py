"""What is wrong with the wording of a course: copies, pointers, hard sentences, links and times."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, combinations
from urllib.parse import urlsplit

from portal.authoring.lint.readability import (
    grade_level,
    normalised,
    sentences,
    similarity,
    trigrams,
)
from portal.authoring.lint.structure import Asked
from portal.authoring.problems import Problem
from portal.learning.course import Choice, Question, Step, Video
from portal.learning.outline import TYPICAL_SECONDS
from portal.web.formats import plural

# Measured on the 372 questions of the shipped course: those that ask for different things stay
# below 0.81, choices of one question below 0.75, and an explanation shares less than 0.45 with a
# choice or the question. Whoever only swaps a word or two comes out above.
STEMS_ALIKE, CHOICES_ALIKE, COPIED = 0.85, 0.8, 0.7
# Of shorter choices every word tells: "two cups of rice", "ten cups of rice".
WORDS_TO_COMPARE = 5
# School years. Twelve of them end at the age of eighteen.
HARDEST_QUESTION, HARDEST_STEP = 14.0, 10.0

# A choice that points at the others is answered by logic, not by knowledge, and choices are
# shuffled, so "above" would not even be true.
POINTS_AT_OTHERS = re.compile(
    r".*\b(all|none|any|both|neither)( of)? the above\b.*"
    r"|(all|none|any|both|neither|each|either) of (these|them|those|the (others?|rest|two)"
    r"|the (other )?(answers|choices|options|statements))( (is|are) (right|true|correct|wrong))?"
    r"|all (answers|choices|options)( are (right|true|correct))?"
    r"|(both |neither )?[a-f] (and|or|nor) [a-f]( are (right|true|correct))?",
)
LINK = re.compile(r"\b(?:https?:|www\.)\S+", re.IGNORECASE)
HOST = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
STATED = re.compile(r"\b([0-9]+(?:\.[0-9]+)?)[ -](minutes?|min|hours?|h)\b")


def question_text_problems(file: str, question: Question) -> Iterator[Problem]:
    """Finds choices that repeat or point at one another, and an explanation that explains
    nothing."""
    where = f'question "{question.id}"'
    explained = trigrams(question.explanation)
    if any(similarity(trigrams(c.text), explained) >= COPIED for c in question.choices):
        problem = "the explanation repeats a choice"
        yield Problem(file, where, problem, "Say why the answer is right and the others are not.")
    elif similarity(trigrams(question.text), explained) >= COPIED:
        problem = "the explanation repeats the question"
        yield Problem(file, where, problem, "Say why the answer is right and the others are not.")
    if question.kind == "true_false":
        return
    for one, other in combinations(question.choices, 2):
        if normalised(one.text) == normalised(other.text):
            problem = f'two choices say "{normalised(one.text)}"'
            yield Problem(file, where, problem, "Give each choice its own text.")
        elif _too_alike(one, other):
            problem = f'"{one.text}" and "{other.text}" are nearly the same'
            yield Problem(file, where, problem, "Let each choice be a mistake of its own.")
    for choice in question.choices:
        if POINTS_AT_OTHERS.fullmatch(normalised(choice.text)):
            place = f'{where}, choice "{choice.id}"'
            problem = f'"{choice.text}" points at other choices'
            yield Problem(file, place, problem, "Write a choice that stands on its own.")


def stem_problems(asked: Sequence[Asked]) -> Iterator[Problem]:
    """Finds questions that are asked twice in the course, word by word or nearly so."""
    seen: list[tuple[frozenset[str], str, str]] = []
    for file, question in asked:
        where = f'question "{question.id}"'
        stem, text = trigrams(question.text), normalised(question.text)
        for earlier, said, place in seen:
            # The sizes alone often tell that two texts cannot share enough.
            small, large = sorted((len(stem), len(earlier)))
            if 2 * small < STEMS_ALIKE * (small + large) or similarity(stem, earlier) < STEMS_ALIKE:
                continue
            same = "the same question" if said == text else "nearly the same question"
            remedy = "Ask something else or remove one of them."
            yield Problem(file, where, f"{same} stands in {place}", remedy)
            break
        seen.append((stem, text, f"{file}, {where}"))


def reading_problems(file: str, number: int, asked: Sequence[Asked]) -> Iterator[Problem]:
    """Finds English that is too hard, in one question of step `number` or over all of them.

    `file` is that of the step.
    """
    everything: list[str] = []
    for place, question in asked:
        said = list(_sentences_of(question))
        everything += said
        level = grade_level(said)
        if level > HARDEST_QUESTION:
            problem = f"takes {level:.0f} years of school to read"
            remedy = f"Use shorter sentences and words, for {HARDEST_QUESTION:.0f} years at most."
            yield Problem(place, f'question "{question.id}"', problem, remedy)
    level = grade_level(everything)
    if level > HARDEST_STEP:
        hardest = max(asked, key=lambda entry: grade_level(_sentences_of(entry[1])))
        problem = f"its questions take {level:.0f} years of school to read"
        remedy = (
            f"Shorten sentences to come down to {HARDEST_STEP:.0f};"
            f' the hardest is question "{hardest[1].id}" in {hardest[0]}.'
        )
        yield Problem(file, f"step {number}", problem, remedy)


def link_problems(file: str, where: str, texts: Iterable[str]) -> Iterator[Problem]:
    """Addresses of the web that cannot be opened as they are written."""
    for text in texts:
        for found in LINK.findall(text):
            link = found.rstrip(".,;:!?\"')")
            if not _is_link(link):
                remedy = "Write it in full, as in https://example.com/page."
                yield Problem(file, where, f'"{link}" is no usable address', remedy)


def video_link_problems(file: str, video: Video) -> Iterator[Problem]:
    """Finds unusable addresses in the texts of a video and its quiz."""
    yield from link_problems(file, "", (video.title, video.summary, *video.objectives))
    for question in video.quiz.questions if video.quiz else ():
        texts = (question.text, question.explanation, *(c.text for c in question.choices))
        yield from link_problems(file, f'question "{question.id}"', texts)


def time_problems(file: str, step: Step) -> Iterator[Problem]:
    """Finds times that the step or a topic states in figures, and that its videos do not take."""
    yield from _stated_time_problems(file, "summary", step.summary, step.videos)
    for topic in step.topics:
        yield from _stated_time_problems(
            file, f'topic "{topic.id}"', topic.description, topic.videos
        )


def _too_alike(one: Choice, other: Choice) -> bool:
    words = [normalised(choice.text).split() for choice in (one, other)]
    if min(map(len, words)) < WORDS_TO_COMPARE:
        return False
    # Figures are what such choices are about.
    figures = [[word for word in said if word.isdigit()] for said in words]
    return (
        figures[0] == figures[1]
        and similarity(trigrams(one.text), trigrams(other.text)) >= CHOICES_ALIKE
    )


def _sentences_of(question: Question) -> Iterator[str]:
    """Yields what a learner reads, in sentences; True and False are not counted."""
    choices = [] if question.kind == "true_false" else [c.text for c in question.choices]
    return chain(sentences(question.text), choices, sentences(question.explanation))


def _is_link(link: str) -> bool:
    try:
        parts = urlsplit(link)
        return parts.scheme == "https" and bool(HOST.fullmatch(parts.netloc))
    except ValueError:
        return False


def _stated_time_problems(
    file: str, where: str, text: str, videos: Sequence[Video]
) -> Iterator[Problem]:
    known = sum(video.duration or TYPICAL_SECONDS for video in videos) / 60
    for number, unit in STATED.findall(text):
        minutes = float(number) * (60 if unit.startswith("h") else 1)
        if abs(minutes - known) > max(2, known / 4):
            about = plural(max(1, round(known)), "minute")
            problem = f"says {number} {unit}, the videos take about {about}"
            yield Problem(file, where, problem, "Say how long they take, or leave the time out.")
