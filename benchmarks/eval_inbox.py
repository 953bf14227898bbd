"""How mail is routed by topic: does the promised error hold, with strangers' mail among it?

Topics are learned as the product learns them, from some families of `bitext`; what is judged are its other
families, with foreign mail (`banking77`) mixed in as 18 of 100. A foreign mail that is routed is wrong.
`KONTOR_EVAL_TEXTS` limits the texts that are judged (default: all), for trying the code out.
"""

import asyncio
from dataclasses import dataclass
from datetime import date

import numpy as np

from benchmarks.data import data_folder
from benchmarks.eval_intents import banking77, bitext
from benchmarks.rows import Row
from models.local.classifier import Head
from models.local.embedder import SentenceEmbedder
from models.local.examples import Example
from models.local.features import features_of
from models.local.training import train
from models.routing.catalogue import TaskSpec

TASK, TARGET_ERROR, CONFIDENCE, GUARD_SHARE = "inbox.topic", 0.01, 0.9, 0.05
FOREIGN = 0.18
LEAST_COVERAGE = 0.9


@dataclass(frozen=True)
class Routed:
    """What became of mails: which of ours and of foreign ones were routed, and which of ours rightly."""

    own: np.ndarray[tuple[int], np.dtype[np.bool_]]
    right: np.ndarray[tuple[int], np.dtype[np.bool_]]
    foreign: np.ndarray[tuple[int], np.dtype[np.bool_]]

    @property
    def error(self) -> float:
        """The share of what was routed that was routed wrongly."""
        routed = int(self.own.sum() + self.foreign.sum())
        wrong = int((self.own & ~self.right).sum() + self.foreign.sum())
        return wrong / routed if routed else 0.0


async def rows() -> list[Row]:
    """Return the error of what is routed, how much is, and what foreign mail does to it."""
    folder = data_folder("intents")
    own, strangers = bitext(folder), banking77(folder)
    count = round(len(own.judge) * FOREIGN / (1 - FOREIGN))
    embedder = SentenceEmbedder()
    head = await learned(own.learn, embedder)
    routed = await route(head, own.judge, strangers.judge[:count], embedder)
    await asyncio.to_thread(embedder.close)
    accept = head.card.accept
    everything = len(routed.own) + len(routed.foreign)
    return [
        Row("inbox.route_mails", everything, "count"),
        Row("inbox.route_foreign", len(routed.foreign) / everything, "share"),
        Row("inbox.route_error", routed.error, "share", TARGET_ERROR),
        Row("inbox.route_error_promised", accept.error_bound, "share", TARGET_ERROR),
        Row("inbox.route_coverage", float(routed.own.mean()), "share", LEAST_COVERAGE),
        Row("inbox.route_foreign_routed", float(routed.foreign.mean()), "share"),
        Row("inbox.route_accuracy", float(routed.right.mean()), "share"),
    ]


async def learned(examples: list[Example], embedder: SentenceEmbedder) -> Head:
    """Train and calibrate a head as the product does."""
    task = TaskSpec(
        contract="label",
        labels=dict.fromkeys(sorted({example.label for example in examples}), ""),
        latency_ms=1000,
        target_error=TARGET_ERROR,
        target_confidence=CONFIDENCE,
        guard_share=GUARD_SHARE,
        candidates=("head",),
    )
    features = await features_of(embedder, [example.text for example in examples])
    return await asyncio.to_thread(
        train, TASK, task, examples, features, embedder=embedder.identity, today=date.today()
    )


async def route(head: Head, own: list[Example], foreign: list[Example], embedder: SentenceEmbedder) -> Routed:
    """Ask a head where mails go that it never saw."""
    rule = head.card.accept
    guesses = head.guess(await features_of(embedder, [example.text for example in own]))
    strangers = head.guess(await features_of(embedder, [example.text for example in foreign]))
    return Routed(
        own=np.array([guess.accepted(rule) for guess in guesses], dtype=np.bool_),
        right=np.array(
            [mail.label == said.label for mail, said in zip(own, guesses, strict=True)], dtype=np.bool_
        ),
        foreign=np.array([guess.accepted(rule) for guess in strangers], dtype=np.bool_),
    )
