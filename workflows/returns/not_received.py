"""A customer says that something never reached them: nothing can come back, so it is no return."""

import re

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from mail.cleaning import clean
    from workflows.returns.reading import NEEDS_ITEMS, Reading
    from workflows.returns.types import Order, ReturnRequest
    from workflows.returns.wishes.sentences import clauses, sentences

NOT_RECEIVED = "whether it ever arrived: they write that it did not, so nothing can come back"
LEFT = frozenset({"shipped", "delivered"})
"""Orders that are on their way, or said to be there."""
_DID_NOT = r"(?:(?:did|has|have|had|was|were|is)(?:n't| not)|never|not)(?: yet| ever| even| been)*"
_NEVER_CAME = re.compile(
    rf"\b{_DID_NOT} (?:arriv(?:e|ed)|(?:come|came)(?! (?:with|around|to|up|off|apart))|receiv(?:e|ed)|"
    r"deliver(?:ed)?|reach(?:ed)?|turn(?:ed)? up|show(?:n|ed)? up)\b|\bnever got (?:it|them|the|my|any)\b",
    re.I,
)
_LOST = re.compile(
    r"\b(?:missing (?:from|in)|not (?:in|inside)) (?:the |my |our )?"
    r"(?:parcel|package|box|order|delivery|shipment)\b|\bnothing (?:arrived|came)\b"
    r"|\b(?:lost (?:in|on) (?:the )?(?:post|mail|transit|way)|(?:went|gone|go) missing)\b"
    r"|\b(?:parcel|package|box) (?:was|is|arrived|came) empty\b|\bempty (?:parcel|package|box)\b"
    r"|\bstill (?:waiting for|no sign of) (?:the |my |our )?(?:parcel|package|order|delivery|shipment)\b",
    re.I,
)
_NO_GOODS = re.compile(
    r"\b(?:refunds?|money|repl(?:y|ies)|answers?|response|confirmation|invoice|label|credit|e?-?mails?|voucher|code)\b",
    re.I,
)
"""What else may not have come."""


def arrival_doubts(request: ReturnRequest, order: Order, reading: Reading) -> tuple[str, ...]:
    """Return the doubt about what is to come back and, as its customer writes, never came; or none."""
    wished = any(each.intent in NEEDS_ITEMS for each in reading.each)
    return (NOT_RECEIVED,) if wished and order.status in LEFT and never_came(request.message) else ()


def never_came(message: str) -> bool:
    """Say whether a message tells that goods did not reach their customer: plain rules over English words."""
    parts = [part for sentence in sentences(clean(message).text) for part in clauses(sentence)]
    return any(
        _LOST.search(part) or (_NEVER_CAME.search(part) and not _NO_GOODS.search(part)) for part in parts
    )
