"""What is wrong with an office's policies and people, found before anything runs."""

from collections.abc import Iterator
from pathlib import Path

from contracts.problem import Problem
from policy.book import PolicyBook, read_book
from policy.calendar import DEFAULT, OfficeFile, read_calendar
from policy.calendar import FILE as OFFICE_FILE
from policy.engine import CedarEngine
from policy.lines import line_of
from policy.staff import FILE as STAFF_FILE
from policy.trials import failing_trials
from policy.validation import validate


def check_policies(office: Path) -> list[Problem]:
    """Return every problem of the policies, the staff and the policy tests, with file and line.

    Tests are run only on policies that are sound: a verdict of half a folder says nothing.
    """
    book, problems = read_book(office)
    problems = [*problems, *validate(book)]
    return problems or failing_trials(office, CedarEngine(book))


def check_calendar(office: Path) -> list[Problem]:
    """Return what is wrong with `office.toml`, alone and beside the staff and the desks."""
    file, problems = read_calendar(office)
    if file is None:
        return problems
    return list(_beside_the_staff(office, file, read_book(office)[0]))


def _beside_the_staff(office: Path, file: OfficeFile, book: PolicyBook) -> Iterator[Problem]:
    text = (office / OFFICE_FILE).read_text()
    if (office / STAFF_FILE).exists() and book.staff.time_zone != file.time_zone:
        yield Problem(
            file=STAFF_FILE,
            line=line_of((office / STAFF_FILE).read_text(), ["time_zone"]),
            what=f"absences are in {book.staff.time_zone}, the office is in {file.time_zone}",
            fix=f'time_zone = "{file.time_zone}"',
        )
    desks, roles = ", ".join(book.words.facts), ", ".join(book.staff.roles) or "none"
    for desk, patience in file.approvals.items():
        line = line_of(text, ["approvals", desk])
        if desk != DEFAULT and desk not in book.words.facts:
            yield Problem(file=OFFICE_FILE, line=line, what=f"no desk {desk!r}", fix=f"desks are: {desks}")
        for role in patience.roles:
            if role not in book.staff.roles:
                what = f"[approvals.{desk}] asks {role!r}"
                yield Problem(file=OFFICE_FILE, line=line, what=what, fix=f"roles are: {roles}")
