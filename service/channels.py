"""What channels offer the desks, and a manifest to fill in for a new one."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import AwareDatetime

from contracts.connector import Manifest
from contracts.desk import Desk
from contracts.offer import Offer, Read, lacks
from contracts.office import Problem, read_text
from contracts.told import Told
from workflows.registry import DESKS

CONNECTORS = "connectors"
UNFILLED = re.compile(r"https://CHANGE\.example|CHANGE_unknown")
"""What stands in a new manifest where only its channel knows the value."""


def notes_of(manifests: Mapping[str, Manifest]) -> Iterator[str]:
    """Yield what each channel cannot do for each desk that takes requests from it."""
    for _, manifest in sorted(manifests.items()):
        for desk in DESKS.values():
            if desk.sources(manifest):
                yield from lacks(manifest, desk.offers, desk.reads)
        asked = any(desk.reads and desk.sources(manifest) for desk in DESKS.values())
        if asked and not manifest.ids.declared:
            yield f"{manifest.name} does not say how ids are compared ([ids]): A-1, a-1 and #A-1 are three"


def unfilled(office: Path) -> Iterator[Problem]:
    """Yield each value of the office's manifests that a new one begins with, and nobody has filled in."""
    for file in sorted((office / CONNECTORS).glob("*.toml")):
        for number, line in enumerate(read_text(file).splitlines(), start=1):
            if found := UNFILLED.search(line):
                yield Problem(
                    file=f"{CONNECTORS}/{file.name}",
                    line=number,
                    what=f"{found[0]} is left of the manifest that a new channel begins with",
                    fix="write what the channel itself has there, or delete an operation that it cannot do",
                )


def new_manifest(name: str, desk: Desk[Any]) -> str:
    """Return a manifest for a new channel of a desk: it can be read, and is true once filled in.

    What all its operations are about is the first argument of the first that the desk asks for.
    """
    about = next(iter(desk.offers[0].arguments)) if desk.offers else "id"
    read = next(iter(desk.reads), "")
    parts = [HEAD.format(name=name, desk=desk.name, read=read, about=about)]
    parts += [_read(about, operation, believed) for operation, believed in desk.reads.items()]
    parts += [_write(about, offer) for offer in desk.offers]
    undone_by = dict.fromkeys(offer.undo for offer in desk.offers if offer.undo)
    return "\n".join([*parts, *(UNDO.format(undo=undo) for undo in undone_by)])


HEAD = """\
# {name}, a channel for the desk {desk}. Fill in whatever says CHANGE, and delete the operations that it
# cannot do: what needs them is left to people. docs/connectors.md tells every field; then
#   kontor check
#   kontor connectors try {name} {read} {about}=ONE-THAT-YOU-KNOW

name = "{name}"
version = "1"
transport = "http"
base_url = "https://CHANGE.example/api"
auth = {{ kind = "bearer", secret = "{name}.token" }}
rate_limit_per_second = 5.0
concurrency = 5

[times]
zone = "UTC" # CHANGE: of times that name none

[ids]
case = "matters" # CHANGE: "ignored" where w-1 is W-1
another = "refused" # "taken" where it is asked by a number, and answers with an id of its own
"""

READ = """\
# What the desk believes of an answer, field by field (those with a question mark may be left out or null):
{fields}
[operations.{operation}]
effect = "read"
sensitivity = "personal"
{arguments}
request = {{ method = "GET", path = "/{about}s/{{{{ {about} }}}}{below}" }}
absent = [{{ status = [404], code = ["CHANGE_unknown"] }}]
[operations.{operation}.result.{field}]
type = "object"
path = \"\"\"
{path}\"\"\"
"""

