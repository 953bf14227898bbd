"""How a write is found again, checked for contradictions."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from connectors.checks.findings import Finding
from connectors.extraction import Extraction, ExtractionInvalid
from connectors.prepared import PreparedRequest
from connectors.templates import Expression, TemplateInvalid, Text, Value
from contracts.connector import Idempotency, Lookup, Manifest, Operation

_SCOPE = frozenset({"key", "reference", "sent_at"})
_FOUND_AGAIN = ("lookup", "client_reference", "addressed")


def check_lookup(manifest: Manifest, name: str) -> Iterator[Finding]:
    """Yield what is wrong with a write's idempotency and its look-up."""
    operation = manifest.operations[name]
    idempotency, lookup = operation.idempotency, operation.lookup
    if idempotency is None:
        return
    at = ("operations", name)
    yield from _check_idempotency(idempotency, operation, (*at, "idempotency"))
    if lookup is not None and not idempotency.lookup:
        fix = "idempotency = { ..., lookup = 'OPERATION' }"
        yield Finding((*at, "lookup"), "says how to match, but no operation is asked", fix)
    if not idempotency.lookup:
        return
    asked = manifest.operations.get(idempotency.lookup)
    if asked is None or asked.effect != "read":
        what = f"look-up {idempotency.lookup} is no read of this manifest"
        yield Finding((*at, "idempotency"), what, "name a read operation")
    if lookup is None:
        what = f"names the look-up {idempotency.lookup} without saying how its answer is matched"
        yield Finding((*at, "idempotency"), what, f"add the table [operations.{name}.lookup]")
        return
    yield from _check_match(idempotency, lookup, operation, (*at, "lookup"))
    if asked is not None and not _is_told_apart(idempotency, lookup, asked):
        what = "finds its effect again without our key, and nothing says what tells it from another"
        fix = "told_apart_by = ['order', ...]: the arguments that the match compares"
        yield Finding((*at, "idempotency"), what, fix)
    if asked is not None:
        yield from _check_asked(operation, lookup, asked, (*at, "lookup"))
        if idempotency.address and not _asks_at(idempotency, lookup, asked):
            what = "the look-up does not ask at the address: what else it finds would be a stranger's there"
            yield Finding((*at, "lookup"), what, "[...lookup.arguments] NAME = '{{ address }}'")


def _check_idempotency(
    idempotency: Idempotency, operation: Operation, at: tuple[str, ...]
) -> Iterator[Finding]:
    yield from _check_address(idempotency, operation, at)
    if idempotency.conflict and not idempotency.lookup:
        what = "says what may mean that it is there already, but no operation looks"
        yield Finding(at, what, "name the read that finds the effect again: lookup = 'OPERATION'")
    if idempotency.kind in _FOUND_AGAIN and not idempotency.lookup:
        fix = "name the read that finds the effect again: lookup = 'OPERATION'"
        yield Finding(at, f"is {idempotency.kind} without a look-up operation", fix)
    if idempotency.kind == "none" and idempotency.lookup:
        yield Finding(at, "is none, but names a look-up", "write kind = 'lookup'")
    if idempotency.retention_seconds is not None and idempotency.kind != "native_key":
        yield Finding(at, "keeps a retention without a native key", "take retention_seconds away")
    for argument in sorted(set(idempotency.told_apart_by) - set(operation.arguments)):
        fix = f"name some of {', '.join(operation.arguments)}"
        yield Finding(at, f"told_apart_by names {argument}, which is no argument", fix)


def _check_address(idempotency: Idempotency, operation: Operation, at: tuple[str, ...]) -> Iterator[Finding]:
    """What the client names must be named, once for every effect, and sent."""
    if (idempotency.kind == "addressed") != bool(idempotency.address):
        fix = "kind = 'addressed', address = '{{ slug }}'"
        yield Finding(at, "kind addressed and an address belong together", fix)
    if not idempotency.address:
        return
    try:
        named = Text(idempotency.address).names
        sent = PreparedRequest(operation.request).names
    except TemplateInvalid as invalid:
        yield Finding(at, str(invalid))
        return
    known = {"key", *operation.arguments}
    for name in sorted(named - known):
        yield Finding(at, f"the address names {name}", f"known are {', '.join(sorted(known))}")
    if not named:
        yield Finding(at, "is one address for all effects", "address = '{{ slug }}', or '{{ key | uuid }}'")
    if "address" not in sent and not named <= sent:
        yield Finding(at, "never sends the address", "write {{ address }} in the request")


