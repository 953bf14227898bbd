"""What the returns desk would do unattended on messages that ask for nothing, and what it does on plain ones.

Nothing is sent anywhere: the real head and the real rules read each message, as the desk would for an order
with one line, on which nothing but the reading stands between the message and the money.
"""

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.rows import Row
from bootstrap.installation import Installation
from models.local.classifier import Head
from models.local.examples import Example, load_examples
from models.local.features import Features, features_of
from models.local.training import train
from workflows.returns.reading import MOVES_MONEY
from workflows.returns.wishes.guard import doubts

MESSAGES = Path(__file__).parent / "messages"
TASK = "returns.intent"
FOLDS = 5
_THIRD_PERSON = re.compile(
    r"^(?:she|he|anna|the (?:customer|user)|you(?:'re| are| got| ordered)|your order)\b", re.I
)
"""Examples that tell of a customer instead of being written by one; such words no longer move money."""


def unasked_messages(half: str) -> list[Example]:
    """Return the messages of one half, `seen` or `held_out`, labelled with their kind."""
    lines = (MESSAGES / f"unasked_{half}.jsonl").read_text(encoding="utf-8").split("\n")
    return [Example.model_validate_json(line) for line in lines if line]


async def unasked_rows(kontor: Installation) -> list[Row]:
    """Count effects on messages that ask for none, and how many plain requests are still understood."""
    task = kontor.catalogue.tasks[TASK]
    head = await kontor.head_candidate.head(TASK, task)
    rows = []
    for half in ("held_out", "seen"):
        messages = unasked_messages(half)
        features = await features_of(kontor.embedder, [each.text for each in messages])
        acted = _understood(head, features, messages)
        name = "returns.unasked_effects" + ("" if half == "held_out" else "_seen")
        rows.append(Row(name, float(sum(acted)), "count", 0.0))
        rows.append(Row(f"{name}_before", float(sum(_understood(head, features, []))), "count"))
    before, after = await _plain_recall(kontor)
    return [
        *rows,
        Row("returns.plain_recall", after, "share", before - 0.03),
        Row("returns.plain_recall_before", before, "share"),
    ]


def _understood(head: Head, features: Features, messages: list[Example]) -> list[bool]:
    """Say of each text whether its intent is accepted and moves money; given messages, with the guard."""
    accepted = [
        guess.accepted(head.card.accept) and guess.label in {intent.value for intent in MOVES_MONEY}
        for guess in head.guess(features)
    ]
    if not messages:
        return accepted
    return [yes and not doubts(each.text) for yes, each in zip(accepted, messages, strict=True)]


async def _plain_recall(kontor: Installation) -> tuple[float, float]:
    """Return the share of plain requests that are understood rightly, without and with the guard.

    By heads that did not see the example: five folds.
    """
    task = kontor.catalogue.tasks[TASK]
    examples = load_examples(kontor.settings.office / task.examples)
    features = await features_of(kontor.embedder, [each.text for each in examples])
    fold = np.random.default_rng(7).integers(0, FOLDS, len(examples))
    before = after = plain = 0
    for number in range(FOLDS):
        inside, outside = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        head = await asyncio.to_thread(
            train,
            TASK,
            task,
            [examples[index] for index in inside],
            features.rows(list(inside)),
            embedder=kontor.embedder.identity,
            today=datetime.now(UTC).date(),
        )
        for index, guess in zip(outside, head.guess(features.rows(list(outside))), strict=True):
            example = examples[index]
            if example.label not in {intent.value for intent in MOVES_MONEY}:
                continue
            if _THIRD_PERSON.match(example.text):
                continue
            right = guess.accepted(head.card.accept) and guess.label == example.label
            plain, before = plain + 1, before + right
            after += right and not doubts(example.text)
    return before / plain, after / plain
