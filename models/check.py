"""What is wrong with an office's models, tasks, prompts and labelled examples, each with its place."""

from pathlib import Path

from contracts.office import OfficeInvalid, Problem
from models.gemini.prompts import load_prompts
from models.local.examples import TooFewExamples, load_examples, split
from models.local.picks import load_match_examples
from models.routing.catalogue import FILE, Catalogue, load_catalogue
from models.routing.cost import load_limits


def check_models(office: Path) -> list[Problem]:
    """Return every problem of `models.toml` and of the examples it names; empty if all is well."""
    try:
        catalogue = load_catalogue(office)
    except OfficeInvalid as invalid:
        return invalid.problems
    return [*_check_asking(office, catalogue), *_check_examples(office, catalogue)]


def _check_asking(office: Path, catalogue: Catalogue) -> list[Problem]:
    """Return what is wrong with the prompts and the budgets, which only paid models need."""
    problems: list[Problem] = []
    for load in (lambda: load_prompts(office, catalogue), lambda: load_limits(office)):
        try:
            load()
        except OfficeInvalid as invalid:
            problems += invalid.problems
    return problems


def _check_examples(office: Path, catalogue: Catalogue) -> list[Problem]:
    problems: list[Problem] = []
    for name, task in catalogue.tasks.items():
        if not task.examples:
            continue
        if task.contract != "label":
            problems += _check_match_examples(office, task.examples)
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


def _check_match_examples(office: Path, file: str) -> list[Problem]:
    try:
        load_match_examples(office / file)
    except OfficeInvalid as invalid:
        return [_placed(problem, file) for problem in invalid.problems]
    return []


def _placed(problem: Problem, file: str) -> Problem:
    return problem.model_copy(update={"file": file})
