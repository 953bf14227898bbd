"""The context assembler: the one door through which text reaches a model."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from contracts.evidence import Evidence
from contracts.memory import Context, ContextRequest

TURN_SCORE = 0.9
TURN_DECAY = 0.85
"""The latest turn of a conversation outranks all but the surest passage; each older one a little less."""
SAME = 0.8
"""Two pieces that share this much of their three-word sequences say the same thing."""
SHINGLE = 3


def assemble(
    request: ContextRequest, passages: Sequence[Evidence], count_tokens: Callable[[str], int]
) -> Context:
    """Choose what fits the budget: facts in their order, then turns and passages by score.

    Nothing is cut: a piece that does not fit is left out whole, and a smaller one behind it may
    still fit. A piece that repeats one already chosen is left out and not counted as dropped.

    Args:
        request: the budget, the facts, the turns (oldest first).
        passages: what was recalled, each with its score from 0 to 1.
        count_tokens: the embedder's tokenizer.

    Returns:
        The pieces, most useful first, and their tokens: of each its source and its text, as
        `cost` counts them.
    """
    chosen: list[Evidence] = []
    said: list[_Said] = []
    tokens = dropped = 0
    for piece in [*request.facts, *_by_score([*_scored(request.turns), *passages])]:
        says = _Said.by(piece)
        if any(says.repeats(other) for other in said):
            continue
        price = cost(piece, count_tokens)
        if tokens + price > request.token_budget:
            dropped += 1
            continue
        chosen.append(piece)
        said.append(says)
        tokens += price
    return Context(evidence=tuple(chosen), tokens=tokens, dropped=dropped)


def render(piece: Evidence) -> str:
    """Return a piece as a model reads it: its source in brackets, its text."""
    return f"[{piece.source}] {piece.text}\n"


def cost(piece: Evidence, count_tokens: Callable[[str], int]) -> int:
    """Return the tokens of a piece as it is rendered."""
    return count_tokens(render(piece))


def _scored(turns: Sequence[Evidence]) -> list[Evidence]:
    return [
        turn.model_copy(update={"score": round(TURN_SCORE * TURN_DECAY**age, 4)})
        for age, turn in enumerate(reversed(turns))
    ]


def _by_score(pieces: Sequence[Evidence]) -> list[Evidence]:
    return sorted(pieces, key=lambda piece: -(piece.score or 0.0))


@dataclass(frozen=True)
class _Said:
    """What a piece says, in the form in which two are compared."""

    words: list[str]
    numbers: list[str]
    shingles: set[tuple[str, ...]]
    is_fact: bool

    @classmethod
    def by(cls, piece: Evidence) -> "_Said":
        words = _words(piece.text)
        return cls(words, _numbers(words), _shingles(words), piece.kind == "fact")

    def repeats(self, other: "_Said") -> bool:
        """Tell whether both say the same: a fact only word for word, the rest nearly so.

        Pieces whose numbers differ never say the same, however alike they read.
        """
        if self.words == other.words:
            return True
        if self.is_fact or other.is_fact or self.numbers != other.numbers:
            return False
        return len(self.shingles & other.shingles) / len(self.shingles | other.shingles) >= SAME


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _numbers(words: list[str]) -> list[str]:
    return sorted(word for word in words if any(map(str.isdigit, word)))


def _shingles(words: list[str]) -> set[tuple[str, ...]]:
    return {tuple(words[start : start + SHINGLE]) for start in range(max(1, len(words) - SHINGLE + 1))}
