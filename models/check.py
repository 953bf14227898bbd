"""What is wrong with an office's models, tasks, prompts and labelled examples, each with its place."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from contracts.office import OfficeInvalid, Problem
from models.gemini.prompts import load_prompts
from models.local.examples import Example, TooFewExamples, load_examples, split
from models.local.language import language_of
from models.local.picks import load_match_examples
from models.routing.catalogue import FILE, Catalogue, TaskSpec, load_catalogue
from models.routing.cost import load_limits

LEAST_MEASURED = 30
"""Examples of a language: of fewer, not even none wrong proves an error below 10 % (at 95 %)."""

Measures = Mapping[str, Collection[str]]
"""By task: the languages in which its quality is measured."""


def check_models(office: Path) -> list[Problem]:
    """Return every problem of `models.toml` and of the examples it names; empty if all is well."""
    try:
        catalogue = load_catalogue(office)
    except OfficeInvalid as invalid:
        return invalid.problems
    return [*_check_asking(office, catalogue), *_check_examples(office, catalogue)]


def unmeasured(office: Path, languages: Sequence[str], known: Measures) -> list[str]:
    """Return, for each language, which tasks have no measured quality in it, in a sentence.

    Args:
        office: a sound one.
        languages: those that the office reads.
        known: by task, the languages in which a desk measured rules of its own.
    """
    catalogue = load_catalogue(office)
    measured = {
        name: _measured(office, task) if task.examples else frozenset(known.get(name, ()))
        for name, task in catalogue.tasks.items()
    }
    notes = []
    for language in languages:
        without = [name for name, found in sorted(measured.items()) if language not in found]
        if without:
            notes.append(f"no measured quality in {language!r}: {', '.join(without)}")
    return notes


def _measured(office: Path, task: TaskSpec) -> frozenset[str]:
    """Return the languages of which a task's examples hold enough to measure with."""
    file = office / task.examples
    texts = (
        _held_out(load_examples(file, frozenset(task.labels)))
        if task.contract == "label"
        else [example.text for example in load_match_examples(file)]
    )
    found = Counter(map(language_of, texts))
    return frozenset(language for language, count in found.items() if count >= LEAST_MEASURED)


def _held_out(examples: list[Example]) -> list[str]:
    return [examples[index].text for index in split(examples).held_out]


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
