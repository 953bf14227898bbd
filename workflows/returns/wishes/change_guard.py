"""Why a message that speaks of changing an order may not change it by itself: rules that only make careful.

`guard` knows what is done to goods and money; a change has words of its own (change, ship, pay), which people
use about many other things, too. So here a wish must be plain: whatever else is said of changing is a doubt.
"""

import re

from mail.cleaning import clean
from workflows.returns.wishes.sentences import sentences

_CUE = re.compile(
    r"\b(?:chang\w*|switch\w*|swap\w*|modif\w*|updat\w*|correct\w*|replac\w*|instead|address|ship\w*|deliver\w*|"
    r"send|sent|goes? to|pay\w*|paid|charg\w*|bill\w*|make (?:it|the|that|them)|änder\w*|liefer\w*)\b",
    re.I,
)
_FIRM = re.compile(
    r"\b(?:please|pls|plz|(?:can|could|would|will) you|kindly|(?:i|we)(?:'d| would)? (?:like|want|need|"
    r"prefer)|i'd rather|bitte)\b|^(?:hi,? |hello,? |and |also )*(?:change|switch|swap|modify|update|make|"
    r"ship|send|deliver|charge|pay|replace|correct)\b",
    re.I,
)
_POLITE_IF = re.compile(
    r"\bif (?:possible|you (?:can|could|would|may)|it(?:'s| is) (?:possible|not too late)|"
    r"that(?:'s| is) (?:ok|okay|fine|possible))\b",
    re.I,
)
_AGAINST = {
    "says that it shall not be": r"not|never|don't|dont|won't|no longer|nicht|kein\w*|cannot|can't",
    "speaks of what may be": r"if|unless|in case|otherwise|whether|maybe|perhaps|might|depending|falls|wenn",
    "speaks of another time": r"later|next time|in (?:the )?future|some ?day|one day|once i|"
    r"thinking (?:of|about)",
    "speaks of what was": r"already|yesterday|last (?:week|time|month)|was|were|did|have (?:\w+ )?changed|"
    r"has been|had|thank(?:s| you) for",
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
        why for sentence in spoken for why, words in _DOUBTS if words.search(_POLITE_IF.sub(" ", sentence))
    ]
    if any(_TAKES_BACK.search(sentence) for sentence in said):
        found.append("of a change the customer takes something back")
    if any(sentence.endswith("?") and _ASKS_WHETHER.match(sentence) for sentence in spoken):
        found.append("the customer asks whether a change is possible, not for it to be made")
    if not any(_FIRM.search(sentence) for sentence in spoken):
        found.append("a change is not asked for in so many words")
    return tuple(dict.fromkeys(found))
