"""Labelled examples: one JSON object a line, `{"text": ..., "label": ...}`."""

import hashlib
import json
from pathlib import Path

from pydantic import Field, ValidationError

from contracts.canonical import text_hash
from contracts.frozen import Frozen
from contracts.problem import OfficeInvalid, Problem


class Example(Frozen):
    """A text and the label a person gave it."""

    text: str = Field(min_length=1)
    label: str = Field(min_length=1)

    @property
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
    if not file.is_file():
        raise OfficeInvalid([Problem(file=file.name, line=0, what="is missing")])
    problems: list[Problem] = []
    found: dict[str, Example] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            example = Example.model_validate_json(line)
        except ValidationError as invalid:
            what = "; ".join(str(error["msg"]) for error in invalid.errors())
            problems.append(Problem(file=file.name, line=number, what=what))
            continue
        if labels and example.label not in labels:
            what = f"label {example.label!r} is not one of {', '.join(sorted(labels))}"
            problems.append(Problem(file=file.name, line=number, what=what))
        elif (earlier := found.setdefault(example.key, example)).label != example.label:
            what = f"the same text is labelled {earlier.label!r} elsewhere"
            problems.append(Problem(file=file.name, line=number, what=what))
    if problems:
        raise OfficeInvalid(problems)
    return sorted(found.values(), key=lambda example: example.key)


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
