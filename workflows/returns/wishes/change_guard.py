"""Why a message that speaks of changing an order may not change it by itself: rules that only make careful.

`guard` knows what is done to goods and money; a change has words of its own (change, ship, pay), which people
use about many other things, too. So here a wish must be plain: whatever else is said of changing is a doubt.
"""

import re
from collections.abc import Sequence

from mail.cleaning import clean
from workflows.returns.wishes.letter import Kind, OrderReading
from workflows.returns.wishes.sentences import sentences

CHANGES = frozenset({Kind.CHANGE_ADDRESS, Kind.CHANGE_PAYMENT, Kind.CHANGE_ITEMS})
_CUE = re.compile(
    r"\b(?:chang\w*|switch\w*|swap\w*|modif\w*|updat\w*|correct\w*|replac\w*|instead|address|ship\w*|"
    r"deliver\w*|"
    r"send|sent|goes? to|pay\w*|paid|charg\w*|bill\w*|make (?:it|the|that|them)|änder\w*|liefer\w*)\b",
    re.I,
)
_FIRM = re.compile(
    r"\b(?:please|pls|plz|(?:can|could|would|will) you|kindly|(?:i|we)(?:'d| would)? (?:like|want|need|"
    r"prefer)|i'd rather|i should like|(?:can|could) u|(?:has|have|needs?|ought) to be|to be paid|bitte|"
    r"(?:two|three|four|some|several|a few|these|the following) (?:more )?(?:changes|corrections|swaps))\b|"
    r"^\W*(?:some )?changes?\b(?: \w+){0,4}:|^(?:hi,? |hello,? |and |also )*(?:change|switch|swap|"
    r"modify|update|make|"
    r"ship|send|deliver|charge|pay|replace|correct)\b",
    re.I,
)
_LISTED = re.compile(
    r"^\W*(?:(?:order|for|in|and) )?#?[A-Z]{0,3}-?\d{4,}(?:\s*\([^()]*\))?\s*(?:[:|,>=\u2013-]|->|\u2192)"
    r"[^?]*(?:->|\u2192|[>=:|]|\binstead\b)[^?]*$",
    re.I,
)
"""A line of a list: an order's number, a thing, what it shall be."""
_POLITE_IF = re.compile(
    r"\bif (?:possible|you (?:can|could|would|may)|it(?:'s| is) (?:possible|not too late|still (?:in|at|"
    r"with)\b)|"
    r"that(?:'s| is) (?:ok|okay|fine|possible|allowed))\b",
    re.I,
)
_UNSENT = re.compile(
    r"\b(?:not|hasn't|hasnt|isn't|isnt|haven't) (?:yet )?(?:been )?(?:shipped|sent|dispatched|gone out|"
    r"left)\b",
    re.I,
)
"""That an order has not left yet says nothing against changing it."""
_OTHER_WAY = re.compile(
    r"\bnot (?:(?:to|on|by|with|via|from) )?(?:(?:the|my|a) )?(?:pay ?pal|visa|master ?card|gift ?card|"
    r"(?:credit |debit )?card)\b",
    re.I,
)
"""Nor which way to pay is not the one."""
_AGAINST = {
    "says that it shall not be": r"not|never|don't|dont|won't|no longer|nicht|kein\w*|cannot|can't",
    "speaks of what may be": r"would have been|could have been|don't know|if|unless|in case|otherwise|"
    r"whether|maybe|perhaps|might|depending|falls|wenn",
    "speaks of another time": r"later|next time|in (?:the )?future|some ?day|one day|once i|"
    r"thinking (?:of|about)",
    "speaks of what was": r"already|yesterday|last (?:week|time|month)|did|have (?:\w+ )?changed|"
    r"has been|thank(?:s| you) for|(?:was|were|had)(?: \w+){0,3} (?:chang|switch|swapp|modifi|updat|correct|"
    r"replac|shipp|sent|deliver|charg|paid|bill)\w*",
    "speaks of somebody else's": r"her|his|their|neighbou?r|friend|sister|brother|colleague|people",
}
_TAKES_BACK = re.compile(
    r"\b(?:never ?mind|forget (?:it|that)|changed my mind|on second thoughts?|after all|ignore|leave it|"
    r"keep it)\b",
    re.I,
)
_DOUBTS = tuple(
    (f"of a change the customer {why}", re.compile(rf"\b(?:{words})\b", re.I))
    for why, words in _AGAINST.items()
)
_ASKS_WHETHER = re.compile(
    r"^(?:\W*(?:hi|hello|so|and|or|but|also|by the way),? )*(?:can|could|may|might|would|will|do|does|did|is|"
    r"are|am|how|when|what|where|which|who|why)\b(?! (?:you|u)\b(?! (?:usually|normally|ever|charge|offer)))",
    re.I,
)


def doubts(message: str) -> tuple[str, ...]:
    """Return why a message does not plainly ask for a change, in words for a person; empty if it does."""
    said = [each.strip() for each in sentences(clean(message).text)]
    spoken = [each for each in said if _CUE.search(each)]
    found = [
        why for sentence in spoken for why, words in _DOUBTS if words.search(_without_harmless(sentence))
    ]
    if any(_TAKES_BACK.search(sentence) for sentence in said):
        found.append("of a change the customer takes something back")
    if any(sentence.endswith("?") and _ASKS_WHETHER.match(sentence) for sentence in spoken):
        found.append("the customer asks whether a change is possible, not for it to be made")
    if not _asks(said, spoken):
        found.append("a change is not asked for in so many words")
    return tuple(dict.fromkeys(found))


def against(message: str, reading: OrderReading | None) -> tuple[str, ...]:
    """Return why a change of the order is not plainly asked for, if a change is read at all."""
    changes = reading is not None and any(wish.kind in CHANGES for wish in reading.wishes)
    return doubts(message) if changes else ()


def asks(said: Sequence[str]) -> bool:
    """Say whether sentences ask for a change in so many words."""
    return _asks(said, [each for each in said if _CUE.search(each)])


def _asks(said: Sequence[str], spoken: Sequence[str]) -> bool:
    return any(_FIRM.search(each) for each in spoken) or any(_LISTED.match(each) for each in said)


def _without_harmless(sentence: str) -> str:
    """Return a sentence without what sounds like a doubt and is none."""
    for harmless in (_POLITE_IF, _UNSENT, _OTHER_WAY):
        sentence = harmless.sub(" ", sentence)
    return sentence
