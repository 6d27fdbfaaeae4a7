"""What a browser without script can do with a page: read it, follow links, send forms."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx

VOID = frozenset({"input", "link", "meta", "br", "img", "path", "rect", "circle"})


class PlainForm:
    """A form: the values that it would send as it stands, and what can be chosen in it. `owner` is
    the person for whom it says that its page was made, and is sent along."""

    def __init__(self, action: str, method: str) -> None:
        self.action = action
        self.method = method
        self.owner: str | None = None
        self.fields: dict[str, str | list[str]] = {}
        self.options: dict[str, list[str]] = {}
        self.kinds: dict[str, str] = {}


class Page(HTMLParser):
    """A page, parsed. `text` is what stands on it, with single spaces."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__(convert_charrefs=True)
        self.address = str(answer.url)
        self.source = answer.text
        self.forms: list[PlainForm] = []
        self.links: list[tuple[str, str]] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.title = ""
        self._text: list[str] = []
        self._link: tuple[str, list[str]] | None = None
        self._form: PlainForm | None = None
        self._in_title = False
        self.feed(answer.text)
        self.text = " ".join(" ".join(self._text).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.tags.append((tag, values))
        if tag == "a":
            self._link = (values.get("href", ""), [])
        elif tag == "form":
            self._form = PlainForm(values.get("action", ""), values.get("method", "get"))
            self.forms.append(self._form)
        elif tag == "title":
            self._in_title = True
        elif tag == "input" and self._form and "name" in values:
            self._input(self._form, values)

    def _input(self, form: PlainForm, values: dict[str, str]) -> None:
        name, kind = values["name"], values.get("type", "text")
        if name == "for":
            form.owner = values["value"]
            return
        form.kinds[name] = kind
        if kind in ("radio", "checkbox"):
            form.options.setdefault(name, []).append(values.get("value", "on"))
            if "checked" in values:
                form.fields[name] = values.get("value", "on")
        elif name in form.fields:  # several of one name, such as the rows of an ordering
            known = form.fields[name]
            earlier = known if isinstance(known, list) else [known]
            form.fields[name] = [*earlier, values.get("value", "")]
        else:
            form.fields[name] = values.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._link:
            self.links.append((self._link[0], " ".join("".join(self._link[1]).split())))
            self._link = None
        elif tag == "form":
            self._form = None
        elif tag == "title":
            self._in_title = False

    def handle_data(self, data: str) -> None:
        self._text.append(data)
        if self._link:
            self._link[1].append(data)
        if self._in_title:
            self.title += data

    def form(self, action: str) -> PlainForm:
        """Returns the only form that goes to this address."""
        found = [form for form in self.forms if form.action == action]
        assert len(found) == 1, f"{len(found)} forms go to {action}"
        return found[0]

    def link(self, text: str) -> str:
        """Returns the full address behind the first link that reads like this."""
        for href, label in self.links:
            if label == text:
                return urljoin(self.address, href)
        raise AssertionError(f"no link reads {text!r}: {[label for _, label in self.links]}")

    def attributes(self, tag: str, **wanted: str) -> dict[str, str]:
        """Returns the attributes of the first such tag that has all the wanted values."""
        for name, values in self.tags:
            if name == tag and wanted.items() <= values.items():
                return values
        raise AssertionError(f"no <{tag}> with {wanted}")


def plain(text: str) -> str:
    """Returns the text of markup or of a source, comparable: unescaped, with single spaces."""
    return " ".join(re.sub(r"<[^>]+>", " ", html.unescape(text)).split())


async def send(browser: httpx.AsyncClient, form: PlainForm, **fields: object) -> httpx.Response:
    """Send a form as a browser does, with some values set, and follow where it leads."""
    assert form.method == "post"
    data = {"for": form.owner, **form.fields, **fields}
    return await browser.post(form.action, data=data, follow_redirects=True)
