"""The local classifier as a candidate: embeds the text, asks the trained head, keeps its promise."""

import asyncio
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Literal

from contracts.embedding import Embedder
from contracts.office import OfficeInvalid
from models.local.classifier import Guess, Head
from models.local.examples import TooFewExamples, load_examples
from models.local.features import features_of
from models.local.heads import HeadStore, head_key
from models.local.training import train
from models.routing.candidate import Asked, CandidateReply, Readiness
from models.routing.catalogue import TaskSpec


class HeadCandidate:
    """Answers `label` tasks from a head trained on the office's examples.

    A head that is not in the store is trained at the first question (seconds, for hundreds of
    examples) and kept; other examples, another embedder or another target make another head.
    """

    by: Literal["local"] = "local"

    def __init__(
        self,
        office: Path,
        store: HeadStore,
        embedder: Embedder,
        *,
        today: Callable[[], date] = date.today,
    ) -> None:
        self._office = office
        self._store = store
        self._embedder = embedder
        self._today = today
        self._heads: dict[str, Head] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def prepare(self, name: str, task: TaskSpec) -> Readiness:
        """Load the task's head, or train it."""
        if task.contract != "label" or not task.examples:
            return Readiness(unavailable="it answers only tasks with labels and examples")
        try:
            head = await self.head(name, task)
        except (TooFewExamples, OfficeInvalid) as reason:
            return Readiness(unavailable=str(reason))
        return Readiness(accept=head.card.accept)

    async def head(self, name: str, task: TaskSpec, *, again: bool = False) -> Head:
        """Return the task's head from memory, from the store, or newly trained.

        Args:
            name: the task's name.
            task: its specification.
            again: train even if one is there.

        Raises:
            TooFewExamples: a label has too few.
            OfficeInvalid: the examples cannot be read.
        """
        async with self._locks.setdefault(name, asyncio.Lock()):
            if name not in self._heads or again:
                self._heads[name] = await self._load_or_train(name, task, again)
            return self._heads[name]

    async def answer(self, asked: Asked) -> CandidateReply:
        """Answer with the label, if it is sure enough and the text is of the kind it knows."""
        head = await self.head(asked.name, asked.task)
        [guess] = head.guess(await features_of(self._embedder, [asked.question.text]))
        accepted = guess.accepted(head.card.accept)
        return CandidateReply(
            outcome="answered" if accepted else "unsure",
            answer={"label": guess.label},
            why=explanation(guess, head),
            version=head.card.weights_sha256[:16],
            confidence=guess.confidence,
        )

    async def _load_or_train(self, name: str, task: TaskSpec, again: bool) -> Head:
        examples = await asyncio.to_thread(
            load_examples, self._office / task.examples, frozenset(task.labels)
        )
        key = head_key(task, examples, self._embedder.identity)
        stored = None if again else await asyncio.to_thread(self._store.read, name, key)
        if stored is not None:
            await self._embedder.embed([name])  # load the model now, outside any question's latency budget
            return stored
        features = await features_of(self._embedder, [example.text for example in examples])
        head = await asyncio.to_thread(
            train, name, task, examples, features, embedder=self._embedder.identity, today=self._today()
        )
        await asyncio.to_thread(self._store.write, name, key, head, again=again)
        return head


def explanation(guess: Guess, head: Head) -> str:
    """Say in words why a guess is accepted or not."""
    rule = head.card.accept
    if not guess.in_scope:
        return (
            f"out of scope: similarity {guess.similarity:.2f} to what it was taught, "
            f"{head.card.guard:.2f} is needed"
        )
    if rule.threshold is None:
        return f"no threshold keeps its errors under {rule.target_error:.0%}"
    return f"confidence {guess.confidence:.3f}, {rule.threshold:.3f} is needed"
