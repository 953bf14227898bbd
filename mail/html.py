"""HTML that strangers send, as far as a parser may be given it: its time grows with what is left open."""

import re
from collections import Counter

from mail.cleaning import text_of_html

LONGEST_HTML_CHARS = 1_000_000
MOST_OPEN = 500
"""Elements inside one another: the parser looks through all open ones at each tag. Mails have some dozens."""
_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)", re.I)
_ANY_TAG = re.compile(r"<[^<>]*>")
_CLOSED_BY_THE_NEXT = frozenset({
    "p", "li", "td", "th", "tr", "dt", "dd", "option", "br", "hr", "img", "input", "meta", "link", "area",
    "base", "col", "embed", "source", "track", "wbr",
})  # fmt: skip


def readable(html: str) -> str:
    """Return the text of HTML, quotations marked; of what is nested beyond all measure, without its tags."""
    cut = html[:LONGEST_HTML_CHARS]
    return text_of_html(cut) if _deepest(cut) <= MOST_OPEN else _ANY_TAG.sub("\n", cut)


def _deepest(html: str) -> int:
    """Return how many elements are open at once at most, if each is closed by its own name."""
    still_open: Counter[str] = Counter()
    depth, deepest = 0, 0
    for closes, tag in _TAG.findall(html):
        name = tag.lower()
        if name in _CLOSED_BY_THE_NEXT:
            continue
        if not closes:
            still_open[name] += 1
            depth += 1
            deepest = max(deepest, depth)
        elif still_open[name]:
            still_open[name] -= 1
            depth -= 1
    return deepest
