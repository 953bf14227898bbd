"""A conversation as workflow state: the turns that fit a token budget, the rest in a sentence."""

from typing import Literal

from contracts.base import Frozen
from contracts.evidence import Evidence

CHARS_PER_TOKEN = 3
"""English has about four characters a token; three never counts too few for plain text."""
KEPT_WORDS = 12
"""How much of a dropped turn its line in the summary keeps."""


class Turn(Frozen):
    """One thing that was said, with its tokens as they were counted when it was said."""

    by: Literal["customer", "office", "model"]
    text: str
    tokens: int


class Buffer(Frozen):
    """Satisfies the rule: never more tokens than the budget, the newest turns whole, nothing cut.

    It is plain data and its functions are pure, so it survives replay, and continue-as-new carries
    it whole. Oldest turns are dropped first; of each, one short line stays in `summary`, whose own
    oldest lines go when it takes more than a quarter of the budget.

    Attributes:
        budget: tokens of turns and summary together.
        seen: how many turns there were in all.
    """

    budget: int
    turns: tuple[Turn, ...] = ()
    summary: tuple[str, ...] = ()
    seen: int = 0

    def add(
        self, by: Literal["customer", "office", "model"], text: str, tokens: int | None = None
    ) -> "Buffer":
        """Return the buffer with one more turn.

        Args:
            by: who said it.
            text: what was said.
            tokens: as the embedder's tokenizer counted them; left out, they are estimated.
        """
        turn = Turn(by=by, text=text, tokens=tokens if tokens is not None else about(text))
        turns = [*self.turns, turn]
        summary = list(self.summary)
        while turns and _tokens(turns) + _summary_tokens(summary) > self.budget:
            dropped = turns.pop(0)
            summary.append(_line(dropped))
            while summary and _summary_tokens(summary) > self.budget // 4:
                summary.pop(0)
        return Buffer(budget=self.budget, turns=tuple(turns), summary=tuple(summary), seen=self.seen + 1)

    @property
    def tokens(self) -> int:
        """What turns and summary take together; never more than the budget."""
        return _tokens(self.turns) + _summary_tokens(self.summary)

    def evidence(self) -> tuple[Evidence, ...]:
        """Return the summary and the turns, oldest first, as the context assembler takes them."""
        first = self.seen - len(self.turns)
        told = [
            Evidence(source=f"turn:{first + place}:{turn.by}", text=turn.text, kind="turn")
            for place, turn in enumerate(self.turns, start=1)
        ]
        if not self.summary:
            return tuple(told)
        return (Evidence(source="turns:earlier", text=" ".join(self.summary), kind="turn"), *told)


def about(text: str) -> int:
    """Estimate a text's tokens without a tokenizer, rather too many than too few."""
    return max(len(text.split()), -(-len(text) // CHARS_PER_TOKEN))


def _tokens(turns: list[Turn] | tuple[Turn, ...]) -> int:
    return sum(turn.tokens for turn in turns)


def _summary_tokens(summary: list[str] | tuple[str, ...]) -> int:
    return sum(about(line) for line in summary)


def _line(turn: Turn) -> str:
    words = turn.text.split()
    short = " ".join(words[:KEPT_WORDS]) + (" …" if len(words) > KEPT_WORDS else "")
    return f"{turn.by}: {short}"
