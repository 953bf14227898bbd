"""A customer asks for a part of the price, mostly to keep the goods: that is no return."""

import re

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from mail.cleaning import clean
    from workflows.returns.reading import NEEDS_ITEMS, Reading
    from workflows.returns.types import ReturnRequest
    from workflows.returns.wishes.sentences import clauses, sentences

A_PART = "how much they ask for: they write of a part of the price"
_SOME = r"(?:half|part|some|a third|a quarter|\d{1,2} ?(?:%|per ?cent))"
_CUT = re.compile(
    r"\bpart(?:ial|ially|ly)? (?:refund|refunded|reimburse(?:d|ment)?)\b"
    r"|\brefund(?:ed)? (?:me )?part(?:ially|ly)\b|(?<![\d.])\d{1,2} ?(?:%|per ?cent) (?:back|refund)\b"
    rf"|\b{_SOME} (?:of )?(?:the |my |its )?(?:price|money|cost|amount|value|sum)\b"
    rf"|\b(?:refund|back|return|reimburse)\b[^.]{{0,20}}(?<![\d.])\d{{1,2}} ?(?:%|per ?cent)"
    r"|\bprice (?:reduction|cut)\b|\breduc(?:tion|e) (?:of|in|the) (?:the )?price\b|\breduced price\b",
    re.I,
)


def cut_doubts(request: ReturnRequest, reading: Reading) -> tuple[str, ...]:
    """Return the doubt about how much is asked for, where goods are to be paid back in part; or none."""
    wished = any(each.intent in NEEDS_ITEMS for each in reading.each)
    return (A_PART,) if wished and asks_for_a_part(request.message) else ()


def asks_for_a_part(message: str) -> bool:
    """Say whether a message speaks of a part of the price to be paid back: plain rules over English words."""
    parts = [part for sentence in sentences(clean(message).text) for part in clauses(sentence)]
    return any(_CUT.search(part) for part in parts)
