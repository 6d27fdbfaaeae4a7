"""What the single server's dumps tell node_exporter. The script runs as it is, in other folders."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from tests.gate.deployed import read

SINCE = "portal_backup_since_timestamp_seconds"
LAST = "portal_backup_last_success_timestamp_seconds"


def run(folder: Path, *, dumps: bool = True) -> int:
    """Run `backup.sh now` where pg_dump works, or not; returns its exit code."""
    (folder / "backups").mkdir(exist_ok=True)
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    writes = 'for a; do case $a in --file=*) echo dump >"${a#--file=}" ;; esac; done'
    (tools / "pg_dump").write_text(f"#!/bin/sh\n{writes if dumps else 'exit 1'}\n")
    (tools / "pg_restore").write_text("#!/bin/sh\nexit 0\n")
    for tool in tools.iterdir():
        tool.chmod(0o755)
    script = re.sub(r"/(backups|metrics)\b", rf"{folder}/\1", read("vps/backup.sh"))
    done = subprocess.run(
        ["sh", "-s", "now"],
        input=script,
        env={"PATH": f"{tools}:{os.environ['PATH']}", "BACKUP_KEEP_DAYS": "14"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode


def told(folder: Path) -> dict[str, int]:
    lines = (folder / "metrics" / "portal_backup.prom").read_text().splitlines()
    pairs = (line.split() for line in lines if not line.startswith("#"))
    return {name: int(value) for name, value in pairs}


def test_a_dump_that_succeeds_is_told_of_and_one_that_fails_is_not(tmp_path: Path) -> None:
    (tmp_path / "metrics").mkdir()
    assert run(tmp_path) == 0
    (dump,) = (tmp_path / "backups").iterdir()
    first = told(tmp_path)
    assert first == {SINCE: first[SINCE], LAST: int(dump.stat().st_mtime)}
    os.utime(dump, (1_000_000, 1_000_000))
    dump.rename(dump.with_name("portal-20010101T000000Z.dump"))
    (tmp_path / "metrics" / "portal_backup.prom").write_text(f"{SINCE} 5\n{LAST} 1000000\n")
    assert run(tmp_path, dumps=False) == 1
    assert told(tmp_path) == {SINCE: 5, LAST: 1_000_000}
    assert run(tmp_path) == 0
    again = told(tmp_path)
    assert again[SINCE] == 5
    assert again[LAST] >= first[LAST]


def test_without_the_folder_a_dump_is_made_all_the_same(tmp_path: Path) -> None:
    assert run(tmp_path) == 0
    assert len(list((tmp_path / "backups").iterdir())) == 1
    assert not (tmp_path / "metrics").exists()
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "portal_backup.prom.part").mkdir()  # it cannot be written
    assert run(tmp_path) == 0
