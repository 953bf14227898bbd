"""Manifests from `office/connectors/*.toml`, and every complaint with its file, table and line."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from contracts.base import content_hash
from contracts.connector import Manifest
from contracts.office import OfficeInvalid, Problem, read_text
from contracts.toml_lines import TomlLines, parse_toml, toml_problem, toml_problems

_VARIABLE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)(?::-([^}]*))?\}")
FIELDS = "see the fields in docs/connectors.md"
NAME = re.compile(r"[a-z][a-z0-9_-]{0,40}")

FOLDER = "connectors"
"""Of an office: one manifest a file."""


class ManifestFile:
    """One manifest with the file it was read from."""

    def __init__(self, path: Path, text: str, manifest: Manifest) -> None:
        self.path = path
        self.manifest = manifest
        self._lines = TomlLines(text)

    def problem(self, at: tuple[str | int, ...], what: str, fix: str = "") -> Problem:
        """Return a finding at a table or field of this file."""
        return toml_problem(_file(self.path), self._lines, at, what, fix)


def manifest_files(office: Path) -> list[Path]:
    """Return the office's manifests, by name."""
    return sorted((office / FOLDER).glob("*.toml"))


def load_manifests(office: Path, variables: Mapping[str, str]) -> dict[str, Manifest]:
    """Load all manifests of an office.

    Args:
        office: the office's folder.
        variables: what `${NAME}` stands for.

    Raises:
        OfficeInvalid: with every problem of every file.
    """
    loaded, problems = read_manifests(office, variables)
    if problems:
        raise OfficeInvalid(problems)
    return {file.manifest.name: file.manifest for file in loaded}


def read_manifests(office: Path, variables: Mapping[str, str]) -> tuple[list[ManifestFile], list[Problem]]:
    """Read all manifests; return those that could be read and the problems of the others."""
    loaded: list[ManifestFile] = []
    problems: list[Problem] = []
    for path in manifest_files(office):
        try:
            loaded.append(read_manifest(path, variables))
        except OfficeInvalid as invalid:
            problems += invalid.problems
    return loaded, problems


def read_manifest(path: Path, variables: Mapping[str, str]) -> ManifestFile:
    """Read one manifest.

    Raises:
        OfficeInvalid: it is not TOML, does not fit the schema, or names a variable nobody set.
    """
    text = read_text(path)
    file = _file(path)
    table, lines = parse_toml(text, file), TomlLines(text)
    problems = [
        toml_problem(file, lines, at, f"${{{name}}} is not set", f"set {name}, or write ${{{name}:-default}}")
        for at, name in _substitute(table, variables)
    ]
    try:
        manifest = Manifest.model_validate(table)
    except ValidationError as error:
        raise OfficeInvalid(problems + toml_problems(error, lines, file, FIELDS)) from None
    problems += _name_problems(path, lines, manifest)
    if problems:
        raise OfficeInvalid(problems)
    return ManifestFile(path, text, manifest.model_copy(update={"digest": digest(manifest)}))


def digest(manifest: Manifest) -> str:
    """Return the hash of what a manifest declares; defaults left out, so that a new one moves nothing."""
    return content_hash(manifest.model_dump(mode="json", exclude_defaults=True, exclude={"digest"}))


def _substitute(
    table: dict[str, object], variables: Mapping[str, str]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Resolve `${NAME}` in place where it is allowed; yield the place and name of each that is not set."""
    places: list[tuple[dict[str, object], tuple[str, ...]]] = [(table, ("base_url",))]
    for name, keys in (("auth", ["user"]), ("headers", None)):
        if isinstance(inner := table.get(name), dict):
            places += [(inner, (name, key)) for key in (keys if keys is not None else list(inner))]
    for holder, at in places:
        value = holder.get(at[-1])
        if isinstance(value, str):
            holder[at[-1]] = _VARIABLE.sub(lambda found: variables.get(found[1], found[2] or ""), value)
            for found in _VARIABLE.finditer(value):
                if found[1] not in variables and found[2] is None:
                    yield at, found[1]


def _name_problems(path: Path, lines: TomlLines, manifest: Manifest) -> list[Problem]:
    problems = []
    if manifest.name != path.stem:
        fix = f"rename the file to {manifest.name}.toml, or the connector to {path.stem}"
        problems.append(toml_problem(_file(path), lines, ("name",), f"is {manifest.name!r}", fix))
    for name in (manifest.name, *manifest.operations):
        if not NAME.fullmatch(name):
            at: tuple[str, ...] = ("name",) if name == manifest.name else ("operations", name)
            fix = "use small letters, digits, - and _"
            problems.append(toml_problem(_file(path), lines, at, f"{name!r} cannot be a name", fix))
    return problems


def _file(path: Path) -> str:
    return f"connectors/{path.name}"
