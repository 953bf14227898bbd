"""What a customer's reply says to a question of the desk; the evaluation reads it so, too."""

import re
from collections.abc import Callable, Sequence

from contracts.reply import Heard
from mail.cleaning import clean
from workflows.kernel.choice_words import plainly, yes_or_no
from workflows.returns.matching.items import Match, match_items
from workflows.returns.matching.variants import match_variant
from workflows.returns.wishes.acts import Act, acts, families
from workflows.returns.wishes.letter import Gap
from workflows.returns.wishes.repairs import repaired_elsewhere

_AGAINST = frozenset(
    {Act.WITHDRAWS, Act.KEEPS, Act.DENIES, Act.THREATENS, Act.SUPPOSES, Act.OTHERS, Act.REPORTS, Act.THANKS}
)
"""What no reply does that only picks."""
_NEW_WISH = re.compile(
    r"\b(?:address|deliver\w*|adresse|liefer\w*|dirección|pay(?:pal|ment)?|card|another order)\b"
    r"|\b(?:if|unless|provided|falls|wenn|si vous|a menos)\b",
    re.I,
)
_NOT_ONLY = re.compile(r"^\s*\d|\b(?:no|not|never|nor|kein\w*|nicht|pas|ni)\b|n't\b", re.I)
"""With a number of its own, or a no, a reply's other words pick nothing."""
_OTHERWISE = Heard(says="otherwise", why="it wishes something else")


def heard(text: str, choices: Sequence[str], kind: str, about: str = "") -> Heard:
    """Return what a reply says: by plain rules first, then by the desk's matchers.

    Args:
        text: the reply as it came in.
        choices: what could be picked, as the customer read it.
        kind: which fact is missing; a `Gap`.
        about: what the question is about: of a variant the line as it was bought, else what is wished.
    """
    own = clean(text).text.strip()
    gap = Gap(kind)
    plain = yes_or_no(own, about) if gap is Gap.CONFIRM else plainly(own, choices, several=gap is Gap.LINES)
    if plain.says == "chosen":
        return plain
    if _says_more(own, gap, about):
        return _OTHERWISE
    if gap is Gap.CONFIRM or _NOT_ONLY.search(own):
        return plain
    matched = _MATCHERS.get(gap, _none)(own, choices, about)
    if matched is not None and matched.sure and matched.picked:
        return Heard(says="chosen", picked=matched.picked, why=matched.rule)
    return plain


def _says_more(text: str, gap: Gap, about: str) -> bool:
    """Say whether a reply wishes, asks, keeps or denies something, besides picking."""
    said = acts(text)
    if text.rstrip().endswith("?") or _NEW_WISH.search(text) or any(each.act in _AGAINST for each in said):
        return True
    expected = {"exchange"} if gap is Gap.VARIANT else families(about)
    either = {"refund", "exchange"} if gap in (Gap.ORDER, Gap.REMEDY) else set()
    return bool(families(text) - expected - either)


def _which_variant(text: str, choices: Sequence[str], about: str) -> Match | None:
    return match_variant(text, choices, about)


def _which_of(text: str, choices: Sequence[str], about: str) -> Match | None:
    del about
    return match_items(text, choices)


def _none(text: str, choices: Sequence[str], about: str) -> Match | None:
    del text, choices, about
    return None


_REPAIR = re.compile(r"\b(?:repair\w*|mend\w*|fix(?:ed|es|ing)?|reparier\w*|reparatur\w*)\b", re.I)
_AGAIN = re.compile(
    r"\b(?:replace\w*|new one|another one|same again|ersatz\w*|ersetz\w*|umtausch\w*)\b", re.I
)


def _which_remedy(text: str, choices: Sequence[str], about: str) -> Match | None:
    """Return the one remedy that a reply names; with several, none is picked."""
    del about
    named = families(text)
    said = {
        "repair": bool(_REPAIR.search(text)),
        "replacement": bool(_AGAIN.search(text)) or "exchange" in named,
        "refund": "refund" in named,
    }
    if said["repair"] and repaired_elsewhere(text):
        return None
    meant = [remedy for remedy, is_named in said.items() if is_named]
    if len(meant) != 1 or meant[0] not in choices:
        return None
    return Match(picked=(choices.index(meant[0]),), sure=True, rule="names one remedy")


_MATCHERS: dict[Gap, Callable[[str, Sequence[str], str], Match | None]] = {
    Gap.LINES: _which_of,
    Gap.ORDER: _which_of,
    Gap.VARIANT: _which_variant,
    Gap.REMEDY: _which_remedy,
}
