"""What is wrong with an office's models, tasks, prompts and labelled examples, each with its place."""

from pathlib import Path

from contracts.problem import OfficeInvalid, Problem
from models.catalogue import FILE, Catalogue, load_catalogue
from models.examples import load_examples
from models.prompts import load_prompts
from models.training import TooFewExamples, split


def check_models(office: Path) -> list[Problem]:
    """Return every problem of `models.toml` and of the examples it names; empty if all is well."""
    try:
        catalogue = load_catalogue(office)
    except OfficeInvalid as invalid:
        return invalid.problems
    return [*_check_prompts(office, catalogue), *_check_examples(office, catalogue)]


def _check_prompts(office: Path, catalogue: Catalogue) -> list[Problem]:
    try:
        load_prompts(office, catalogue)
    except OfficeInvalid as invalid:
        return invalid.problems
    return []


def _check_examples(office: Path, catalogue: Catalogue) -> list[Problem]:
    problems: list[Problem] = []
    for name, task in catalogue.tasks.items():
        if task.contract != "label" or not task.examples:
            continue
        try:
            examples = load_examples(office / task.examples, frozenset(task.labels))
            split(examples)
        except OfficeInvalid as invalid:
            problems += [_placed(problem, task.examples) for problem in invalid.problems]
        except TooFewExamples as few:
            problems.append(Problem(file=task.examples, line=0, what=str(few), fix="write some more"))
        else:
            unseen = set(task.labels) - {example.label for example in examples}
            problems += [
                Problem(file=FILE, line=0, what=f"[tasks.{name}] label {label!r} has no example")
                for label in sorted(unseen)
            ]
    return problems


def _placed(problem: Problem, file: str) -> Problem:
    return problem.model_copy(update={"file": file})
