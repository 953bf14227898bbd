"""Whether a letter plainly asks to have something repaired: plain rules over English words."""

import re

from mail.cleaning import clean
from workflows.returns.wishes import cues, guard
from workflows.returns.wishes.acts import families
from workflows.returns.wishes.sentences import clauses, sentences, without_sayings

_DO = r"(?:repair(?:s|ed|ing)?|mend(?:s|ed|ing)?|fix(?:es|ed|ing)?)"
_MENTIONS = re.compile(rf"\b{_DO}\b", re.I)
_ASKS = re.compile(
    rf"\b(?:please|pls|(?:can|could|will|would) you|(?:i|we)(?:'d| would) (?:like|prefer|appreciate)|"
    rf"(?:i|we) (?:want|need|wish|request|ask for|choose)|asking for|requesting)\b"
    rf"(?:[\w' -]|, please,?){{0,40}}?\b{_DO}\b|\b(?:i|we)(?:'d| would) like (?:a|the) repair\b",
    re.I,
)
_DENIES = re.compile(rf"\b{cues.NO}\b(?: [\w']+){{0,6}} {_DO}\b|\b{_DO}\b(?: \w+){{0,3}} (?:not|n't)\b", re.I)
_ELSEWHERE = re.compile(
    rf"\b(?:(?:was|were|is|are|has|have|had|be|been|got)(?: \w+)?|myself|ourselves|neighbou?r|friend|"
    rf"husband|wife|father|brother|shop|someone|somebody|i|we|he|she|they)(?: already)? "
    rf"(?:repaired|mended|fixed)\b|\b{_DO} (?:it |them )?(?:myself|ourselves)\b",
    re.I,
)
_ASKS_ABOUT = re.compile(
    r"\b(?:how|where|who|when|whether|what|which|tell me|let me know|explain|costs?)\b", re.I
)
_WANTED_DONE = re.compile(
    rf"\b(?:have|get|see|to be) (?:it|them|the|my|this|these|that)?(?: [\w'-]+){{0,4}} ?{_DO}\b", re.I
)


def asks_for_repair(message: str) -> bool:
    """Say whether a letter plainly asks for a repair, and for nothing else.

    One that denies, ponders, reports or makes conditions, or that also speaks of money back, of another
    piece or of cancelling, does not: it is read as any other.
    """
    text = without_sayings(clean(message).text)
    if families(text) or not {*guard.doubts(message)} <= {guard.NOTHING_ASKED}:
        return False
    asked = False
    for sentence in sentences(text):
        if not _MENTIONS.search(sentence):
            continue
        if cues.IF.search(cues.POLITE_IF.sub(" ", sentence)) or cues.NEARLY.search(sentence):
            return False
        for clause in clauses(sentence):
            if not _MENTIONS.search(clause):
                continue
            reported = bool(_ELSEWHERE.search(clause)) and not _WANTED_DONE.search(clause)
            wonders = bool(_ASKS_ABOUT.search(clause)) or bool(cues.POLICY.search(clause))
            if _DENIES.search(clause) or reported or wonders or cues.OTHERS.search(clause):
                return False
            asked = asked or bool(_ASKS.search(clause))
    return asked


def repaired_elsewhere(text: str) -> bool:
    """Say whether a text tells of a repair that others do or did, or denies one."""
    told = _ELSEWHERE.search(text) and not _WANTED_DONE.search(text)
    return bool(told or _DENIES.search(text))


def names_no_remedy(message: str) -> bool:
    """Say whether a letter wishes neither a repair, money back, another piece nor an end of the order.

    Whether it tells of a fault is another question.
    """
    text = without_sayings(clean(message).text)
    if families(text) or _MENTIONS.search(text):
        return False
    return {*guard.doubts(message)} == {guard.NOTHING_ASKED}
