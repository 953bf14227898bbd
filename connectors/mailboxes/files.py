"""Mailboxes from `office/mailboxes.toml`, and every complaint with its table and line."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from connectors.extraction import Extraction, ExtractionInvalid
from connectors.manifest import NAME
from connectors.secrets import SECRET_NAME
from contracts.mailbox import Mailbox
from contracts.office import OfficeInvalid, Problem, read_text
from contracts.toml_lines import Path as Place
from contracts.toml_lines import TomlLines, parse_toml, toml_problem, toml_problems

FILE = "mailboxes.toml"
"""Of an office; one without it has no mailbox."""
FIELDS = "see the fields in docs/mail.md"
_NAMED = TypeAdapter(dict[str, Mailbox])
"""Read under its name, so that a complaint names its table's line."""


class MailboxesFile:
    """An office's mailboxes, as far as they could be read, with every problem of the file."""

    def __init__(self, office: Path) -> None:
        """Read the file, if there is one."""
        self.mailboxes: dict[str, Mailbox] = {}
        self.problems: list[Problem] = []
        path = office / FILE
        text = read_text(path) if path.exists() else ""
        self._lines = TomlLines(text)
        try:
            tables = parse_toml(text, FILE)
        except OfficeInvalid as invalid:
            self.problems += invalid.problems
            return
        for name, table in tables.items():
            self.problems += self._read(name, table)

    def problem(self, at: Place, what: str, fix: str = "") -> Problem:
        """Return a finding at a table or field of the file."""
        return toml_problem(FILE, self._lines, at, what, fix)

    def _read(self, name: str, table: object) -> Iterator[Problem]:
        if not NAME.fullmatch(name) or not isinstance(table, dict):
            yield self.problem(
                (name,), f"{name!r} is no mailbox", "write [NAME] in small letters, then its fields"
            )
            return
        try:
            found = _NAMED.validate_python({name: table | {"name": name}})[name]
        except ValidationError as error:
            yield from toml_problems(error, self._lines, FILE, FIELDS)
            return
        self.mailboxes[name] = found
        if found.imap is not None and not SECRET_NAME.fullmatch(found.imap.secret):
            fix = "write a name such as 'mail.imap'; the value stays in the store of secrets"
            yield self.problem((name, "imap", "secret"), "is not the name of a secret", fix)
        for field, path in found.request.items():
            try:
                Extraction(path)
            except ExtractionInvalid as invalid:
                yield self.problem((name, "request", field), str(invalid))


def sound_mailboxes(office: Path) -> dict[str, Mailbox]:
    """Return the office's mailboxes by name, if nothing is wrong with the file.

    Raises:
        OfficeInvalid: with every problem.
    """
    file = MailboxesFile(office)
    if file.problems:
        raise OfficeInvalid(file.problems)
    return file.mailboxes
