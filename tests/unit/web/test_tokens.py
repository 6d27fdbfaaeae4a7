"""The design system keeps its promises: contrast, one place for colours, weight."""

import gzip
import re
from pathlib import Path

import pytest

import portal

WEB = Path(portal.__file__).parent / "web"
STATIC = WEB / "static"
MAILS = sorted((WEB / "templates" / "mail").glob("*.html"))
TEMPLATES = sorted(set((WEB / "templates").rglob("*.html")) - set(MAILS))
STYLES = sorted((STATIC / "css").glob("*.css"))
SCRIPTS = sorted((STATIC / "js").glob("*.js"))

PAIR = re.compile(r"--([\w-]+): light-dark\((#[0-9A-F]{6,8}), (#[0-9A-F]{6,8})\);")
PLAIN = re.compile(r"--([\w-]+): (#[0-9A-F]{6,8});")
HEX = re.compile(r"#[0-9a-fA-F]{3,8}\b")

TEXT = 4.5
SHAPE = 3.0
GROUNDS = ("canvas", "surface", "sunken", "raised")
FILLS = ("marker-soft", "good-soft", "bad-soft", "warn-soft")


def _tokens() -> str:
    return (STATIC / "css" / "tokens.css").read_text()


def _colours(theme: int) -> dict[str, str]:
    """Colour values by token; theme 0 is light, 1 is dark."""
    return {match[1]: match[2 + theme] for match in PAIR.finditer(_tokens())}


def _luminance(colour: str) -> float:
    """Relative luminance, 0 to 1, by the definition of WCAG 2.2."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    """Contrast ratio, 1 to 21, by the definition of WCAG 2.2."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _pairs() -> list[tuple[str, str, float]]:
    """Every foreground, the ground it may stand on, and the contrast it needs there."""
    pairs = [(text, ground, TEXT) for text in ("ink", "ink-2", "link") for ground in GROUNDS]
    pairs += [(text, fill, TEXT) for text in ("ink", "ink-2", "link") for fill in FILLS]
    pairs += [("ink-3", ground, TEXT) for ground in (*GROUNDS, "marker-soft")]
    for state in ("good", "bad", "warn"):
        pairs += [(state, ground, TEXT) for ground in ("canvas", "surface", "sunken")]
        pairs.append((state, f"{state}-soft", TEXT))
    pairs += [
        ("on-primary", "primary", TEXT),
        ("on-primary", "primary-hover", TEXT),
        ("on-marker", "marker", TEXT),
        ("on-bad", "bad", TEXT),
        ("on-stage", "stage", TEXT),
        ("on-stage-2", "stage", TEXT),
        ("stage", "on-stage", TEXT),
    ]
    pairs += [("edge", ground, SHAPE) for ground in GROUNDS]
    pairs += [("focus", ground, SHAPE) for ground in ("canvas", "surface", "sunken", *FILLS)]
    pairs += [("marker-edge", ground, SHAPE) for ground in ("canvas", "surface")]
    pairs += [
        (tick, ground, SHAPE)
        for tick in ("tick-none", "tick-seen")
        for ground in ("canvas", "surface")
    ]
    return pairs


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "ground", "needed"), _pairs())
def test_contrast(front: str, ground: str, needed: float, theme: int) -> None:
    colours = _colours(theme)
    assert _contrast(colours[front], colours[ground]) >= needed


def test_light_values_stand_in_where_a_browser_cannot_switch() -> None:
    fallback = _tokens().split("@supports not", 1)[1]
    assert dict(PLAIN.findall(fallback)) == _colours(0)


@pytest.mark.parametrize("path", [*STYLES, *SCRIPTS], ids=lambda path: path.name)
def test_colours_are_written_in_the_tokens_only(path: Path) -> None:
    if path.name != "tokens.css":
        assert not HEX.findall(path.read_text())


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_styles_scripts_or_colours(path: Path) -> None:
    source = path.read_text()
    assert not re.search(r"\sstyle\s*=|<style|\son[a-z]+\s*=|javascript:", source)
    assert not re.search(r"<script(?![^>]*\ssrc=)", source)
    colours = {value.upper() for value in re.findall(r"#[0-9a-fA-F]{6}\b", source)}
    assert colours <= {_colours(theme)["surface"] for theme in (0, 1)}


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.name)
def test_a_mail_brings_its_styles_along_and_nothing_else(path: Path) -> None:
    """Mail programs know no style sheet of ours; what they load from elsewhere tells who reads."""
    source = path.read_text()
    assert source.count("<style>") == 1
    assert not re.search(r"<(?:script|img|link|iframe|form)\b|@import|url\(|\son[a-z]+\s*=", source)
    light, dark = (set(_colours(theme).values()) for theme in (0, 1))
    assert {value.upper() for value in HEX.findall(source.partition("</style>")[2])} <= light
    switched = re.findall(r"prefers-color-scheme: dark.+?</style>", source, re.DOTALL)
    assert {value for part in switched for value in HEX.findall(part)} <= dark


def test_theme_colours_are_those_of_the_header() -> None:
    source = (WEB / "templates" / "base.html").read_text()
    metas = re.findall(r'name="theme-color" content="(.+?)" media', source)
    assert [set(re.findall(r"#\w{6}", meta)) for meta in metas] == [
        {_colours(0)["surface"], _colours(1)["surface"]}
    ] * 2


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_text_sizes_follow_the_reader(path: Path) -> None:
    assert not re.findall(r"font(?:-size)?:[^;]*\dpx", path.read_text())
    assert not re.findall(r"--(?:t\d|n\d|tab|kicker):[^;]*\dpx", path.read_text())


def test_every_token_in_use_is_defined() -> None:
    defined = set(re.findall(r"(--[\w-]+):", _tokens()))
    used = {name for path in STYLES for name in re.findall(r"var\((--[\w-]+)", path.read_text())}
    assert used <= defined


def test_pages_stay_light() -> None:
    def sheets(template: Path) -> list[str]:
        return re.findall(r"asset\('css/([\w-]+)\.css'\)", template.read_text())

    pages = {path: sheets(path) for path in TEMPLATES if path.name != "base.html"}
    common = sheets(WEB / "templates" / "base.html")
    linked = {*common, *(name for own in pages.values() for name in own)}
    assert linked == {path.stem for path in STYLES}
    for path, own in pages.items():
        styles = [(WEB / f"static/css/{name}.css").read_bytes() for name in (*common, *own)]
        weight = len(gzip.compress(b"".join(styles)))
        assert weight < 12_000, (path.name, weight)
    assert max(path.stat().st_size for path in SCRIPTS) < 8_000
