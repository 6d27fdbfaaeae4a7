"""Pages of a long list: which ones there are to go to. Pure."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from portal.web.formats import number

PER_PAGE = 50


class PageLink(msgspec.Struct, frozen=True):
    """A page to go to; without a number, the ones left out."""

    number: int | None
    href: str = ""
    current: bool = False


class Pages(msgspec.Struct, frozen=True, kw_only=True):
    """What the pager shows. `number` is None where no page of the list is shown."""

    number: int | None
    count: int
    range: str
    links: list[PageLink]
    previous: str | None
    next: str | None


def page_count(total: int) -> int:
    return -(-total // PER_PAGE)


def lines_of(page: int) -> tuple[int, int]:
    """Returns the first and the last line of a page."""
    return PER_PAGE * (page - 1) + 1, PER_PAGE * page


def pages_of(total: int, page: int | None, address: Callable[[int], str]) -> Pages:
    """Returns the pages of a list around the one shown; `address` is that of a page."""
    count = page_count(total)
    first, last = lines_of(page or 1)
    near = {1, count, *range((page or 1) - 1, (page or 1) + 2)}
    links: list[PageLink] = []
    for each in sorted(near & set(range(1, count + 1))):
        if links and each > (links[-1].number or 0) + 1:
            links.append(PageLink(None))
        links.append(PageLink(each, address(each), each == page))
    return Pages(
        number=page,
        count=count,
        range=f"{number(first)}–{number(min(last, total))} of {number(total)}",
        links=links,
        previous=address(page - 1) if page and page > 1 else None,
        next=address(page + 1) if page and page < count else None,
    )
