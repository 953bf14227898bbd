"""How well the matchers do on the office's labelled examples, rule by rule."""

from collections import defaultdict
from pathlib import Path

from pydantic import model_validator

from contracts.base import Frozen
from contracts.decision import Question
from contracts.evidence import Evidence
from contracts.json_lines import read_json_lines
from contracts.office import OfficeInvalid
from models.local.language import language_of
from models.routing.candidate import Asked, Candidate
from models.routing.catalogue import TaskSpec


class MatchExample(Frozen):
    """A text, what may be picked, and what a person picked.

    Attributes:
        current: what the text speaks of as it is now: the question's evidence.
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
        wrong_by_language: the same for each recognised language; empty is short or unclear.
    """

    task: str
    examples: int
    answered: int
    wrong: int
    wrong_by_rule: dict[str, tuple[int, int]]
    wrong_by_language: dict[str, tuple[int, int]]


def load_match_examples(file: Path) -> list[MatchExample]:
    """Read labelled examples of a matcher's task, one JSON object a line.

    Raises:
        OfficeInvalid: with every bad line.
    """
    found, problems = read_json_lines(file, MatchExample)
    if problems:
        raise OfficeInvalid(problems)
    return [example for _, example in found]


async def matcher_card(
    name: str, task: TaskSpec, examples: list[MatchExample], matcher: Candidate
) -> MatcherCard:
    """Ask the matcher every example and count."""
    by_rule: dict[str, list[bool]] = defaultdict(list)
    by_language: dict[str, list[bool]] = defaultdict(list)
    for example in examples:
        evidence = (Evidence(source="example", text=example.current),) if example.current else ()
        question = Question(task=name, text=example.text, choices=example.choices, evidence=evidence)
        reply = await matcher.answer(Asked(name, task, question))
        if reply.outcome == "answered":
            wrong = (reply.answer or {}).get("picked") != _listed(example.picked)
            by_rule[reply.why.split(" (")[0]].append(wrong)
            by_language[language_of(example.text)].append(wrong)
    return MatcherCard(
        task=name,
        examples=len(examples),
        answered=sum(len(wrong) for wrong in by_rule.values()),
        wrong=sum(sum(wrong) for wrong in by_rule.values()),
        wrong_by_rule=_counted(by_rule),
        wrong_by_language=_counted(by_language),
    )


def _counted(found: dict[str, list[bool]]) -> dict[str, tuple[int, int]]:
    return {name: (sum(wrong), len(wrong)) for name, wrong in sorted(found.items())}


def _listed(picked: tuple[int, ...] | None) -> list[int] | None:
    return None if picked is None else list(picked)
