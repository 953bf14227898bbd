"""People's corrections become examples: collected into a file, reviewed by a person, taken in."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from contracts.base import Frozen
from contracts.decision import ReviewItem
from contracts.json_lines import read_json_lines
from contracts.office import OfficeInvalid, Problem
from models.local.examples import Example

SKIP = "-"


class Doubts(Protocol):
    """Where doubtful decisions are read; implemented in `memory/`."""

    def doubts(self, task: str, since: datetime, limit: int) -> list[ReviewItem]:
        """Return a task's doubtful decisions since a moment, newest first."""


class Correction(Frozen):
    """One line of a review file; a person fills in `label`.

    Attributes:
        label: the right label; empty means not reviewed yet, `-` means not fit as an example. Filled in
            already where a person said what the customer means when the desk asked them.
    """

    case_id: str
    text: str
    guess: str
    confidence: float | None = None
    why: str = ""
    label: str = ""


def write_review(
    doubts: Sequence[ReviewItem], file: Path, known: Iterable[Example], redact: Callable[[str], str]
) -> int:
    """Write a review file of the texts that are no examples yet; return how many.

    Args:
        doubts: what to review.
        file: written anew.
        known: examples there are.
        redact: takes personal data out, since examples live in the office's repository.
    """
    seen = {example.key for example in known}
    lines = []
    for doubt in doubts:
        text = redact(doubt.text)
        key = Example(text=text, label="?").key
        if key not in seen:
            seen.add(key)
            correction = Correction(
                case_id=doubt.case_id,
                text=text,
                guess=doubt.guess,
                confidence=doubt.confidence,
                why=doubt.why,
                label=doubt.label,
            )
            lines.append(json.dumps(correction.model_dump(), ensure_ascii=False))
    file.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return len(lines)


def read_review(file: Path, labels: frozenset[str]) -> tuple[list[Example], int]:
    """Read a review file back.

    Returns:
        The examples it makes, and how many lines have no label yet.

    Raises:
        OfficeInvalid: with every line that cannot be read or has an unknown label.
    """
    examples: list[Example] = []
    read, problems = read_json_lines(file, Correction)
    waiting = 0
    for number, correction in read:
        if not correction.label:
            waiting += 1
        elif correction.label in labels:
            examples.append(Example(text=correction.text, label=correction.label))
        elif correction.label != SKIP:
            what = f"label {correction.label!r} is not one of {', '.join(sorted(labels))}"
            problems.append(
                Problem(file=file.name, line=number, what=what, fix=f"or {SKIP!r} to leave it out")
            )
    if problems:
        raise OfficeInvalid(sorted(problems, key=lambda problem: problem.line))
    return examples, waiting
