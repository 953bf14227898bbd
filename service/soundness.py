"""Is an office sound? What `kontor check` says, and what decides whether an office is served."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from connectors.checks.manifests import check_connectors, sound_manifests
from connectors.imports.mapping import check_imports
from connectors.manifest import read_manifests
from connectors.sources.files import sound_sources
from connectors.subscriptions.files import sound_subscriptions
from contracts.bounds import twice_said
from contracts.office import OfficeInvalid, Problem, decoded, lines_of, not_utf_8, office_files, read_text
from contracts.toml_lines import TomlLines
from models.check import check_models, unmeasured
from models.gemini.prompts import load_prompts
from models.local.language import KNOWN
from models.routing.catalogue import load_catalogue
from models.routing.cost import load_limits
from policy.calendar import FILE as OFFICE_FILE
from policy.calendar import OfficeCalendar, read_calendar
from policy.check import check_rules
from policy.engine import CedarEngine
from policy.staff import FILE as STAFF_FILE
from policy.staff import mail_notes, read_staff
from policy.texts import OfficeTexts, check_wordings
from service.channels import notes_of, unfilled
from service.mailboxes import check_mailboxes
from service.sources import check_sources
from service.subscriptions import check_subscriptions
from workflows.registry import DESKS, check_desk_files, fact_types, told_besides

TEXTS = (".toml", ".cedar", ".jsonl", ".txt")
JSON_LINES = ".jsonl"


def check_office(office: Path) -> list[Problem]:
    """Return every problem of an office folder, failing policy tests included, by file and line."""
    if unreadable := check_texts(office):
        return unreadable
    found = [
        *check_connectors(office),
        *check_imports(office),
        *check_rules(office, fact_types()),
        *check_models(office),
        *_check_wordings(office),
        *_check_waits(office),
        *_check_languages(office),
        *check_sources(office),
        *check_mailboxes(office),
        *check_desk_files(office),
        *check_subscriptions(office),
        *unfilled(office),
    ]
    return sorted(found, key=lambda problem: (problem.file, problem.line))


def check_texts(office: Path) -> list[Problem]:
    """Return every line of an office's files that is no text, or JSON that says one name twice.

    What is no text no other check can read, so nothing else is said of an office with such a line.
    """
    problems: list[Problem] = []
    for file, given in office_files(office).items():
        if not file.endswith(TEXTS):
            continue
        lines = lines_of(decoded(given, errors="surrogateescape"))
        for number, line in enumerate(lines, start=1):
            twice = twice_said(line) if file.endswith(JSON_LINES) else ""
            if what := not_utf_8(line) or twice:
                problems.append(Problem(file=file, line=number, what=what))
    return problems


NEEDED: tuple[Callable[[Path], object], ...] = (
    lambda office: CedarEngine.from_office(office, fact_types()),
    OfficeCalendar.from_office,
    lambda office: sound_manifests(office, os.environ),
    sound_sources,
    sound_subscriptions,
    lambda office: load_prompts(office, load_catalogue(office)),
    load_limits,
)
"""What a worker reads when it starts."""


def unservable(office: Path) -> list[Problem]:
    """Return the problems that no worker can start with, whoever wants it anyway."""
    if problems := check_texts(office):
        return problems
    for needed in NEEDED:
        try:
            needed(office)
        except OfficeInvalid as invalid:
            problems += invalid.problems
    return problems


def channel_notes(office: Path) -> list[str]:
    """Return what the office's channels cannot do for its desks; nothing while a manifest cannot be read."""
    try:
        manifests = sound_manifests(office, os.environ)
    except OfficeInvalid:
        return []
    return list(notes_of(manifests))


def language_notes(office: Path) -> list[str]:
    """Return which tasks have no measured quality in a language that the office reads."""
    file, _ = read_calendar(office)
    if file is None or check_models(office):
        return []
    measured = {task: found for desk in DESKS.values() for task, found in desk.measured.items()}
    return unmeasured(office, file.reads, measured)


def staff_notes(office: Path) -> list[str]:
    """Return who of the staff has no mail address of their own; none while the file cannot be read."""
    file = office / STAFF_FILE
    if not file.exists():
        return []
    text = read_text(file)
    staff, problems = read_staff(text)
    return [] if problems else list(mail_notes(staff, TomlLines(text)))


def _check_languages(office: Path) -> Iterator[Problem]:
    """Yield each language of the office that nothing recognises: it would be read by nobody."""
    file, _ = read_calendar(office)
    for name in sorted(set(file.languages) - set(KNOWN) if file else ()):
        line = TomlLines(read_text(office / OFFICE_FILE)).line(("languages",))
        what, fix = f"no text is recognised as {name!r}", f"languages are: {', '.join(sorted(KNOWN))}"
        yield Problem(file=OFFICE_FILE, line=line, what=what, fix=fix)


def _check_waits(office: Path) -> Iterator[Problem]:
    """Yield each wait of the office that no desk knows: a wrong name would be a default, in silence."""
    file, _ = read_calendar(office)
    known = sorted({name for desk in DESKS.values() for name in desk.waits})
    for name in sorted(set(file.waits) - set(known) if file else ()):
        line = TomlLines(read_text(office / OFFICE_FILE)).line(("waits", name))
        what, fix = f"no desk waits for {name!r}", f"waits are: {', '.join(known)}"
        yield Problem(file=OFFICE_FILE, line=line, what=what, fix=fix)


def _check_wordings(office: Path) -> Iterator[Problem]:
    """Yield what is wrong with what customers are told, of the desks that work at this office."""
    file, _ = read_calendar(office)
    if file is None:
        return
    manifests = [found.manifest for found in read_manifests(office, os.environ)[0]]
    desks = [desk for desk in DESKS.values() if any(desk.sources(manifest) for manifest in manifests)]
    texts = OfficeTexts.from_office(office, file)
    needed = {**{desk.name: desk.texts for desk in desks if desk.texts}, **told_besides(office)}
    yield from check_wordings(office, texts, needed)
