"""The documentation of the settings names what exists, all of it and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from portal.config.settings import SETTINGS, Settings
from tests.support import ROOT
from tests.unit.config import settings_docs

DOCUMENT = (ROOT / "docs" / "SETTINGS.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / ".env.example"
NAMES = [setting.name for setting in SETTINGS]
FILE_NAMES = [setting.file_name for setting in SETTINGS if setting.secret]
# What has no effect; tests/ops/test_surroundings.py tries all there are.
OTHERS = {"PGHOST", "PGUSER", "PGPASSWORD", "PGSSLMODE", "PGSERVICE", "PGOPTIONS", "PGSSLCERT"}
OTHERS |= {"SSLKEYLOGFILE"}


def test_both_files_are_made_from_the_declarations() -> None:
    """`python -m tests.unit.config.settings_docs` writes them."""
    assert settings_docs.document() == DOCUMENT
    assert EXAMPLE.read_text(encoding="utf-8") == settings_docs.example()


def test_every_setting_has_a_row_with_its_default() -> None:
    table = DOCUMENT.split("| name | default | meaning |")[1].split("\n\n")[0]
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.+?) \| .+ \|$", table, flags=re.MULTILINE)
    assert rows == [
        (setting.name, f"`{setting.default}`" if setting.default else "–") for setting in SETTINGS
    ]


def test_document_names_every_variable_and_no_other() -> None:
    defaults = {setting.default for setting in SETTINGS}
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)*)`", DOCUMENT)) - defaults
    assert named == {*NAMES, *FILE_NAMES, *OTHERS}


def test_example_names_every_variable_and_no_other() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert re.findall(r"^([A-Z_]+)=", text, flags=re.MULTILINE) == NAMES
    assert re.findall(r"^# ([A-Z_]+)=", text, flags=re.MULTILINE) == FILE_NAMES


def test_example_works_and_changes_no_default(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(EXAMPLE.read_bytes())
    url = "postgresql://postgres:postgres@localhost:5432/claude_training"
    environ = {"APP_ENV": "development"}
    assert Settings.from_env(environ, cwd=tmp_path) == Settings.from_env(
        environ | {"DATABASE_URL": url}, cwd=tmp_path / "nowhere"
    )


def test_every_setting_is_read() -> None:
    read = {setting.field for setting in SETTINGS}
    assert read | {"direct_problem"} == set(Settings.__struct_fields__)
    assert settings_docs.sentences().keys() == set(Settings.__struct_fields__)
