"""HTML in texts that authors bring along: only what is a tag of HTML is taken for one.

"a < b and c > d" is a comparison, `List<String>` is code, and both stay as they are.
"""

import re
from typing import Final

_NAMES = """
a abbr acronym address area article aside audio b base bdi bdo big blink blockquote body br button
canvas caption center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt
em embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header
hgroup hr html i iframe img input ins kbd label legend li link main map mark marquee math menu
meta meter nav nobr noframes noscript object ol optgroup option output p param picture pre
progress q rp rt ruby s samp script search section select slot small source span strike strong
style sub summary sup svg table tbody td template textarea tfoot th thead time title tr track tt u
ul var video wbr
"""
NAMES: Final = frozenset(_NAMES.split())

_ATTRIBUTE = r"""\s+[A-Za-z_:@][\w:.-]*(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+))?"""
TAG: Final = re.compile(
    rf"<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9]*)(?P<rest>(?:{_ATTRIBUTE})*)\s*/?>"
)
COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
ATTRIBUTE: Final = re.compile(
    r"""([A-Za-z_:@][\w:.-]*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+))"""
)


def is_tag(match: re.Match[str]) -> bool:
    """Whether a match of TAG has the name of an element of HTML."""
    return match["name"].lower() in NAMES


def without_tags(text: str) -> str:
    """Returns the text without the tags of HTML, and with everything else."""
    return TAG.sub(lambda match: "" if is_tag(match) else match[0], text)


def attributes(match: re.Match[str]) -> dict[str, str]:
    """Returns the attributes of a match of TAG that have a value, by their names."""
    return {
        name.lower(): double or single or bare
        for name, double, single, bare in ATTRIBUTE.findall(match["rest"])
    }
