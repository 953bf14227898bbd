"""Staff and office: who works here, who is away, what the policies say, and what changed since when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from starlette.responses import Response

from console.visit import Visit
from contracts.money import money_text
from contracts.office import Release
from policy.engine import CedarEngine
from policy.source import Policy
from policy.staff import Absence, Member, Staff

MOST_RELEASES = 20


@dataclass(frozen=True)
class AbsenceLine:
    """Days on which somebody is away, and who stands in.

    Attributes:
        days: first and last in words: `21 Dec to 3 Jan 2027`.
    """

    days: str
    stand_in: str
    now: bool


@dataclass(frozen=True)
class PersonLine:
    """Somebody who works here."""

    name: str
    roles: str
    limit: str
    stands_in_for: str
    absences: Sequence[AbsenceLine]
    passkeys: int


@dataclass(frozen=True)
class PolicyLine:
    """A policy: its sentence, its name, and where it stands.

    Attributes:
        kind: `lets it be done`, `forbids it` or `asks a person`.
    """

    id: str
    sentence: str
    kind: str
    tone: str
    asks: str
    place: str


@dataclass(frozen=True)
class PolicyFile:
    """A file of policies."""

    name: str
    policies: Sequence[PolicyLine]


@dataclass(frozen=True)
class ReleaseLine:
    """One time that an office was put in force."""

    version: str
    at: datetime
    by: str
    note: str
    changes: str
    problems: int


@dataclass(frozen=True)
class OfficeView:
    """The page."""

    version: str
    people: Sequence[PersonLine]
    roles: Sequence[tuple[str, str]]
    files: Sequence[PolicyFile]
    releases: Sequence[ReleaseLine]


def show(visit: Visit) -> Response:
    """Show it."""
    kontor, engine = visit.kontor, visit.kontor.policy_engine
    staff = engine.book.staff
    view = OfficeView(
        version=kontor.office_version,
        people=tuple(_person(visit, staff, name, member) for name, member in staff.people.items()),
        roles=tuple(staff.roles.items()),
        files=tuple(_files(engine)),
        releases=tuple(_release(each) for each in kontor.offices.history(MOST_RELEASES)),
    )
    return visit.page("office.html", "Staff and office", view)


def _person(visit: Visit, staff: Staff, name: str, member: Member) -> PersonLine:
    standing = staff.standing(name, visit.now)
    today = visit.now.astimezone(ZoneInfo(staff.time_zone)).date()
    limit = money_text(standing.limit_cents, standing.limit_currency) if standing.limit_cents else ""
    return PersonLine(
        name=member.name,
        roles=", ".join(member.roles),
        limit=limit,
        stands_in_for=", ".join(staff.people[each].name for each in standing.stands_in_for),
        absences=tuple(_absence(staff, each, today) for each in member.absent if each.last >= today),
        passkeys=len(visit.kontor.passkeys.of(name)),
    )


def _absence(staff: Staff, absence: Absence, today: date) -> AbsenceLine:
    stand_in = staff.people[absence.stand_in].name if absence.stand_in else ""
    days = f"{absence.first:%-d %b} to {absence.last:%-d %b %Y}"
    return AbsenceLine(days, stand_in, absence.covers(today))


def _files(engine: CedarEngine) -> list[PolicyFile]:
    files: dict[str, list[PolicyLine]] = {}
    for policy in engine.book.policies:
        files.setdefault(policy.file, []).append(_policy(engine, policy))
    return [PolicyFile(name, tuple(found)) for name, found in files.items()]


def _policy(engine: CedarEngine, policy: Policy) -> PolicyLine:
    unattended = '"unattended"' in policy.text
    if policy.effect == "permit":
        kind, tone = ("lets it run unattended" if unattended else "lets it be done"), "good"
    else:
        kind, tone = ("asks a person", "warn") if unattended else ("forbids it", "bad")
    people = f"{policy.needed} of them" if policy.needed > 1 else ""
    asks = ", ".join(each for each in (" → ".join(policy.roles), people) if each)
    return PolicyLine(policy.id, policy.reason, kind, tone, asks, f"{policy.file}:{policy.line}")


def _release(release: Release) -> ReleaseLine:
    found = release.changes
    names = [*found.added, *found.removed, *found.changed]
    few = 4
    words = ", ".join(names[:few]) + (f" and {len(names) - few} more" if len(names) > few else "")
    return ReleaseLine(release.version, release.at, release.by, release.note, words, len(release.problems))
