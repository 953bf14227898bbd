"""The matchers as a candidate: which lines of an order, which variant; rules, no training."""

import asyncio
import hashlib
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np

from contracts.decision import Question
from contracts.embedding import Embedder
from models import items, variants, words
from models.candidate import Asked, Readiness, Reply
from models.catalogue import TaskSpec
from models.items import Match, match_by_meaning, match_items, spoken_of
from models.variants import match_variant

ITEMS, VARIANT = "returns.items", "returns.variant"


class MatcherCandidate:
    """Answers `returns.items` and `returns.variant` by rule over words, then by nearness in meaning."""

    by: Literal["rule"] = "rule"

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    async def prepare(self, name: str, task: TaskSpec) -> Readiness:
        """Load the embedder, which is asked only when words alone do not settle it."""
        if name not in (ITEMS, VARIANT) or task.contract != "picked":
            return Readiness(unavailable=f"it knows only {ITEMS} and {VARIANT}")
        return Readiness()

    async def answer(self, asked: Asked) -> Reply:
        """Answer with the indexes picked, or with a best guess."""
        match = await self.match(asked.name, asked.question)
        return Reply(
            outcome="answered" if match.sure else "unsure",
            answer={"picked": list(match.picked)},
            why=match.rule,
            version=rules_version(),
        )

    async def match(self, task: str, question: Question) -> Match:
        """Return what the rules make of a question."""
        if not question.choices:
            return Match(picked=(), rule="there is nothing to choose from", sure=False)
        # Beside the event loop: a text of some pages takes its rules a second.
        if task == VARIANT:
            found = await asyncio.to_thread(match_variant, question.text, question.choices, _bought(question))
            return found or Match(picked=(), rule="no option is named", sure=False)
        found = await asyncio.to_thread(match_items, question.text, question.choices)
        return found or await self._by_meaning(question)

    async def _by_meaning(self, question: Question) -> Match:
        pieces = spoken_of(question.text)
        vectors = np.array(await self._embedder.embed([*pieces, *question.choices]), dtype=np.float32)
        return match_by_meaning(vectors[: len(pieces)] @ vectors[len(pieces) :].T)


def _bought(question: Question) -> str:
    """Return the line as it was bought: the first fact that the question carries of an order."""
    facts = (each.text for each in question.evidence if each.source.startswith("order:"))
    return next(facts, "")


@cache
def rules_version() -> str:
    """Return the hash of the rules' source: the version that decisions record."""
    digest = hashlib.sha256()
    for module in (words, items, variants):
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()[:16]
