"""What docs/SETTINGS.md and .env.example say of each setting, made from where it is declared.

python -m tests.unit.config.settings_docs      writes both files
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from itertools import pairwise

from portal.config import settings
from portal.config.environment import Setting
from portal.config.settings import SETTINGS
from tests.support import ROOT

DOCUMENT = ROOT / "docs" / "SETTINGS.md"
EXAMPLE = ROOT / ".env.example"
TABLE = re.compile(
    r"(?<=\n\| name \| default \| meaning \|\n\|---\|---\|---\|\n).+?(?=\n\n)", re.DOTALL
)
HEAD = """\
# Copy to .env. It is read while developing, that is when APP_ENV=development is set in the
# environment itself; the environment wins, then .env.local, then .env. Empty counts as not set.
# Each secret can instead be given as NAME_FILE, the path of a file that holds it.
# docs/SETTINGS.md says more about each.
"""
VALUES = {"DATABASE_URL": "postgresql://postgres:postgres@localhost:5432/claude_training"}


def sentences() -> dict[str, str]:
    """Returns what stands below each field of Settings, by the name of the field."""
    tree = ast.parse(inspect.getsource(settings))
    declared = next(
        node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Settings"
    )
    found = {}
    for field, below in pairwise(declared.body):
        if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr):
            assert isinstance(field.target, ast.Name)
            assert isinstance(below.value, ast.Constant)
            found[field.target.id] = " ".join(str(below.value.value).split())
    return found


def meaning(setting: Setting) -> str:
    """Returns the sentences about a setting, with its bounds."""
    bounds = f" From {setting.low} to {setting.high}." if setting.high else ""
    return sentences()[setting.field] + bounds


def document() -> str:
    """Returns the text of docs/SETTINGS.md, with its table made anew."""
    rows = [
        f"| `{setting.name}` | {f'`{setting.default}`' if setting.default else '–'}"
        f" | {meaning(setting).removesuffix('.')} |"
        for setting in SETTINGS
    ]
    return TABLE.sub(lambda _: "\n".join(rows), DOCUMENT.read_text(encoding="utf-8"))


def example() -> str:
    """Returns the text of .env.example."""
    parts = [HEAD]
    for setting in SETTINGS:
        said = textwrap.wrap(
            meaning(setting).replace("`", "").removesuffix("."), 98, break_on_hyphens=False
        )
        lines = [*(f"# {line}" for line in said)]
        lines.append(f"{setting.name}={VALUES.get(setting.name, setting.default)}")
        if setting.secret:
            lines.append(f"# {setting.file_name}=/run/secrets/{setting.name.lower()}")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def main() -> None:
    DOCUMENT.write_text(document(), encoding="utf-8")
    EXAMPLE.write_text(example(), encoding="utf-8")


if __name__ == "__main__":
    main()