def _check_match(
    idempotency: Idempotency, lookup: Lookup, operation: Operation, at: tuple[str, ...]
) -> Iterator[Finding]:
    for field in ("items", "reference", "next_cursor"):
        path = getattr(lookup, field)
        if path or field != "next_cursor":
            yield from _compiled((*at, field), partial(Extraction, path))
    for argument, path in lookup.result.items():
        yield from _compiled((*at, "result"), partial(Extraction, path))
        if argument not in operation.result:
            yield Finding((*at, "result"), f"{argument} is no result field of the write", "declare it there")
    known = _SCOPE | set(operation.arguments) | ({"address"} if idempotency.address else set())
    if lookup.match:
        yield from _names_known((*at, "match"), partial(Expression, lookup.match), known | {"item"})
        if "item" not in lookup.match:
            yield Finding(
                (*at, "match"), "never looks at the candidate", "compare item.FIELD with an argument"
            )
    elif idempotency.kind == "addressed":
        what = "takes whatever stands at the address for ours: it may be a stranger's"
        yield Finding(at, what, "match = 'item.title == title and ...'")
    elif idempotency.kind == "lookup" and not _asks_for_it(idempotency, lookup):
        what = "takes every candidate for ours, though the system is not asked for what tells it apart"
        fix = "match = 'item.amount == amount_cents and ...', or ask with all that told_apart_by names"
        yield Finding(at, what, fix)
    for argument, template in lookup.arguments.items():
        yield from _names_known((*at, "arguments", argument), partial(Value, template), known)


def _check_asked(
    operation: Operation, lookup: Lookup, asked: Operation, at: tuple[str, ...]
) -> Iterator[Finding]:
    """The look-up operation gets every argument that it needs, of the type it needs."""
    for argument in sorted(set(lookup.arguments) - set(asked.arguments)):
        fix = f"it takes {', '.join(asked.arguments) or 'nothing'}"
        yield Finding((*at, "arguments"), f"{argument} is no argument of the look-up operation", fix)
    for name, field in asked.arguments.items():
        known = _SCOPE | ({"address"} if operation.idempotency and operation.idempotency.address else set())
        if name in lookup.arguments or name in known or name == "cursor":
            continue
        given = operation.arguments.get(name)
        if given is None and field.required:
            fix = f"[...lookup.arguments] {name} = '{{{{ ... }}}}'"
            yield Finding(at, f"the look-up operation needs {name}, and nothing gives it", fix)
        elif given is not None and given.type != field.type:
            yield Finding(at, f"{name} is {given.type} here and {field.type} in the look-up operation")
    if lookup.next_cursor and "cursor" not in asked.arguments:
        yield Finding((*at, "next_cursor"), "the look-up operation takes no cursor", "declare the argument")


def _asks_for_it(idempotency: Idempotency, lookup: Lookup) -> bool:
    """True if the look-up is asked with all that tells this call from another."""
    try:
        asked = frozenset().union(*(Value(template).names for template in lookup.arguments.values()))
    except (TemplateInvalid, ExtractionInvalid):
        return True  # said where the template is checked
    return bool(idempotency.told_apart_by) and asked >= set(idempotency.told_apart_by)


def _asks_at(idempotency: Idempotency, lookup: Lookup, asked: Operation) -> bool:
    """True if the look-up is given the address, or all that it is made of."""
    try:
        named = Text(idempotency.address).names
        given = {name for template in lookup.arguments.values() for name in Value(template).names}
    except (TemplateInvalid, ExtractionInvalid):
        return True  # said where the template is checked
    given |= set(asked.arguments) - set(lookup.arguments)
    return "address" in given or (bool(named) and named <= given)


def _is_told_apart(idempotency: Idempotency, lookup: Lookup, asked: Operation) -> bool:
    """True if the look-up goes by our key, or the manifest names what it goes by."""
    if idempotency.kind == "lookup" or idempotency.told_apart_by:
        return True
    try:
        names = set(Expression(lookup.match).names) if lookup.match else set()
        names |= {name for template in lookup.arguments.values() for name in Value(template).names}
        names |= Text(idempotency.address).names if "address" in names else set()
    except (TemplateInvalid, ExtractionInvalid):
        return True  # said where the template is checked
    return bool({"key", "reference"} & (names | (set(asked.arguments) - set(lookup.arguments))))


def _compiled(at: tuple[str, ...], compile_it: Callable[[], Any]) -> Iterator[Finding]:
    try:
        compile_it()
    except (ExtractionInvalid, TemplateInvalid) as invalid:
        yield Finding(at, str(invalid))


def _names_known(
    at: tuple[str, ...], compile_it: Callable[[], Expression | Value], known: frozenset[str] | set[str]
) -> Iterator[Finding]:
    try:
        names = compile_it().names
    except (TemplateInvalid, ExtractionInvalid) as invalid:
        yield Finding(at, str(invalid))
        return
    for name in sorted(names - known):
        yield Finding(at, f"unknown name {name}", f"known are {', '.join(sorted(known))}")
