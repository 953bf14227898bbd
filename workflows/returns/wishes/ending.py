"""Whether a letter comes as it was written: to its end, its lines not run together."""

import re
from collections.abc import Sequence

from workflows.returns.matching.tokens import word_set
from workflows.returns.types import OrderLine
from workflows.returns.wishes.naming import mentions

LONGEST_NAME = 3
LONGEST_LINE = 25
"""Words in one line up to which a letter is no more than that."""
_ITEM = re.compile(r"\s(?:[-*\u2022\u2013]|->|\u2192|\d[.)])\s")
FEWEST_ITEMS = 2
_ENDS = re.compile("[.!?\u2026)\\]}\"'*]$|[\u2600-\u27bf\U0001f300-\U0001faff\ufe0f]$")
_LAST = re.compile(r".*(?:[.!?](?=\s)|\n)", re.S)
_CLOSES = re.compile(
    r"\b(?:thanks|thank you|thx|tx|ty|please|pls|plz|cheers|regards|ok|okay|asap|lol|haha|stays?|keep|"
    r"pay ?pal|visa|master ?card|gift ?card|(?<!sd )(?<!cf )card)(?: all)?$"
    r"|\b(?:thanks|thx|tx|ty|cheers)\W+\w+$",
    re.I,
)
"""Words on which people end without a full stop."""
_SIGNED = re.compile(r"(?:,|[:;]-?\))\s*(?P<name>[A-Z][\w-]+)$")
_OPENERS = word_set(
    "everything nothing anything something all both another others other rest whatever only just not never "
    "but and also plus from for with the this that these those there they them if when while unless or oh "
    "please can could would will should i i'm i'd i've i'll he she how what who where why you your we "
    "our my mine it its as at to in on of so no yes leave keep "
    "refund return exchange cancel change money difference order large small"
)
"""Words that begin a sentence, and name nobody."""


def breaks_off(text: str, lines: Sequence[OrderLine]) -> bool:
    """Say whether a text breaks off: its last sentence has no end, and is no name and no closing word.

    Args:
        text: a cleaned letter.
        lines: what its customer has bought: none of it is a name.
    """
    whole = text.rstrip()
    found = _LAST.match(whole)
    last = whole[found.end() :].strip() if found else whole
    if not last or _ENDS.search(last) or _CLOSES.search(last):
        return False
    if signed := _SIGNED.search(last):
        return not _is_name([signed["name"]], lines)
    words = last.split()
    below = found is not None and whole[found.end() - 1] == "\n"
    return not (found and len(words) <= LONGEST_NAME and _is_name(words, lines, lower_case=below))


def run_together(text: str, lines: Sequence[OrderLine]) -> bool:
    """Say whether a text seems to have lost its lines: a long one, with a name at its end or a list in it.

    Args:
        text: a cleaned letter.
        lines: what its customer has bought: none of it is a name.
    """
    whole = text.strip()
    if "\n" in whole or len(whole.split()) <= LONGEST_LINE:
        return False
    signed = bool(last := _last(whole)) and len(last.split()) <= LONGEST_NAME and not _ENDS.search(last)
    return (signed and _is_name(last.split()[-1:], lines)) or len(_ITEM.findall(whole)) >= FEWEST_ITEMS


def _last(whole: str) -> str:
    """Return the last sentence; of one line that is all, nothing."""
    found = _LAST.match(whole)
    return whole[found.end() :].strip() if found else ""


def _is_name(words: Sequence[str], lines: Sequence[OrderLine], *, lower_case: bool = False) -> bool:
    """Say whether words may be whom a letter is from, with a greeting before the name or not."""
    return not mentions(" ".join(words), lines) and all(
        _CLOSES.search(word) is not None
        or (
            (word[0].isalpha() if lower_case else word[0].isupper())
            and not any(opener.startswith(word.lower()) for opener in _OPENERS)
        )
        for word in (each.strip(",") for each in words)
    )