WRITE = """\
# {what}
[operations.{operation}]
effect = "write"
{more}{arguments}
reference = "id"
# CHANGE: native_key only where a second call with the same key does nothing, addressed where we name the
# address of what is made; see "What a retry does".
idempotency = {{ kind = "native_key", retention_seconds = 86400 }}
{undone}[operations.{operation}.request]
path = "/{about}s/{{{{ {about} }}}}/{operation}"
headers = {{ Idempotency-Key = "{{{{ key }}}}" }}
body = {{ {body} }}
"""

UNDO = """\
[operations.{undo}]
effect = "write"
arguments.reference = {{ type = "string" }}
idempotency = {{ kind = "native_key", retention_seconds = 86400 }}
[operations.{undo}.request]
path = "/{undo}/{{{{ reference }}}}"
headers = {{ Idempotency-Key = "{{{{ key }}}}" }}
"""


def _read(about: str, operation: str, believed: Read) -> str:
    about = believed.about or about
    return READ.format(
        about=about,
        operation=operation,
        field=believed.field,
        fields="\n".join(f"#   {line}" for line in _described(believed.contract)),
        arguments="\n".join(f'arguments.{name} = {{ type = "string" }}' for name in (about, *believed.also)),
        below="".join(f"/{operation}/{{{{ {name} }}}}" for name in believed.also),
        path=_path(believed.contract, "@."),
    )


def _described(contract: type[Told], before: str = "") -> Iterator[str]:
    """Yield each field of a contract with its type, those of the objects in it, too."""
    for name, said in contract.told_fields().items():
        inner = _inner(said.annotation)
        kind = "list" if inner else _word(name, said.annotation)
        yield f"{before}{name}{'' if said.is_required() else '?'}: {kind}"
        if inner:
            yield from _described(inner, f"{before}{name}[].")


def _path(contract: type[Told], root: str) -> str:
    """Return JMESPath that reads a contract from an answer of the same names."""
    parts = []
    for name, said in contract.told_fields().items():
        inner = _inner(said.annotation)
        parts.append(f"{name}: {_path(inner, f'{name}[].')}" if inner else f"{name}: {name}")
    return f"{root}{{\n  {(',' + chr(10) + '  ').join(parts)}\n}}"


def _inner(annotation: Any) -> type[Told] | None:
    """Return the contract of the items of a list, if it is a list of objects."""
    if get_origin(annotation) is tuple:
        inner = get_args(annotation)[0]
        return inner if isinstance(inner, type) and issubclass(inner, Told) else None
    return None


def _word(name: str, annotation: Any) -> str:
    """Return a field's type in a word, or the words that it may be."""
    arguments = get_args(annotation)
    if arguments and all(isinstance(each, str) for each in arguments):
        return " | ".join(arguments)
    if get_origin(annotation) is tuple:
        return "list of texts"
    inside = {each for each in _within(annotation) if isinstance(each, type)}
    if dict in inside:
        return "object of texts"
    if int in inside:
        return "minor units" if name.endswith("_cents") else "whole number"
    return "time" if inside & {datetime, AwareDatetime} else "text"


def _within(annotation: Any) -> Iterator[Any]:
    """Yield a type and all types that it is made of."""
    yield get_origin(annotation) or annotation
    for each in get_args(annotation):
        yield from _within(each)


def _write(about: str, offer: Offer) -> str:
    money = f'sensitivity = "money"\nmoney = "{offer.money}"\n' if offer.money else ""
    direction = 'direction = "in"\n' if offer.money and offer.direction == "in" else ""
    undone = ""
    if offer.undo:
        undone = f'compensation = "{offer.undo}"\ncompensation_arguments = {{ reference = "reference" }}\n'
    body = ", ".join(f'{name} = "{{{{ {name} }}}}"' for name in offer.arguments if name != about)
    return WRITE.format(
        about=about,
        what=offer.what,
        operation=offer.operation,
        more=money + direction,
        arguments="\n".join(
            f'arguments.{name} = {{ type = "{kind}" }}' for name, kind in offer.arguments.items()
        ),
        undone=undone,
        body=body,
    )
