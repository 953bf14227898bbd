"""What is wrong with an office's policies and people, found before anything runs."""

from pathlib import Path

from contracts.problem import Problem
from policy.book import read_book
from policy.engine import CedarEngine
from policy.trials import failing_trials
from policy.validation import validate


def check_policies(office: Path) -> list[Problem]:
    """Return every problem of the policies, the staff and the policy tests, with file and line.

    Tests are run only on policies that are sound: a verdict of half a folder says nothing.
    """
    book, problems = read_book(office)
    problems = [*problems, *validate(book)]
    return problems or failing_trials(office, CedarEngine(book))
