"""What the office remembers, and how a model is given it."""

from datetime import datetime
from typing import Literal

from contracts.evidence import Evidence
from contracts.frozen import Frozen


class Memory(Frozen):
    """A fact or passage to be recalled later.

    Attributes:
        kind: `case` (a summary of a closed case), `policy`, `post`, `note`.
        source: where it came from; with the text it makes the id, so that writing twice keeps one.
        customer: an opaque reference, for filters and for forgetting; never a name.
        supersedes: the id of the memory that this one corrects.
    """

    text: str
    kind: str
    source: str
    case_id: str | None = None
    customer: str | None = None
    at: datetime | None = None
    valid_until: datetime | None = None
    supersedes: str | None = None


class ContextRequest(Frozen):
    """What the context assembler is asked: everything that fits, most useful first.

    Attributes:
        token_budget: tokens of the embedder's tokenizer; never exceeded.
        facts: authoritative facts that stand before recalled passages.
        turns: recent turns of the conversation, oldest first.
    """

    case_id: str
    question: str
    token_budget: int = 512
    kinds: tuple[str, ...] = ()
    customer: str | None = None
    since: datetime | None = None
    facts: tuple[Evidence, ...] = ()
    turns: tuple[Evidence, ...] = ()
    mode: Literal["fused", "dense", "lexical"] = "fused"


class Context(Frozen):
    """What fitted.

    Attributes:
        dropped: how many pieces did not fit.
    """

    evidence: tuple[Evidence, ...]
    tokens: int
    dropped: int = 0


class Remember(Frozen):
    """What is to be written; the argument of the activity `memory.remember`."""

    memories: tuple[Memory, ...]


class Remembered(Frozen):
    """The ids of what was written or was there already, in the order asked."""

    ids: tuple[str, ...]
