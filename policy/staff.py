"""The people of an office: their roles, what they may answer for, and who stands in for whom."""

import re
import tomllib
from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError

from contracts.frozen import Frozen
from contracts.problem import Problem
from policy.lines import line_of

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
    """

    name: str
    roles: tuple[str, ...]
    limit_cents: int = 0
    mail: str = ""
    absent: tuple[Absence, ...] = ()


class Standing(Frozen):
    """What a person is on one day, stand-ins included: the principal of a policy on answering."""

    person: str
    roles: tuple[str, ...] = ()
    limit_cents: int = 0
    absent: bool = False
    stands_in_for: tuple[str, ...] = ()


class Staff(Frozen):
    """The content of `staff.toml`.

    Attributes:
        time_zone: in which a day of absence begins and ends.
        roles: name and what it is for, from the first asked to the last.
    """

    time_zone: str = "UTC"
    roles: dict[str, str] = Field(default_factory=dict)
    people: dict[str, Member] = Field(default_factory=dict)

    def standing(self, person: str, at: datetime, asked_by: str = "") -> Standing:
        """Return what `person` is at a moment.

        A stand-in has the roles and the limit of everybody who is away and named them; standing in
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
        return Standing(
            person=person,
            roles=tuple(role for role in self.roles if role in roles),
            limit_cents=max(each.limit_cents for each in held),
            absent=any(absence.covers(day) for absence in member.absent),
            stands_in_for=tuple(lenders),
        )


def read_staff(text: str, file: str = FILE) -> tuple[Staff, list[Problem]]:
    """Return the staff, empty if the file cannot be read, and what is wrong with it."""
    try:
        staff = Staff.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"line (\d+)", str(error))
        line = int(where.group(1)) if where else 0
        return Staff(), [Problem(file=file, line=line, what=f"not TOML: {error}")]
    except ValidationError as invalid:
        return Staff(), [
            Problem(
                file=file,
                line=line_of(text, [str(part) for part in error["loc"]]),
                what=f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}",
            )
            for error in invalid.errors()
        ]
    return staff, list(_staff_problems(staff, text, file))


def _staff_problems(staff: Staff, text: str, file: str) -> Iterator[Problem]:
    try:
        ZoneInfo(staff.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        yield Problem(file=file, line=line_of(text, ["time_zone"]), what=f"no zone {staff.time_zone!r}")
    for person, member in staff.people.items():
        line = line_of(text, ["people", person])
        for role in member.roles:
            if role not in staff.roles:
                known = ", ".join(staff.roles) or "none"
                yield Problem(
                    file=file, line=line, what=f"{person}: no role {role!r}", fix=f"roles are: {known}"
                )
        if member.limit_cents < 0:
            yield Problem(file=file, line=line, what=f"{person}: a limit below zero")
        for absence in member.absent:
            if absence.last < absence.first:
                yield Problem(file=file, line=line, what=f"{person}: an absence ends before it begins")
            if absence.stand_in and (absence.stand_in not in staff.people or absence.stand_in == person):
                yield Problem(
                    file=file, line=line, what=f"{person}: nobody named {absence.stand_in!r} can stand in"
                )
