"""Static files, held in memory under an address that changes with their content."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from portal.errors import NotFound
from portal.web.site import Req

STATIC = Path(__file__).parent / "static"
TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".webmanifest": "application/manifest+json",
}
YEAR = "public, max-age=31536000, immutable"


class Asset(msgspec.Struct):
    """One file. `packed` is its gzip form, made at the first request that can use it."""

    body: bytes
    kind: str
    etag: str
    packed: bytes | None = None


class Assets:
    """All files below `static/`, under one release hash, so that modules can import each other."""

    def __init__(self, folder: Path) -> None:
        self._files: dict[str, Asset] = {}
        release = hashlib.sha256()
        for path in sorted(folder.rglob("*")):
            kind = TYPES.get(path.suffix)
            if kind is None or not path.is_file():
                continue
            body = path.read_bytes()
            name = path.relative_to(folder).as_posix()
            release.update(name.encode() + b"\0" + body)
            digest = hashlib.sha256(body).hexdigest()[:16]
            self._files[name] = Asset(body=body, kind=kind, etag=f'"{digest}"')
        self.release = release.hexdigest()[:12]

    def url(self, name: str) -> str:
        """Returns the address of a file; `KeyError` for a name that does not exist."""
        self._files[name]
        return f"/static/{self.release}/{name}"

    def find(self, name: str) -> Asset | None:
        return self._files.get(name)


@cache
def shipped() -> Assets:
    """Returns the portal's own files."""
    return Assets(STATIC)


@get("/static/{release:str}/{name:path}", opt={"who": "public"}, include_in_schema=False)
async def static_file(
    request: Req, release: FromPath[str], name: FromPath[Path]
) -> Response[bytes]:
    """Cached for ever under the current release; an older address still works, but is not kept,
    because during a rollout a page of one release may ask a replica of another."""
    assets = shipped()
    asset = assets.find(name.as_posix().lstrip("/"))
    if asset is None:
        raise NotFound("No file at this address.")
    headers = {
        "cache-control": YEAR if release == assets.release else "no-cache",
        "etag": asset.etag,
        "vary": "accept-encoding",
    }
    if asset.etag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers, media_type=asset.kind)
    body = asset.body
    if len(body) > 512 and "gzip" in request.headers.get("accept-encoding", ""):
        if asset.packed is None:
            asset.packed = gzip.compress(asset.body, mtime=0)
        body = asset.packed
        headers["content-encoding"] = "gzip"
    return Response(body, headers=headers, media_type=asset.kind)
