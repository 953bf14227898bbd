"""How well the matchers do on the office's labelled examples, rule by rule."""

from collections import defaultdict
from pathlib import Path

from pydantic import ValidationError, model_validator

from contracts.decision import Question
from contracts.evidence import Evidence
from contracts.frozen import Frozen
from contracts.problem import OfficeInvalid, Problem
from models.matching import MatcherCandidate


class MatchExample(Frozen):
    """A text, what may be picked, and what a person picked.

    Attributes:
        current: for variants, the line as it was bought.
        picked: None where the text does not say: the right answer is to be unsure.
    """

    text: str
    choices: tuple[str, ...]
    current: str = ""
    picked: tuple[int, ...] | None

    @model_validator(mode="after")
    def _names_choices(self) -> "MatchExample":
        if any(not 0 <= index < len(self.choices) for index in self.picked or ()):
            raise ValueError(f"picked names no choice: there are {len(self.choices)}")
        return self


class MatcherCard(Frozen):
    """Counts over the examples. They were at hand when the rules were written: no promise follows.

    Attributes:
        answered, wrong: what the rules stood by, and how much of it was not what a person picked.
        wrong_by_rule: for each rule, [wrong, answered].
    """

    task: str
    examples: int
    answered: int
    wrong: int
    wrong_by_rule: dict[str, tuple[int, int]]


def load_match_examples(file: Path) -> list[MatchExample]:
    """Read labelled examples of a matcher's task, one JSON object a line.

    Raises:
        OfficeInvalid: with every bad line.
    """
    if not file.is_file():
        raise OfficeInvalid([Problem(file=file.name, line=0, what="is missing")])
    found: list[MatchExample] = []
    problems: list[Problem] = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            found.append(MatchExample.model_validate_json(line))
        except ValidationError as invalid:
            what = "; ".join(str(error["msg"]) for error in invalid.errors())
            problems.append(Problem(file=file.name, line=number, what=what))
    if problems:
        raise OfficeInvalid(problems)
    return found


async def matcher_card(task: str, examples: list[MatchExample], matcher: MatcherCandidate) -> MatcherCard:
    """Ask the matcher every example and count."""
    by_rule: dict[str, list[bool]] = defaultdict(list)
    for example in examples:
        evidence = (Evidence(source="order:example", text=example.current),) if example.current else ()
        question = Question(task=task, text=example.text, choices=example.choices, evidence=evidence)
        match = await matcher.match(task, question)
        if match.sure:
            by_rule[match.rule.split(" (")[0]].append(match.picked != example.picked)
    return MatcherCard(
        task=task,
        examples=len(examples),
        answered=sum(len(wrong) for wrong in by_rule.values()),
        wrong=sum(sum(wrong) for wrong in by_rule.values()),
        wrong_by_rule={rule: (sum(wrong), len(wrong)) for rule, wrong in sorted(by_rule.items())},
    )
