"""HTML and Markdown in texts that authors bring along, as plain text, and what gets lost by that.

Only what is a tag of HTML is taken for one: "a < b and c > d" is a comparison, `List<String>` is
code, and "the tag <b>" that nothing closes is what the text is about. They stay as they are.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

Kind = Literal["moodle", "html", "plain", "markdown"]

_INLINE = """
a abbr acronym audio b bdi bdo big canvas cite code data del dfn em embed font i iframe img ins kbd
label map mark math meter nobr object output picture progress q rp rt ruby s samp script small span
strike strong style sub sup svg time tt u var video wbr
"""
_BLOCKS = """
address area article aside blockquote body br button caption center col colgroup datalist dd details
dialog dir div dl dt fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head
header hgroup hr html input legend li link main marquee menu meta nav noframes noscript ol optgroup
option p param pre search section select source summary table tbody td template textarea tfoot th
thead title tr track ul
"""
INLINE = frozenset(_INLINE.split())
NAMES = INLINE | frozenset(_BLOCKS.split())
_VOID = "area br col embed frame hr img input link meta param source track wbr"
VOID = frozenset(_VOID.split())
# Attributes without a value. Other words within < and > are those of a sentence.
_BARE = (
    "allowfullscreen|async|autoplay|checked|compact|controls|default|defer|disabled|download|hidden"
    "|ismap|loop|multiple|muted|nowrap|open|playsinline|readonly|required|reversed|selected"
)
_VALUE = r"""[A-Za-z_:@][\w:.-]*\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+)"""
TAG = re.compile(
    rf"<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9]*)(?P<rest>(?:\s+(?:{_VALUE}|(?i:{_BARE})))*)\s*/?>"
)
ATTRIBUTE = re.compile(r"""([\w:@.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+))""")
UNSAID = re.compile(
    r"<!--.*?-->|<(?P<name>style|script)\b[^<>]*>.*?</(?P=name)\s*>", re.DOTALL | re.IGNORECASE
)
FORMULA = re.compile(r"\\\(.+?\\\)|\\\[.+?\\\]|\$\$.+?\$\$", re.DOTALL)
PICTURE = re.compile(r"!\[(?P<text>[^\]]*)\]\((?P<to>[^()\s]*)[^()]*\)")
LINK = re.compile(r"\[(?P<text>[^\]]*)\]\((?P<to>[^()\s]+)[^()]*\)")
EMPHASIS = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1|`([^`\n]+)`")

RAISED = str.maketrans("0123456789+-=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ")
LOWERED = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")
SCRIPT = re.compile(r"<(su[pb])>([^<>]*)</\1>", re.IGNORECASE)

IN_WORDS = "Put in words what is needed of it."
MEDIA = {
    "img": "a picture",
    "svg": "a drawing",
    "canvas": "a drawing",
    "audio": "a sound",
    "video": "a video",
    "iframe": "a page within the page",
    "frame": "a page within the page",
    "embed": "an embedded file",
    "object": "an embedded file",
}
CHANGED = {
    "table": "a table becomes a line of text",
    "pre": "lines of code become one line",
    "math": "a formula becomes plain text",
    "sup": "raised text becomes plain text",
    "sub": "lowered text becomes plain text",
    "del": "text that is struck out becomes plain text",
    "s": "text that is struck out becomes plain text",
    "strike": "text that is struck out becomes plain text",
}


class Omission(NamedTuple):
    """What a text had and plain text has not; `offset` is its place in the text. `problem` is a
    clause, `remedy` a sentence."""

    offset: int
    problem: str
    remedy: str


def plain_text(text: str, kind: Kind = "moodle") -> tuple[str, list[Omission]]:
    """Returns a text as one line without tags and entities, and what was lost.

    `kind` says what it was written in: in HTML every tag is one, in Moodle's own format those that
    are closed, in plain text none.
    """
    if kind == "plain":
        return " ".join(text.split()), []
    lost = list(_formula_omissions(text))
    if kind == "markdown":
        lost += [_media_omission(m.start(), "a picture", m["to"]) for m in PICTURE.finditer(text)]
        text = _blanked(PICTURE, text)
        lost += [_link_omission(match.start(), match["to"]) for match in LINK.finditer(text)]
    text = SCRIPT.sub(_raised_or_lowered, _blanked(UNSAID, text))
    tags = _html_tags(text)
    if kind != "html":
        tags = list(_closed_tags(tags))
    lost += _omitted_tags(tags)
    readable = _text_between(tags, text)
    if kind == "markdown":
        readable = LINK.sub(lambda match: match["text"], readable)
        readable = EMPHASIS.sub(lambda match: match[2] or match[3], readable)
    return " ".join(html.unescape(readable).split()), sorted(lost)


def has_tags(text: str) -> bool:
    """Whether a text of an unknown kind is HTML: it has a tag that is closed, or needs not be."""
    return any(_closed_tags(_html_tags(text)))


def without_tags(text: str) -> str:
    """Returns the text without the tags of HTML, and with everything else."""
    return _text_between(_html_tags(text), text)


def _html_tags(text: str) -> list[re.Match[str]]:
    return [match for match in TAG.finditer(text) if match["name"].lower() in NAMES]


def _text_between(tags: list[re.Match[str]], text: str) -> str:
    """Returns what is between the tags; where a block begins or ends, the words are apart."""
    parts, end = list[str](), 0
    for tag in tags:
        parts += [text[end : tag.start()], "" if tag["name"].lower() in INLINE else " "]
        end = tag.end()
    return "".join((*parts, text[end:]))


def _closed_tags(tags: list[re.Match[str]]) -> Iterator[re.Match[str]]:
    """Yields the tags that have their counterpart, or need none."""
    opened: dict[str, list[int]] = {}
    paired: set[int] = set()
    for place, tag in enumerate(tags):
        name = tag["name"].lower()
        if name in VOID or tag[0].endswith("/>"):
            paired.add(place)
        elif not tag["end"]:
            opened.setdefault(name, []).append(place)
        elif opened.get(name):
            paired |= {opened[name].pop(), place}
    return (tag for place, tag in enumerate(tags) if place in paired)


def _omitted_tags(tags: list[re.Match[str]]) -> Iterator[Omission]:
    for tag in tags:
        name = tag["name"].lower()
        if tag["end"]:
            continue
        values = {key.lower(): a or b or c for key, a, b, c in ATTRIBUTE.findall(tag["rest"])}
        if name in MEDIA:
            source = values.get("src") or values.get("data") or ""
            yield _media_omission(tag.start(), MEDIA[name], source)
        elif name == "a" and values.get("href"):
            yield _link_omission(tag.start(), values["href"])
        elif name in CHANGED:
            yield Omission(tag.start(), CHANGED[name], "Write it so that it can be read like this.")


def _media_omission(offset: int, what: str, source: str) -> Omission:
    named = f'{what} ("{source.rpartition("/")[2][:60]}")' if source else what
    return Omission(offset, f"{named} is left out", IN_WORDS)


def _link_omission(offset: int, target: str) -> Omission:
    remedy = "Write the address into the text, if it is needed."
    return Omission(offset, f'the target of a link ("{target[:120]}") is left out', remedy)


def _formula_omissions(text: str) -> Iterator[Omission]:
    for formula in FORMULA.finditer(text):
        problem = "a formula is shown as it is written"
        yield Omission(formula.start(), problem, "Write it in words or plain signs.")


def _blanked(pattern: re.Pattern[str], text: str) -> str:
    """Returns the text with blanks in place of what matches, so that places stay what they are."""
    return pattern.sub(lambda match: " " * len(match[0]), text)


def _raised_or_lowered(match: re.Match[str]) -> str:
    """Returns raised and lowered digits as characters of their own, or as they were."""
    signs = RAISED if match[1].lower() == "sup" else LOWERED
    if match[2] and all(ord(sign) in signs for sign in match[2]):
        # in a tag that says nothing, of the same length, so that places stay what they are
        return f"<b>{match[2].translate(signs)}</b    >"
    return match[0]
