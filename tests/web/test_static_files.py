"""Static files: kept for ever under today's address, still there under yesterday's."""

from __future__ import annotations

import gzip
import re

import httpx
import pytest

from portal.web.assets import STATIC, Assets, shipped
from tests.web.markup import Page

FILES = sorted(
    path.relative_to(STATIC).as_posix()
    for path in STATIC.rglob("*")
    if path.is_file() and path.suffix in {".css", ".js", ".svg"}
)
KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
FOR_EVER = "public, max-age=31536000, immutable"


@pytest.fixture
def assets() -> Assets:
    return shipped()


async def test_every_file_is_kept_for_a_year(visitor: httpx.AsyncClient, assets: Assets) -> None:
    assert FILES
    for name in FILES:
        answer = await visitor.get(assets.url(name), headers={"accept-encoding": "identity"})
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == FOR_EVER
        assert answer.headers["content-type"] == KINDS[name[name.rindex(".") :]]
        assert answer.content == (STATIC / name).read_bytes()
        assert "set-cookie" not in answer.headers


async def test_an_unchanged_file_is_not_sent_again(
    visitor: httpx.AsyncClient, assets: Assets
) -> None:
    url = assets.url("css/base.css")
    etag = (await visitor.get(url)).headers["etag"]
    for header in (etag, f'"other", {etag}', f"W/{etag}"):
        answer = await visitor.get(url, headers={"if-none-match": header})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == etag
        assert answer.headers["cache-control"] == FOR_EVER
    for header in ('"0000000000000000"', ""):
        assert (await visitor.get(url, headers={"if-none-match": header})).status_code == 200


async def test_an_old_address_works_but_is_not_kept(
    visitor: httpx.AsyncClient, assets: Assets
) -> None:
    """During a rollout, a page of one release asks a replica of another."""
    current = await visitor.get(assets.url("js/shell.js"))
    old = await visitor.get("/static/000000000000/js/shell.js")
    assert (old.status_code, old.content) == (200, current.content)
    assert old.headers["cache-control"] == "no-cache"
    assert "immutable" not in old.headers["cache-control"]


def test_the_address_changes_with_any_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    releases = set()
    for css, js in (("a{}", "x"), ("b{}", "x"), ("a{}", "y")):
        folder = tmp_path_factory.mktemp("static")
        (folder / "a.css").write_text(css)
        (folder / "a.js").write_text(js)
        first, again = Assets(folder), Assets(folder)
        assert first.url("a.css") == again.url("a.css")
        releases.add(first.release)
    assert len(releases) == 3


async def test_large_text_is_packed_for_who_can_read_it(
    visitor: httpx.AsyncClient, assets: Assets
) -> None:
    url = assets.url("css/base.css")
    packed = await visitor.get(url, headers={"accept-encoding": "br;q=0.1, gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"].lower() == "accept-encoding"
    assert int(packed.headers["content-length"]) < len(packed.content)
    assert packed.content == (STATIC / "css/base.css").read_bytes()
    whole = await visitor.get(url, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in whole.headers
    assert whole.headers["vary"].lower() == "accept-encoding"
    raw = gzip.compress(packed.content, mtime=0)
    assert int(packed.headers["content-length"]) == len(raw)


async def test_nothing_but_the_files_can_be_read(
    visitor: httpx.AsyncClient, assets: Assets
) -> None:
    for name in (
        "",
        "css",
        "css/",
        "../app.py",
        "../../app.py",
        "%2e%2e/%2e%2e/app.py",
        "..%2f..%2fapp.py",
        "..%5c..%5capp.py",
        "css/../../templates/base.html",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "css/base.css%00",
        "CSS/BASE.CSS",
        "css/base.css~",
    ):
        answer = await visitor.get(
            httpx.URL(f"http://localhost:3000/static/{assets.release}/{name}")
        )
        assert answer.status_code == 404, name
        assert "def create_app" not in answer.text


async def test_pages_name_only_files_that_exist(visitor: httpx.AsyncClient, assets: Assets) -> None:
    page = Page(await visitor.get("/login"))
    named = [
        values.get("src") or values.get("href", "")
        for tag, values in page.tags
        if tag in ("script", "link")
    ]
    assert len(named) >= 5
    for url in named:
        assert url.startswith(f"/static/{assets.release}/")
        assert (await visitor.get(url)).status_code == 200


async def test_modules_import_each_other_within_their_release(
    visitor: httpx.AsyncClient, assets: Assets
) -> None:
    for name in FILES:
        if not name.endswith(".js"):
            continue
        url = httpx.URL(f"http://localhost:3000{assets.url(name)}")
        source = (await visitor.get(url)).text
        for target in re.findall(r"""(?:from|import)\s*\(?["']([^"']+)["']""", source):
            assert target.startswith("./"), f"{name} imports {target}"
            assert (await visitor.get(url.join(target))).status_code == 200
