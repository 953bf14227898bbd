"""The people of an office: their roles, what they may answer for, and who stands in for whom."""

from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field

from contracts.base import Frozen
from contracts.money import minor_digits
from contracts.office import OfficeInvalid, Problem
from contracts.toml_lines import TomlLines, read_toml

FILE = "staff.toml"


class Absence(Frozen):
    """Days a person is away, first and last included, in the office's time zone."""

    first: date
    last: date
    stand_in: str = ""

    def covers(self, day: date) -> bool:
        """Say whether the person is away that day."""
        return self.first <= day <= self.last


class Member(Frozen):
    """One person.

    Attributes:
        name: how a list shows them.
        limit_cents: the most they may answer for; compared by policy, not here.
        currency: of that limit; the staff's if left out.
        mail: by which an OpenID provider's first word about them finds them; theirs alone.
    """

    name: str
    roles: tuple[str, ...]
    limit_cents: int = 0
    currency: str = ""
    mail: str = ""
    absent: tuple[Absence, ...] = ()


class StaffState(Frozen):
    """What a person is on one day, stand-ins included: the principal of a policy on answering.

    Attributes:
        limit_cents: their limit in the currency of what is asked, if they have one in it; else their own.
        limit_currency: which currency that is; empty if no limit names one.
    """

    person: str
    roles: tuple[str, ...] = ()
    limit_cents: int = 0
    limit_currency: str = ""
    absent: bool = False
    stands_in_for: tuple[str, ...] = ()


class Staff(Frozen):
    """The content of `staff.toml`.

    Attributes:
        time_zone: in which a day of absence begins and ends.
        currency: of every limit that names none of its own.
        roles: name and what it is for, from the first asked to the last.
    """

    time_zone: str = "UTC"
    currency: str = ""
    roles: dict[str, str] = Field(default_factory=dict)
    people: dict[str, Member] = Field(default_factory=dict)

    def standing(self, person: str, at: datetime, *, asked_by: str = "", currency: str = "") -> StaffState:
        """Return what `person` is at a moment, for something in `currency` that `asked_by` asks.

        A stand-in has the roles and the limit of everybody who is away and named them, of their limits
        the highest in the currency that is asked about, for no two currencies compare; standing in
        is not passed on by a stand-in who is away too. For a request that the absent person made,
        their own roles are not lent: nobody's request is answered with their own authority.

        Raises:
            KeyError: nobody of that name works here.
        """
        member = self.people[person]
        day = at.astimezone(ZoneInfo(self.time_zone)).date()
        lenders = [
            name
            for name, other in self.people.items()
            if name not in (person, asked_by)
            and any(absence.covers(day) and absence.stand_in == person for absence in other.absent)
        ]
        held = [member, *(self.people[name] for name in lenders)]
        roles = {role for each in held for role in each.roles}
        stated = currency or member.currency or self.currency
        limits = [each.limit_cents for each in held if (each.currency or self.currency) == stated]
        return StaffState(
            person=person,
            roles=tuple(role for role in self.roles if role in roles),
            limit_cents=max(limits, default=member.limit_cents),
            limit_currency=stated if limits else member.currency or self.currency,
            absent=any(absence.covers(day) for absence in member.absent),
            stands_in_for=tuple(lenders),
        )


def read_staff(text: str, file: str = FILE) -> tuple[Staff, list[Problem]]:
    """Return the staff, empty if the file cannot be read, and what is wrong with it."""
    try:
        staff = read_toml(text, Staff, file)
    except OfficeInvalid as invalid:
        return Staff(), invalid.problems
    return staff, list(_staff_problems(staff, TomlLines(text), file))


def unnamed_currencies(staff: Staff, lines: TomlLines, file: str = FILE) -> Iterator[Problem]:
    """Yield whose limit is a number without a currency: 30000 is 300.00 EUR, 30000 JPY and 30.000 KWD."""
    for person, member in staff.people.items():
        if member.limit_cents and not (member.currency or staff.currency):
            yield Problem(
                file=file,
                line=lines.line(("people", person, "limit_cents")),
                what=f"{person}: a limit without a currency",
                fix='write currency = "EUR" at the top of the file, or beside the limit',
            )


def mail_notes(staff: Staff, lines: TomlLines, file: str = FILE) -> Iterator[str]:
    """Yield who has no mail address of their own: an OpenID provider's word about them finds nobody."""
    owners = dict[str, list[str]]()
    for person, member in staff.people.items():
        owners.setdefault(member.mail.casefold(), []).append(person)
    for person, member in staff.people.items():
        line = lines.line(("people", person, "mail"))
        others = [each for each in owners[member.mail.casefold()] if each != person]
        if not member.mail:
            yield f"{file}:{line}: {person} has no mail address and cannot come in by an OpenID provider"
        elif others:
            shared = ", ".join(others)
            yield (
                f"{file}:{line}: {person} shares {member.mail} with {shared}: a first sign-in"
                " by an OpenID provider finds nobody"
            )


def _staff_problems(staff: Staff, lines: TomlLines, file: str) -> Iterator[Problem]:
    try:
        ZoneInfo(staff.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        yield Problem(file=file, line=lines.line(("time_zone",)), what=f"no zone {staff.time_zone!r}")
    yield from _no_currency(staff.currency, lines.line(("currency",)), file)
    for person, member in staff.people.items():
        line = lines.line(("people", person))
        for role in member.roles:
            if role not in staff.roles:
                known = ", ".join(staff.roles) or "none"
                yield Problem(
                    file=file, line=line, what=f"{person}: no role {role!r}", fix=f"roles are: {known}"
                )
        if member.limit_cents < 0:
            yield Problem(file=file, line=line, what=f"{person}: a limit below zero")
        yield from _no_currency(member.currency, lines.line(("people", person, "currency")), file)
        for absence in member.absent:
            if absence.last < absence.first:
                yield Problem(file=file, line=line, what=f"{person}: an absence ends before it begins")
            if absence.stand_in and (absence.stand_in not in staff.people or absence.stand_in == person):
                yield Problem(
                    file=file, line=line, what=f"{person}: nobody named {absence.stand_in!r} can stand in"
                )


def _no_currency(currency: str, line: int, file: str) -> Iterator[Problem]:
    try:
        minor_digits(currency or "EUR")
    except ValueError as unknown:
        yield Problem(file=file, line=line, what=str(unknown), fix="write a code such as EUR")
