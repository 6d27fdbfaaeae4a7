"""`portal content links`: asks about every video of the course, and keeps what is clear."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from portal.authoring import oembed
from portal.learning.course import Course
from portal.web.formats import plural


async def check_links(
    course: Course,
    say: Callable[[str], None],
    endpoints: Iterable[str] = (),
    *,
    site: str | None = None,
    seconds: float = oembed.TIMEOUT_SECONDS,
) -> int:
    """Print a line for every video that is refused or gave no clear answer; returns 1 when one is
    refused. `endpoints` are others than the providers' own, as `provider=address`.
    """
    known = oembed.endpoints_of(endpoints)
    answers = await oembed.ask_all(course.ordered, known, site=site, timeout_seconds=seconds)
    await oembed.keep(answers)
    refused = [answer for answer in answers if answer.refused]
    unclear = [answer for answer in answers if answer.refused is None]
    for answer in refused:
        place = "instead of" if answer.gone else "beside"
        say(f"{answer.video.id}: {answer.detail}. Learners get a link {place} the player.")
    for answer in unclear:
        say(f"{answer.video.id}: {answer.detail}. What was known before stays.")
    say(
        f"{plural(len(answers), 'video')} asked about: {len(refused)} refused,"
        f" {len(unclear)} without a clear answer."
    )
    return 1 if refused else 0
