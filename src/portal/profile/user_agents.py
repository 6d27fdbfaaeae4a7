"""Browser and system in words, from what a browser says about itself. Pure."""

from __future__ import annotations

# The first word that occurs decides: many browsers name others as well, to be served like them.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Vivaldi", "Vivaldi"),
    ("DuckDuckGo", "DuckDuckGo"),
    ("FxiOS", "Firefox"),
    ("Firefox", "Firefox"),
    ("CriOS", "Chrome"),
    ("HeadlessChrome", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
    ("FreeBSD", "FreeBSD"),
)
_PROGRAMS = (
    ("python", "A Python program"),
    ("curl/", "curl"),
    ("Wget/", "Wget"),
    ("PostmanRuntime", "Postman"),
)


def device_name(user_agent: str | None) -> str:
    """Returns a name such as "Firefox on Windows"; "Unknown device" when nothing in it is known."""
    text = user_agent or ""
    browser = _named_in(_BROWSERS, text)
    system = _named_in(_SYSTEMS, text)
    if browser:
        return f"{browser} on {system}" if system else browser
    return _named_in(_PROGRAMS, text) or (f"A browser on {system}" if system else "Unknown device")


def _named_in(names: tuple[tuple[str, str], ...], text: str) -> str | None:
    return next((name for word, name in names if word in text), None)
