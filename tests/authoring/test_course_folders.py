"""Folders and files of a course as machines bring them: marks, encodings, links, and strangers."""

from __future__ import annotations

import codecs
import os
import shutil
from pathlib import Path

import pytest

from portal.authoring import textfiles
from portal.authoring.compiler import build, inspect, read_sources
from portal.authoring.loading import course_in
from portal.learning.course import Course, load_course
from tests.authoring.checking import check
from tests.learning.test_player_captions import EGGS, STEP, VTT
from tests.ops.command import run_portal, running
from tests.support import Database

EGGS_FILE = "01-kitchen/eggs.toml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A course of one video with captions."""
    root = tmp_path / "course"
    (root / "01-kitchen").mkdir(parents=True)
    (root / "media").mkdir()
    (root / "01-kitchen" / "step.toml").write_text(STEP, encoding="utf-8")
    (root / EGGS_FILE).write_text(EGGS.replace("CAPTIONS", "eggs.vtt"), encoding="utf-8")
    (root / "media" / "eggs.vtt").write_text(VTT, encoding="utf-8")
    (root / "course.toml").write_text('channels = ["Ours"]\n', encoding="utf-8")
    return root


def said(root: Path) -> list[tuple[str, str]]:
    return [(f.file, f.problem) for f in check(root)]


def notes(root: Path) -> list[str]:
    return [f.file for f in inspect(root) if f.note]


def mounted(source: Path, volume: Path) -> Path:
    """What Kubernetes makes of a ConfigMap or a projected volume: every entry is a link through
    `..data`, a link itself, into a folder with the time in its name."""
    real = volume / "..2026_02_24_12_00_00.123456789"
    shutil.copytree(source, real)
    (volume / "..data").symlink_to(real.name)
    for entry in real.iterdir():
        (volume / entry.name).symlink_to(f"..data/{entry.name}")
    return volume


def mounted_by_step(source: Path, volume: Path) -> Path:
    """The same with a volume for every folder."""
    volume.mkdir()
    shutil.copy(source / "course.toml", volume)
    for folder in ("01-kitchen", "media"):
        mounted(source / folder, volume / folder)
    return volume


@pytest.mark.parametrize("mount", [mounted, mounted_by_step])
def test_a_mounted_course_is_read_once(root: Path, tmp_path: Path, mount: object) -> None:
    assert callable(mount)
    volume = mount(root, tmp_path / "volume")
    assert [str(finding) for finding in inspect(volume)] == [str(f) for f in inspect(root)]
    course = course_in(volume)
    assert course.content_hash == read_sources(root).content_hash
    assert course.videos["eggs"].transcript


def test_a_link_to_a_mounted_course_is_that_course(root: Path, tmp_path: Path) -> None:
    volume = mounted(root, tmp_path / "volume")
    (tmp_path / "link").symlink_to(volume)
    assert course_in(tmp_path / "link").content_hash == read_sources(root).content_hash


async def test_the_portal_starts_with_a_mounted_course(
    root: Path, tmp_path: Path, database: Database
) -> None:
    """With a mark in a file, strangers beside the links, and captions behind a link."""
    eggs = root / EGGS_FILE
    eggs.write_text(eggs.read_text(encoding="utf-8"), encoding="utf-8-sig")
    volume = mounted(root, tmp_path / "volume")
    (volume / "README.md").write_text("# Ours")
    (volume / "__MACOSX").mkdir()
    with running("serve", url=database.url, SEED_DB="true", CONTENT_DIR=str(volume)) as server:
        await server.answers("/health/ready")
        async with server.browser() as learner:
            who = {"username": "alex", "password": "claude123"}
            assert (await learner.post("/api/auth/login", json=who)).status_code == 200
            steps = (await learner.get("/api/path")).json()["steps"]
            assert [step["title"] for step in steps] == ["Kitchen"]
            captions = await learner.get("/media/eggs.vtt")
            assert (captions.status_code, captions.text) == (200, VTT)
        assert "Traceback" not in server.output()


def test_hidden_folders_are_no_course(root: Path, tmp_path: Path) -> None:
    """A volume with the files of one step at its top has them a second time in `..data`."""
    volume = mounted(root / "01-kitchen", tmp_path / "volume")
    assert {problem for _, problem in said(volume)} == {
        "the file is not in a step folder",
        "there is no step folder",
    }
    with pytest.raises(Exception, match="there is no course"):
        course_in(volume)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_a_file_is_read_as_it_was_saved(root: Path, encoding: str, ends: str) -> None:
    before = read_sources(root).content_hash
    for file in ("course.toml", "01-kitchen/step.toml", EGGS_FILE):
        text = (root / file).read_text(encoding="utf-8").replace("\n", ends)
        mark = "\ufeff" if encoding == "utf-16-be" else ""
        (root / file).write_bytes((mark + text).encode(encoding))
    (root / "media" / "eggs.vtt").write_bytes(VTT.replace("\n", ends).encode("utf-8-sig"))
    assert said(root) == []
    assert read_sources(root).content_hash == before


