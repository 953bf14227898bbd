"""Sources from `office/sources/*.toml`, and every complaint with its file, table and line."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from connectors.extraction import Extraction, ExtractionInvalid
from connectors.manifest import NAME
from connectors.secrets import SECRET_NAME
from contracts.office import OfficeInvalid, Problem, read_text
from contracts.source import Source
from contracts.toml_lines import Path as Place
from contracts.toml_lines import TomlLines, parse_toml, toml_problem, toml_problems

FOLDER = "sources"
"""Of an office: one source a file."""
FIELDS = "see the fields in docs/gateway.md"


class SourceFile:
    """One source with the file that it was read from."""

    def __init__(self, path: Path, text: str, source: Source) -> None:
        self.path = path
        self.source = source
        self._lines = TomlLines(text)

    def problem(self, at: Place, what: str, fix: str = "") -> Problem:
        """Return a finding at a table or field of this file."""
        return toml_problem(f"{FOLDER}/{self.path.name}", self._lines, at, what, fix)

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with it that nothing but the file itself shows."""
        source = self.source
        if not NAME.fullmatch(source.name):
            yield self.problem((), f"{source.name!r} cannot be a name", "use small letters, digits, - and _")
        for secret in source.signature.secrets:
            if not SECRET_NAME.fullmatch(secret):
                fix = "write a name such as 'shop.webhook'; the value stays in the store of secrets"
                yield self.problem(("signature", "secrets"), "is not the name of a secret", fix)
        for at, path in _paths(source):
            try:
                Extraction(path)
            except ExtractionInvalid as invalid:
                yield self.problem(at, str(invalid))


def _paths(source: Source) -> Iterator[tuple[Place, str]]:
    """Yield each JMESPath of a source with its place."""
    if source.key:
        yield ("key",), source.key
    for name, path in dict(source.reading or ()).items():
        if path or name == "id":
            yield ("reading", name), path
    if source.silence is not None and (listing := source.silence.listing) is not None:
        at = ("silence", "listing")
        yield (*at, "items"), listing.items
        yield (*at, "event"), listing.event
        if listing.next_cursor:
            yield (*at, "next_cursor"), listing.next_cursor
        for name, path in listing.headers.items():
            yield (*at, "headers", name), path
    for kind, rule in source.events.items():
        for table in ("request", "where"):
            for name, path in getattr(rule, table).items():
                yield ("events", kind, table, name), path


def read_sources(office: Path) -> tuple[list[SourceFile], list[Problem]]:
    """Read all sources of an office; return those that could be read and the problems of all."""
    found: list[SourceFile] = []
    problems: list[Problem] = []
    for path in sorted((office / FOLDER).glob("*.toml")):
        text = read_text(path)
        file, lines = f"{FOLDER}/{path.name}", TomlLines(text)
        try:
            source = Source.model_validate(parse_toml(text, file) | {"name": path.stem})
        except OfficeInvalid as invalid:
            problems += invalid.problems
        except ValidationError as error:
            problems += toml_problems(error, lines, file, FIELDS)
        else:
            found.append(SourceFile(path, text, source))
            problems += found[-1].problems()
    return found, problems


def sound_sources(office: Path) -> dict[str, Source]:
    """Return the office's sources by name, if nothing is wrong with any file.

    Raises:
        OfficeInvalid: with every problem.
    """
    files, problems = read_sources(office)
    if problems:
        raise OfficeInvalid(problems)
    return {file.source.name: file.source for file in files}
