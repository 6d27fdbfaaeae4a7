"""A mail's two texts, from `web/templates/mail/`."""

from __future__ import annotations

from collections.abc import Callable

import msgspec


class Rendered(msgspec.Struct, frozen=True):
    text: str
    html: str


def rendered(render: Callable[..., str], template: str, content: object) -> Rendered:
    """Returns both forms of a mail: the templates `mail/NAME.txt` and `mail/NAME.html` with
    `mail` = content. They have to say the same."""
    return Rendered(
        text=render(f"mail/{template}.txt", mail=content),
        html=render(f"mail/{template}.html", mail=content),
    )
