"""Labelled examples: one JSON object a line, `{"text": ..., "label": ...}`."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import Field

from contracts.base import Frozen, text_hash
from contracts.json_lines import read_json_lines
from contracts.office import OfficeInvalid, Problem

LEAST_PER_LABEL = 8


class Example(Frozen):
    """A text and the label a person gave it."""

    text: str = Field(min_length=1)
    label: str = Field(min_length=1)

    @cached_property
    def key(self) -> str:
        """The same for texts that differ only in case and spacing."""
        return text_hash(" ".join(self.text.lower().split()))


def load_examples(file: Path, labels: frozenset[str] = frozenset()) -> list[Example]:
    """Read labelled examples, without repetitions, in an order that does not depend on the file's.

    Args:
        file: JSON lines.
        labels: the labels that may occur; empty means any.

    Raises:
        OfficeInvalid: with every bad line, every unknown label, every text with two labels.
    """
    read, problems = read_json_lines(file, Example)
    found: dict[str, Example] = {}
    for number, example in read:
        if labels and example.label not in labels:
            what = f"label {example.label!r} is not one of {', '.join(sorted(labels))}"
            problems.append(Problem(file=file.name, line=number, what=what))
        elif (earlier := found.setdefault(example.key, example)).label != example.label:
            what = f"the same text is labelled {earlier.label!r} elsewhere"
            problems.append(Problem(file=file.name, line=number, what=what))
    if problems:
        raise OfficeInvalid(sorted(problems, key=lambda problem: problem.line))
    return [found[key] for key in sorted(found)]


def append_examples(file: Path, examples: list[Example]) -> int:
    """Append examples whose text is not in the file yet; return how many were."""
    known = {example.key for example in load_examples(file)} if file.is_file() else set()
    fresh = {example.key: example for example in examples if example.key not in known}
    with file.open("a", encoding="utf-8") as stream:
        for example in fresh.values():
            stream.write(json.dumps(example.model_dump(), ensure_ascii=False) + "\n")
    return len(fresh)


def data_hash(examples: list[Example]) -> str:
    """Return the SHA-256 over all texts and labels."""
    digest = hashlib.sha256()
    for example in examples:
        digest.update(f"{example.key}\t{example.label}\n".encode())
    return digest.hexdigest()


class TooFewExamples(Exception):
    """A label has too few examples to train and to hold out."""


@dataclass(frozen=True)
class Split:
    """Indexes of the examples to learn from and of those held out."""

    learn: list[int]
    held_out: list[int]


def split(examples: list[Example]) -> Split:
    """Hold out part of each label's examples, chosen by the hash of their text.

    Few examples give two fifths away, so that the threshold's bound rests on something; many give a
    fifth. The choice depends on the texts alone: the same data is always split the same way.

    Raises:
        TooFewExamples: a label has fewer than eight.
    """
    share = min(0.4, max(0.2, 300 / max(len(examples), 1)))
    by_label: dict[str, list[int]] = {}
    for index in sorted(range(len(examples)), key=lambda index: examples[index].key):
        by_label.setdefault(examples[index].label, []).append(index)
    learn, held_out = [], []
    for label, indexes in sorted(by_label.items()):
        if len(indexes) < LEAST_PER_LABEL:
            raise TooFewExamples(f"label {label!r} has {len(indexes)} examples; {LEAST_PER_LABEL} are needed")
        cut = round(len(indexes) * share)
        held_out += indexes[:cut]
        learn += indexes[cut:]
    return Split(learn=sorted(learn), held_out=sorted(held_out))
