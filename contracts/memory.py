"""What the office remembers, and how a model is given it."""

from datetime import datetime
from typing import Literal

from contracts.base import Frozen
from contracts.bounds import Text
from contracts.evidence import Evidence


class Memory(Frozen):
    """A fact or passage to be recalled later.

    Attributes:
        kind: `case` (a summary of a closed case), `policy`, `post`, `note`.
        source: where it came from; with the text it makes the id, so that writing twice keeps one.
        customer: an opaque reference, for filters and for forgetting; never a name.
        supersedes: the id of the memory that this one corrects.
    """

    text: Text
    kind: str
    source: Text
    case_id: str | None = None
    customer: Text | None = None
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
    """What is to be written; the argument of the activity `memory.remember`.

    Attributes:
        at_once: wait until it can be found too. Otherwise it is safe in SQL, and its vector follows
            in the background, together with those of others.
    """

    memories: tuple[Memory, ...]
    at_once: bool = True


class Remembered(Frozen):
    """The ids of what was written or was there already, in the order asked."""

    ids: tuple[str, ...]


class Document(Frozen):
    """All that is known from one source, in passages; the sources are `source` and `source#…`.

    What was known from there and is not among the passages is retired or superseded.
    """

    source: Text
    passages: tuple[Memory, ...]


class Import(Frozen):
    """Documents to be taken in; the argument of the activity `memory.import`."""

    documents: tuple[Document, ...]


class Imported(Frozen):
    """What an import changed, in passages."""

    passages: int
    fresh: int
    retired: int


class Search(Frozen):
    """What a person or a script looks for.

    Attributes:
        customer: only this customer's memories.
        since, until: when it happened, from and up to.
    """

    question: Text
    limit: int = 5
    kinds: tuple[str, ...] = ()
    case_id: str = ""
    customer: str = ""
    since: datetime | None = None
    until: datetime | None = None
    mode: Literal["fused", "dense", "lexical"] = "fused"


class Recalled(Frozen):
    """One memory as it stands on record, with its score if it was searched for."""

    id: str
    text: str
    kind: str
    source: str
    case_id: str = ""
    customer: str = ""
    at: datetime
    valid_until: datetime | None = None
    supersedes: str | None = None
    superseded_by: str | None = None
    retired_at: datetime | None = None
    score: float | None = None


class Recalls(Frozen):
    """What was found, best first; or a memory's history, oldest first."""

    found: tuple[Recalled, ...]


class Forget(Frozen):
    """Whose memories are to be deleted."""

    customer: str


class Forgotten(Frozen):
    """What was deleted."""

    memories: int
    vectors: int
    cached: int


class CollectionStanding(Frozen):
    """One set of vectors: whose they are, how many, and how many do not agree with SQL yet."""

    name: str
    embedder: str
    state: str
    current: bool
    vectors: int
    marked: int


class MemoryStats(Frozen):
    """How much there is.

    Attributes:
        kinds: live and retired memories by kind.
    """

    live: int
    retired: int
    kinds: dict[str, tuple[int, int]]
    collections: tuple[CollectionStanding, ...]


class Agreement(Frozen):
    """What SQL and the vectors of one collection do not agree on, marks not counted."""

    collection: str
    missing: int
    surplus: int

    @property
    def disagreements(self) -> int:
        """How many vectors are missing or too many."""
        return self.missing + self.surplus


class Rebuild(Frozen):
    """Build a second collection and switch to it.

    Attributes:
        embedder: a name as in `KONTOR_EMBEDDER`.
        sample: memories whose recall is compared between the two.
        least: the new collection's recall@5 over the old one's, below which nothing is switched.
        back: switch back to the collection before this one instead.
    """

    embedder: str = ""
    sample: int = 200
    least: float = 0.9
    back: bool = False


class RecallComparison(Frozen):
    """Recall of the same sample in two collections.

    Attributes:
        asked: how many questions.
        at5, mrr: of the new collection; `old_` of the one recall reads.
        overlap: mean share of the old one's first five that the new one also has.
    """

    asked: int
    at5: float
    old_at5: float
    mrr: float
    old_mrr: float
    overlap: float


class Rebuilt(Frozen):
    """How a rebuild ended; `switched` is false if the comparison forbade it.

    Attributes:
        vectors: how many memories were embedded.
    """

    collection: str
    previous: str | None
    vectors: int
    switched: bool
    comparison: RecallComparison | None = None
