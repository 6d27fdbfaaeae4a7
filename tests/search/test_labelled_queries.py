"""What learners type leads them there: the target is among the first three results."""

from __future__ import annotations

import tomllib
from pathlib import Path

import httpx
import msgspec

from tests.support import COURSE


class Labelled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`target` is `video:` or `step:` with an id."""

    typed: str
    target: str
    misspelt: bool = False


QUERIES = msgspec.convert(
    tomllib.loads(Path(__file__).with_name("queries.toml").read_text(encoding="utf-8"))["query"],
    list[Labelled],
)


def test_the_set_is_whole() -> None:
    assert len(QUERIES) == 40
    assert sum(query.misspelt for query in QUERIES) == 10
    assert len({query.typed for query in QUERIES}) == 40
    for query in QUERIES:
        kind, _, known = query.target.partition(":")
        assert known in (COURSE.videos if kind == "video" else COURSE.steps_by_id), query
        assert kind in {"video", "step"}, query


async def test_the_target_is_among_the_first_three(alex: httpx.AsyncClient) -> None:
    missed = []
    for query in QUERIES:
        answer = (await alex.get("/api/search", params={"q": query.typed})).json()
        shown = [f"{r['kind']}:{r['id']}" for g in answer["groups"] for r in g["results"]]
        if query.target not in shown[:3]:
            missed.append((query.typed, shown[:3]))
        assert (answer["read"] is not None) == query.misspelt or not shown, query
    assert len(missed) <= 1, missed
