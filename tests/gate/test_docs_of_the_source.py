"""What the documents say of the source is there: files, functions, packages, and their order."""

from __future__ import annotations

import ast
import re
import tomllib

import pytest

from tests.support import ROOT

SOURCE = ROOT / "src" / "portal"
PAGES = ("docs/ARCHITECTURE.md", "docs/WHERE.md", "docs/INTERFACE.md", "CONTRIBUTING.md")
# Names of a kind of file, and examples, stand for no file.
KINDS = {"tables.py", "rules.py", "queries.py", "actions.py", "pages.py", "api.py", "views.py"}
FILE = re.compile(r"`([\w./-]+\.(?:py|html|css|js|md))`")
ROOMS = (
    ROOT,
    SOURCE,
    SOURCE / "web",
    SOURCE / "web/static",
    SOURCE / "web/templates",
    ROOT / "tests",
    ROOT / "docs",
)


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_is_named_exists(page: str) -> None:
    names = {name for name in FILE.findall(text_of(page)) if name not in KINDS}
    assert names
    missing = [
        name
        for name in names
        if "thing" not in name
        and not any((room / name).exists() for room in ROOMS)
        and not ("/" not in name and list(SOURCE.rglob(name)))
    ]
    assert missing == []


def walks() -> list[tuple[str, str]]:
    """Returns the (file, function) pairs of the walks."""
    section = text_of("docs/ARCHITECTURE.md").partition("## Three walks")[2].partition("\n## ")[0]
    pairs = []
    file = ""
    for name in re.findall(r"`([\w./]+)`", section):
        if name.endswith(".py"):
            file = name
        elif name.rpartition(".")[2]:
            pairs.append((file, name))
    return pairs


def names_in(file: str) -> set[str]:
    tree = ast.parse((SOURCE / file).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


def test_every_function_of_the_walks_is_where_they_say() -> None:
    pairs = walks()
    assert len(pairs) > 15
    for file, name in pairs:
        module, _, function = name.rpartition(".")
        places = [file]
        if module:  # `queries.thing` of the same package, or a class of the file itself
            places = [f"{file.partition('/')[0]}/{module}.py", file]
        known = [place for place in places if (SOURCE / place).exists()]
        assert any(function in names_in(place) for place in known), (file, name)


def test_the_layout_names_every_package() -> None:
    layout = text_of("docs/ARCHITECTURE.md").partition("## Layout")[2].partition("```\n\n")[0]
    packages = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert {name for name in packages if f"{name}/" not in layout} == set()


def test_the_order_of_imports_is_the_gate_s() -> None:
    told = text_of("docs/ARCHITECTURE.md").partition("without an exception: ")[2].partition(". ")[0]
    floors = [set(re.findall(r"\w+", floor)) for floor in told.split("→")]
    contracts = tomllib.loads(text_of("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    layers = next(c for c in contracts if c["type"] == "layers")
    assert "ignore_imports" not in layers
    kept = [set(re.findall(r"\w+", layer)) for layer in layers["layers"]]
    assert floors == [floor for floor in kept if floor != {"__main__"}]


def test_no_room_is_too_large() -> None:
    """A package that holds a seventh of everything is more than one."""
    lines = {
        path.parent.name: sum(
            file.read_text(encoding="utf-8").count("\n") for file in path.parent.rglob("*.py")
        )
        for path in SOURCE.glob("*/__init__.py")
    }
    whole = sum(file.read_text(encoding="utf-8").count("\n") for file in SOURCE.rglob("*.py"))
    assert {name: size for name, size in lines.items() if size > 0.15 * whole} == {}
