"""What is wrong with an office's policies and people, found before anything runs."""

from collections.abc import Iterator
from pathlib import Path

from contracts.office import OfficeInvalid, Problem, read_text
from contracts.toml_lines import TomlLines
from policy.calendar import DEFAULT, OfficeFile, read_calendar
from policy.calendar import FILE as OFFICE_FILE
from policy.engine import CedarEngine
from policy.facts import FactTypes
from policy.policy_set import PolicySet, read_policy_set
from policy.staff import FILE as STAFF_FILE
from policy.staff import unnamed_currencies
from policy.trials import failing_trials
from policy.validation import limits_without_currency, validate


def check_rules(office: Path, fact_types: FactTypes) -> list[Problem]:
    """Return every problem of `office.toml`, the staff, the policies and their tests.

    While `office.toml` is not sound no test is run: each would fail for the one line that is wrong there.
    """
    book, problems = read_policy_set(office, fact_types)
    if unsound := check_calendar(office, book):
        return [*unsound, *(problems and [*problems, *validate(book)])]
    return check_policies(office, book, problems)


def check_policies(office: Path, book: PolicySet, problems: list[Problem]) -> list[Problem]:
    """Return every problem of the policies, the staff and the policy tests, with file and line.

    Tests are run only on policies that are sound: a verdict of half a folder says nothing.

    Args:
        office: the folder.
        book: what was read of it.
        problems: what was wrong with it while it was read.
    """
    if problems:
        return [*problems, *validate(book)]
    try:
        engine = CedarEngine(book)
    except OfficeInvalid as invalid:
        return invalid.problems
    return [*_unnamed_currencies(office, book), *failing_trials(office, engine)]


def _unnamed_currencies(office: Path, book: PolicySet) -> Iterator[Problem]:
    """Yield the limits, of policies and of people, that are numbers without a currency."""
    yield from limits_without_currency(book)
    if (staff := office / STAFF_FILE).exists():
        yield from unnamed_currencies(book.staff, TomlLines(read_text(staff)))


def check_calendar(office: Path, book: PolicySet) -> list[Problem]:
    """Return what is wrong with `office.toml`, alone and beside the staff and the desks of `book`."""
    file, problems = read_calendar(office)
    return problems if file is None else list(_beside_the_staff(office, file, book))


def _beside_the_staff(office: Path, file: OfficeFile, book: PolicySet) -> Iterator[Problem]:
    lines = TomlLines(read_text(office / OFFICE_FILE))
    if (office / STAFF_FILE).exists() and book.staff.time_zone != file.time_zone:
        yield Problem(
            file=STAFF_FILE,
            line=TomlLines(read_text(office / STAFF_FILE)).line(("time_zone",)),
            what=f"absences are in {book.staff.time_zone}, the office is in {file.time_zone}",
            fix=f'time_zone = "{file.time_zone}"',
        )
    desks, roles = ", ".join(book.words.facts), ", ".join(book.staff.roles) or "none"
    for desk, patience in file.approvals.items():
        line = lines.line(("approvals", desk))
        if desk != DEFAULT and desk not in book.words.facts:
            yield Problem(file=OFFICE_FILE, line=line, what=f"no desk {desk!r}", fix=f"desks are: {desks}")
        for role in patience.roles:
            if role not in book.staff.roles:
                what = f"[approvals.{desk}] asks {role!r}"
                yield Problem(file=OFFICE_FILE, line=line, what=what, fix=f"roles are: {roles}")
