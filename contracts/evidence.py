"""A passage, fact or rule that something was decided on, with where it came from."""

from typing import Literal

from contracts.base import Frozen


class Evidence(Frozen):
    """One piece of evidence.

    Attributes:
        source: where it came from, for instance `order:webshop/W-1001` or `memory:01H…`.
        text: the passage or fact, whole: evidence is never cut inside.
        kind: a recalled passage, an authoritative fact, or a turn of the conversation.
        score: how useful the recall found it, higher is better; None for facts.
    """

    source: str
    text: str
    kind: Literal["passage", "fact", "turn"] = "fact"
    score: float | None = None