def test_a_compiled_course_may_begin_with_a_mark(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "course.json"
    build(root, out)
    expected: Course = load_course(out)
    out.write_bytes(codecs.BOM_UTF8 + out.read_bytes())
    assert load_course(out).content_hash == expected.content_hash
    out.write_text(out.read_text(encoding="utf-8-sig"), encoding="utf-16")
    with pytest.raises(Exception, match=r"^course\.json: is not a compiled course"):
        load_course(out)


STRANGERS = [
    "README.md",
    "Thumbs.db",
    "desktop.ini",
    "eggs.toml~",
    "eggs.toml.bak",
    "eggs.yaml",
    "~$eggs.toml",
    "#eggs.toml#",
    "eggs (1).toml",
    "eggs(2).toml",
    "eggs - Copy.toml",
    "eggs - Copy (2).toml",
    "eggs copy.toml",
    "Copy of eggs.toml",
    ".DS_Store",
    ".eggs.toml.swp",
    "._eggs.toml",
]


@pytest.mark.parametrize("name", STRANGERS)
def test_what_nobody_wrote_as_a_lesson_is_named_and_left_out(root: Path, name: str) -> None:
    """Neither its words nor its bytes matter."""
    before = read_sources(root).content_hash
    (root / "01-kitchen" / name).write_bytes(b"\xff\xfe\x00[[[")
    (root / name).write_bytes(b"\xff\xfe\x00[[[")
    assert said(root) == []
    assert notes(root) == [f"01-kitchen/{name}", name] or notes(root) == [
        name,
        f"01-kitchen/{name}",
    ]
    assert read_sources(root).content_hash == before


def test_folders_of_programs_are_left_out(root: Path) -> None:
    for name in ("__MACOSX/01-kitchen", "notes", "01-kitchen/pictures", ".git/x", ".idea"):
        (root / name).mkdir(parents=True)
    (root / "__MACOSX" / "01-kitchen" / "eggs.toml").write_text("[")
    (root / ".git" / "x" / "eggs.toml").write_text("[")
    assert said(root) == []
    assert notes(root) == ["01-kitchen/pictures", "__MACOSX", "notes"]


def test_a_check_names_what_it_left_out(root: Path) -> None:
    (root / "01-kitchen" / "eggs (1).toml").write_text("")
    done = run_portal("", "content", "check", str(root))
    assert done.returncode == 0
    assert (
        "Note: 01-kitchen/eggs (1).toml: is no course file and is left out."
        " Delete it if nobody needs it." in done.stderr.splitlines()
    )
    assert done.stdout == "The course has no findings, 1 to do, 1 left out.\n"


def put_link(path: Path, target: str) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def put_folder(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


def test_a_file_that_cannot_be_read_is_told_in_a_sentence(root: Path, tmp_path: Path) -> None:
    """All of them at once: none keeps the others from being looked at."""
    folder = root / "01-kitchen"
    (tmp_path / "outside.toml").write_text("[secret")
    put_folder(root / "course.toml")
    put_folder(folder / "eggs.toml")
    (folder / "empty.toml").write_text(" \n")
    (folder / "latin.toml").write_bytes("title = 'Crêpes'".encode("latin-1"))
    (folder / "unmarked.toml").write_bytes("title = 'Crêpes'".encode("utf-16-le"))
    (folder / "damaged.toml").write_bytes(codecs.BOM_UTF16_LE + b"a\x00\x00\xd8b\x00")
    (folder / "deep.toml").write_text("a = " + "[" * 20_000)
    with (folder / "large.toml").open("wb") as file:
        file.truncate(textfiles.MAX_BYTES + 1)
    os.mkfifo(folder / "pipe.toml")
    put_link(folder / "circle.toml", "circle.toml")
    put_link(folder / "gone.toml", "nowhere.toml")
    put_link(folder / "outside.toml", "../../outside.toml")
    (folder / "Loud.TOML").write_text("")
    (root / "02-file").write_text("")
    put_link(root / "03-circle", "04-circle")
    put_link(root / "04-circle", "03-circle")
    put_link(root / "05-itself", ".")
    put_link(root / "06-gone", "nowhere")
    problems = dict(said(root))
    assert problems == {
        "course.toml": "the file is a folder, not a file",
        EGGS_FILE: "the file is a folder, not a file",
        "01-kitchen/empty.toml": "the file is empty",
        "01-kitchen/latin.toml": "the file is not UTF-8",
        "01-kitchen/unmarked.toml": "the file is not UTF-8",
        "01-kitchen/damaged.toml": "the file is damaged UTF-16",
        "01-kitchen/deep.toml": "is nested too deeply",
        "01-kitchen/large.toml": "the file is larger than 8 MB",
        "01-kitchen/pipe.toml": "the file is no ordinary file",
        "01-kitchen/circle.toml": "is a link that leads in a circle",
        "01-kitchen/gone.toml": "is a link to something that is not there",
        "01-kitchen/outside.toml": "is a link that leads out of the course",
        "01-kitchen/Loud.TOML": "is not named in small letters",
        "02-file": "is a file, not a folder",
        "03-circle": "is a link that leads in a circle",
        "04-circle": "is a link that leads in a circle",
        "05-itself": "is a link to a folder that holds it",
        "06-gone": "is a link to something that is not there",
    } | {f: p for f, p in problems.items() if p == "is in no topic"}
    assert not any("secret" in str(finding) for finding in check(root))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(root: Path) -> None:
    (root / EGGS_FILE).chmod(0)
    assert said(root)[0] == (EGGS_FILE, "the file may not be read by this user")


def test_a_step_file_in_capital_letters_is_no_second_video(root: Path) -> None:
    (root / "01-kitchen" / "step.toml").rename(root / "01-kitchen" / "Step.toml")
    assert ("01-kitchen/Step.toml", "is not named in small letters") in said(root)
    assert ("01-kitchen/step.toml", "the file is missing") in said(root)


def test_media_may_be_a_volume_of_their_own(root: Path, tmp_path: Path) -> None:
    (root / "media").rename(tmp_path / "films")
    (root / "media").symlink_to(tmp_path / "films")
    assert [str(finding) for finding in inspect(root) if not finding.to_do] == []
    put_link(tmp_path / "films" / "eggs.vtt", "../eggs.vtt")
    (tmp_path / "eggs.vtt").write_text(VTT, encoding="utf-8")
    assert said(root) == [(EGGS_FILE, "media/eggs.vtt is a link that leads out of media")]
    put_link(tmp_path / "films" / "eggs.vtt", "eggs.vtt")
    assert said(root) == [(EGGS_FILE, "media/eggs.vtt is a link that leads in a circle")]


def test_a_course_file_that_is_gone_is_told_once(root: Path) -> None:
    put_link(root / "course.toml", "nowhere.toml")
    problem = "the file is a link to something that is not there"
    assert said(root) == [("course.toml", problem)]


def test_a_folder_in_place_of_captions(root: Path) -> None:
    put_folder(root / "media" / "eggs.vtt")
    assert said(root) == [(EGGS_FILE, "media/eggs.vtt is a folder, not a file")]


def test_captions_in_utf_16_are_refused_because_players_read_them_too(root: Path) -> None:
    (root / "media" / "eggs.vtt").write_text(VTT, encoding="utf-16")
    assert said(root) == [(EGGS_FILE, "media/eggs.vtt is UTF-16, not UTF-8")]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("safety.GIFT", "Water is wet in a glass.{T}"),
        ("safety.json", '{"steps": [{"title": "Ü", "topics": [{"title": "T", "videos": [\n'
         '{"title": "V", "url": "x.mp4"}]}]}]}'),
    ],
)  # fmt: skip
def test_an_import_is_read_as_it_was_saved(
    tmp_path: Path, encoding: str, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text, encoding=encoding, newline="\r\n")
    done = run_portal("", "content", "import", str(tmp_path / name), "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr


def test_ids_of_a_marked_file_are_not_given_out_again(root: Path) -> None:
    path = root / "01-kitchen" / "step.toml"
    path.write_text(path.read_text(encoding="utf-8"), encoding="utf-8-sig")
    text = '{"steps": [{"title": "B", "topics": [{"title": "Cooking", "videos": [{"title": "V", '
    (root.parent / "b.json").write_text(text + '"url": "x.mp4"}]}]}]}')
    done = run_portal("", "content", "import", str(root.parent / "b.json"), "--out", str(root))
    assert done.returncode == 0, done.stderr
    assert 'id = "cooking-2"' in (root / "02-b" / "step.toml").read_text()


@pytest.mark.parametrize("name", ["course.toml", "01-kitchen/step.toml", EGGS_FILE])
def test_a_number_of_thousands_of_digits(root: Path, name: str) -> None:
    path = root / name
    path.write_text(f"duration = {'9' * 5_000}\n{path.read_text()}")
    assert (name, "has a number that is too long") in said(root)
    for command in (("check",), ("build", "--out", str(root / "x.json"))):
        done = run_portal("", "content", command[0], str(root), *command[1:])
        assert done.returncode == 1
        assert f"{name}: has a number that is too long. Shorten it." in done.stderr.splitlines()


@pytest.mark.parametrize("digits", ["٠١", "²", "0²", "０１"])
def test_a_step_is_numbered_in_ascii_digits(root: Path, digits: str) -> None:
    (root / "01-kitchen").rename(root / f"{digits}-kitchen")
    problem = "is step 1 of the course, but its name does not say so"
    assert (f"{digits}-kitchen", problem) in said(root)
