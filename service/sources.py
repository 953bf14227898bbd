"""Do an office's sources fit its desks and its channels? Part of what `kontor check` says."""

import os
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from connectors.manifest import read_manifests
from connectors.sources.files import SourceFile, read_sources
from contracts.connector import Manifest
from contracts.desk import Desk
from contracts.office import Problem
from contracts.source import EventRule
from workflows.registry import DESKS


def check_sources(office: Path) -> Iterator[Problem]:
    """Yield what is wrong with the sources: in each file, and against desks and channels."""
    files, problems = read_sources(office)
    yield from problems
    manifests = {found.manifest.name: found.manifest for found in read_manifests(office, os.environ)[0]}
    for file in files:
        if file.source.channel not in manifests:
            fix = f"connectors are: {', '.join(sorted(manifests))}"
            yield file.problem(("channel",), f"there is no connector {file.source.channel!r}", fix)
        for kind, rule in file.source.events.items():
            if rule.desk:
                yield from _check_rule(file, kind, rule, manifests)
        yield from _check_listing(file, manifests)


FILLED_IN = ("since", "cursor", "limit")
"""Arguments of an operation that lists what was missed; no others can be given to it."""


def _check_listing(file: SourceFile, manifests: Mapping[str, Manifest]) -> Iterator[Problem]:
    """Yield what is wrong with where a source lists what it told of."""
    silence, manifest = file.source.silence, manifests.get(file.source.channel)
    if silence is None or silence.listing is None or manifest is None:
        return
    listing, at = silence.listing, ("silence", "listing", "operation")
    reads = {name: each for name, each in manifest.operations.items() if each.effect == "read"}
    operation = reads.get(listing.operation)
    if operation is None:
        what = f"{manifest.name} has no read operation {listing.operation!r}"
        yield file.problem(at, what, f"reads are: {', '.join(sorted(reads))}")
        return
    arguments = operation.arguments.items()
    if needed := [name for name, field in arguments if field.required and name not in FILLED_IN]:
        fix = f"it may ask for {', '.join(FILLED_IN)}"
        yield file.problem(at, f"{listing.operation} asks for {needed[0]}, which nobody can fill in", fix)
    if listing.next_cursor and "cursor" not in operation.arguments:
        what = f"{listing.operation} has no argument 'cursor' to go on with"
        yield file.problem(
            (*at[:2], "next_cursor"), what, "declare it in the manifest, or leave next_cursor out"
        )


def _check_rule(
    file: SourceFile, kind: str, rule: EventRule, manifests: Mapping[str, Manifest]
) -> Iterator[Problem]:
    at, desk = ("events", kind), DESKS.get(rule.desk)
    if desk is None:
        yield file.problem((*at, "desk"), f"there is no desk {rule.desk!r}", f"desks are: {', '.join(DESKS)}")
        return
    manifest = manifests.get(file.source.channel)
    if manifest is not None and not desk.sources(manifest):
        what = f"the desk {desk.name} takes no requests from {manifest.name}"
        yield file.problem((*at, "desk"), what, "name another channel above, or another desk")
    yield from _check_fields(file, kind, rule, desk)


def _check_fields(file: SourceFile, kind: str, rule: EventRule, desk: Desk[Any]) -> Iterator[Problem]:
    for table in ("request", "where"):
        for name in unknown_fields(getattr(rule, table), desk):
            fix = f"fields are: {', '.join(desk.request.model_fields)}"
            yield file.problem(("events", kind, table, name), f"a request has no field {name!r}", fix)
    if rule.request and (missing := fields_that_lack(rule.request, desk)):
        fix = "say where each stands, in JMESPath over the event's data"
        yield file.problem(("events", kind, "request"), f"without {', '.join(missing)}", fix)


def unknown_fields(said: Iterable[str], desk: Desk[Any]) -> list[str]:
    """Return the names that are no fields of a desk's request."""
    return [name for name in said if name not in desk.request.model_fields]


def fields_that_lack(said: Container[str], desk: Desk[Any]) -> list[str]:
    """Return the fields that a desk's request must have, beside its channel, and that are not said."""
    fields = desk.request.model_fields.items()
    return [name for name, field in fields if field.is_required() and name not in said and name != "channel"]
