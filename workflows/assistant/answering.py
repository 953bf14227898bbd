"""Who answers a question: an exact cached answer, a span of the office's documents, or a person."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import numpy as np
from sentencex import segment

from contracts.conversation import Reply, TurnPath
from contracts.embedding import Embedder
from contracts.memory import Recalled
from contracts.wording import Wording, Written
from memory.semantic.stores.base import Filter
from workflows.assistant.assistant_check import ASKED_TEXT, DESK, UNKNOWN_TEXT
from workflows.assistant.assistant_file import AssistantFile
from workflows.assistant.questions import names_one, question_key

PASSAGES = 5
"""How many of the nearest passages are looked at sentence by sentence."""
PUBLIC = "public"


class Sources(Protocol):
    """Semantic memory, as far as answers are made from it."""

    async def find(self, question: str, narrow: Filter, limit: int) -> tuple[Recalled, ...]:
        """Return the nearest passages, nearest first."""

    async def version(self, kinds: Sequence[str]) -> str:
        """Return what changes whenever a memory of these kinds does."""


class Kept(Protocol):
    """Answers that may be used again."""

    def find(self, key: str, now: datetime) -> Reply | None:
        """Return the answer of a key."""

    def keep(self, key: str, reply: Reply, now: datetime) -> None:
        """Keep an answer."""


class Texts(Protocol):
    """The office's own words."""

    def write(self, desk: str, wording: Wording) -> Written:
        """Return a text in the customer's language."""


class Answerer:
    """Answers what customers ask, from what they may read; the same question at the same sources, alike."""

    def __init__(
        self,
        file: AssistantFile,
        sources: Sources,
        embedder: Embedder,
        kept: Kept,
        texts: Texts,
        *,
        office_version: str,
        clock: Callable[[], datetime],
    ) -> None:
        """Wire the parts.

        Args:
            file: the office's.
            sources: where passages are.
            embedder: how near a sentence is to a question.
            kept: answers by the exact question.
            texts: what is said in the office's words.
            office_version: of the office that the answers are of.
            clock: tells the moment.
        """
        self._file = file
        self._sources = sources
        self._embedder = embedder
        self._kept = kept
        self._texts = texts
        self._office_version = office_version
        self._clock = clock

    async def answer(self, text: str) -> Reply:
        """Return the answer to a customer's words: the first that can be given for certain."""
        if names_one(text, self._file.people.asked_by):
            return self._own_words(ASKED_TEXT, TurnPath.ASKED)
        version = await self._version()
        key = question_key(text, PUBLIC, version)
        if kept := await asyncio.to_thread(self._kept.find, key, self._clock()):
            return kept.model_copy(update={"path": TurnPath.CACHE})
        found, nearest = await self._span(text)
        if found is None:
            return self._own_words(UNKNOWN_TEXT, TurnPath.UNKNOWN).model_copy(update={"score": nearest})
        reply, passage = found
        if self._may_keep(text, reply, passage) and await self._version() == version:
            await asyncio.to_thread(self._kept.keep, key, reply, self._clock())
        return reply

    async def _version(self) -> str:
        return f"{self._office_version}/{await self._sources.version(self._file.answers.kinds)}"

    async def _span(self, text: str) -> tuple[tuple[Reply, Recalled] | None, float]:
        """Return the nearest passage's words with the passage, if it is near enough; and how near it is."""
        own = self._file.answers
        narrow = Filter(kinds=own.kinds, customers=("",), valid_at=self._clock())
        passages = await self._sources.find(text, narrow, PASSAGES)
        if not passages:
            return None, 0.0
        sentences = [sentences_of(passage.text) for passage in passages]
        flat = [sentence for of_one in sentences for sentence in of_one]
        question, *vectors = await self._embedder.embed([text, *flat])
        nearness = np.asarray(vectors) @ np.asarray(question)
        best = int(nearness.argmax())
        score = round(float(nearness[best]), 4)
        starts = np.cumsum([0, *(len(of_one) for of_one in sentences)])
        place = int(np.searchsorted(starts, best, side="right")) - 1
        mine = nearness[starts[place] : starts[place + 1]]
        words = answer_of(sentences[place], mine.tolist(), own.most_chars)
        if score < own.least_score or not words:
            return None, score
        passage = passages[place]
        reply = Reply(
            path=TurnPath.SPAN, text=words, source=passage.source, memory_id=passage.id, score=score
        )
        return (reply, passage), score

    def _may_keep(self, text: str, reply: Reply, passage: Recalled) -> bool:
        """Say whether an answer may be used again: not about money, and not of a passage that runs out."""
        never = self._file.cache.never
        return passage.valid_until is None and not names_one(text, never) and not names_one(reply.text, never)

    def _own_words(self, name: str, path: TurnPath) -> Reply:
        return Reply(path=path, text=self._texts.write(DESK, Wording(name=name)).text)


def sentences_of(passage: str) -> list[str]:
    """Return a passage's sentences."""
    return [each.strip() for each in segment("en", passage) if each.strip()]


def answer_of(sentences: Sequence[str], nearness: Sequence[float], most_chars: int) -> str:
    """Return what a passage states, word for word: all of it, or its nearest sentences in their order.

    A heading that is a question states nothing.
    """
    stated = [at for at, sentence in enumerate(sentences) if not sentence.endswith("?")]
    taken: list[int] = []
    room = most_chars
    for at in sorted(stated, key=lambda at: -nearness[at]):
        if len(sentences[at]) + 1 <= room:
            taken.append(at)
            room -= len(sentences[at]) + 1
    return " ".join(sentences[at] for at in sorted(taken))
