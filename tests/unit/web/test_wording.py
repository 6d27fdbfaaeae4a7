"""What the portal says on its pages is set as a book is: with ’, never with the straight one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import portal

ROOT = Path(portal.__file__).parent
TEMPLATES = sorted((ROOT / "web/templates").rglob("*.html"))
# Of the packages with pages, what speaks to programs, operators and authors of courses instead.
TO_OTHERS = {"api.py", "openapi.py"}
MODULES = sorted(
    path
    for package in (
        "accounts",
        "dashboard",
        "leaderboard",
        "learning",
        "manager",
        "people",
        "profile",
        "quiz",
        "scoring",
        "search",
        "web",
    )
    for path in (ROOT / package).glob("*.py")
    if path.name not in TO_OTHERS
)
STRAIGHT = re.compile(r"[^\W\d_]'[^\W\d_]")


def sentences(path: Path) -> Iterator[str]:
    """The texts of a module that are no docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node.value


def test_no_straight_apostrophe_in_a_template() -> None:
    assert len(TEMPLATES) > 20
    for path in TEMPLATES:
        text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert STRAIGHT.findall(text) == [], path


def test_no_straight_apostrophe_in_a_sentence() -> None:
    assert len(MODULES) > 70
    found = [(path.name, s) for path in MODULES for s in sentences(path) if STRAIGHT.search(s)]
    assert found == []
