"""Does an office's inbox fit its staff, its desks, its task and itself? Part of what `kontor check` says."""

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from connectors.mailboxes.files import MailboxesFile
from connectors.manifest import read_manifests
from contracts.office import OfficeInvalid, Problem, read_text
from contracts.toml_lines import read_toml
from models.routing.catalogue import load_catalogue
from policy.staff import FILE as STAFF_FILE
from policy.staff import Staff
from workflows.inbox.inbox_file import FILE, InboxFile, InboxOfOffice
from workflows.inbox.types import DESK, TOPIC


def check_inbox(office: Path, desks: Collection[str]) -> Iterator[Problem]:
    """Yield every problem of `inbox.toml`, by line; nothing for an office without one.

    Args:
        office: the folder.
        desks: the desks whose cases a topic may start.
    """
    read = InboxOfOffice(office)
    yield from read.problems
    if read.file is None:
        yield from () if read.problems else _mail_without_inbox(office)
        return
    yield from _within(read, read.file)
    yield from _topics_desks(read, read.file, desks)
    yield from _beginnings(read, read.file, office)
    yield from _teams_roles(read, read.file, office)
    yield from _labels(read, read.file, office)


def _mail_without_inbox(office: Path) -> Iterator[Problem]:
    """Yield each mailbox whose mails the desk would get, and could not route."""
    boxes = MailboxesFile(office)
    for name, box in boxes.mailboxes.items():
        if box.desk == DESK:
            what = f"the desk {DESK} routes by {FILE}, which is missing"
            yield boxes.problem((name, "desk"), what, "write it: docs/inbox.md says what stands in it")


def _within(read: InboxOfOffice, file: InboxFile) -> Iterator[Problem]:
    """Yield each name of a team, a clock or a level that the file itself does not explain."""
    teams, clocks, levels = list(file.teams), list(file.clocks), list(file.levels)
    if file.unsure not in file.teams:
        yield read.problem(("unsure",), f"there is no team {file.unsure!r}", teams, "teams")
    if file.unsure_clock not in file.clocks:
        yield read.problem(("unsure_clock",), f"there is no clock {file.unsure_clock!r}", clocks, "clocks")
    for name, topic in file.topics.items():
        if topic.team and topic.team not in file.teams:
            yield read.problem(("topics", name, "team"), f"there is no team {topic.team!r}", teams, "teams")
        if topic.clock not in file.clocks:
            yield read.problem(
                ("topics", name, "clock"), f"there is no clock {topic.clock!r}", clocks, "clocks"
            )
    for name, clock in file.clocks.items():
        for level in sorted(set(clock.levels) - set(file.levels)):
            yield read.problem(
                ("clocks", name, "levels", level), f"there is no level {level!r}", levels, "levels"
            )


def _topics_desks(read: InboxOfOffice, file: InboxFile, desks: Collection[str]) -> Iterator[Problem]:
    for name, topic in file.topics.items():
        if topic.desk and topic.desk not in desks:
            yield read.problem(
                ("topics", name, "desk"), f"there is no desk {topic.desk!r}", [*desks], "desks"
            )


def _beginnings(read: InboxOfOffice, file: InboxFile, office: Path) -> Iterator[Problem]:
    """Yield each topic whose operation begins no case of its desk."""
    begins = {
        f"{found.manifest.name}.{name}": operation.request.path
        for found in read_manifests(office, os.environ)[0]
        if found.manifest.transport == "desk"
        for name, operation in found.manifest.operations.items()
        if operation.effect == "write"
    }
    for name, topic in file.topics.items():
        if topic.begins and begins.get(topic.begins) != topic.desk:
            what = f"{topic.begins!r} begins no case of the desk {topic.desk!r}"
            fits = [each for each, desk in begins.items() if desk == topic.desk]
            yield read.problem(("topics", name, "begins"), what, fits, "operations")


def _teams_roles(read: InboxOfOffice, file: InboxFile, office: Path) -> Iterator[Problem]:
    """Yield each team whose role nobody can have; an unsound `staff.toml` has problems of its own."""
    try:
        roles = list(read_toml(read_text(office / STAFF_FILE), Staff, STAFF_FILE).roles)
    except (OSError, OfficeInvalid):
        return
    for name, team in file.teams.items():
        for field, role in (("role", team.role), *(("escalates_to", role) for role in team.escalates_to)):
            if role not in roles:
                what = f"{STAFF_FILE} has no role {role!r}"
                yield read.problem(("teams", name, field), what, roles, "roles")


def _labels(read: InboxOfOffice, file: InboxFile, office: Path) -> Iterator[Problem]:
    """Yield each topic that no answer of the topic's task can name, and each answer that is no topic."""
    try:
        task = load_catalogue(office).tasks.get(TOPIC)
    except OfficeInvalid:
        return
    if task is None:
        yield Problem(
            file="models.toml", line=0, what=f"there is no task {TOPIC!r}", fix=f'[tasks."{TOPIC}"]'
        )
        return
    for name in sorted(set(file.topics) - set(task.labels)):
        what = f'models.toml: [tasks."{TOPIC}".labels] has no {name!r}'
        yield read.problem(("topics", name), what, list(task.labels), "labels")
    for name in sorted(set(task.labels) - set(file.topics)):
        what = f"the task {TOPIC!r} may answer {name!r}, which is no topic"
        yield Problem(file=FILE, line=0, what=what, fix=f"write [topics.{name}], or take the label away")
