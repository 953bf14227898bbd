"""One operation of a manifest, checked for contradictions."""

from collections.abc import Iterator

from connectors.checks.findings import Finding
from connectors.checks.lookups import check_lookup
from connectors.extraction import Extraction, ExtractionInvalid
from connectors.prepared import PreparedRequest
from connectors.templates import TemplateInvalid
from contracts.connector import FailureMode, Manifest, Operation
from contracts.failure import CONFLICT, NOT_LET_IN, SMTP_NOT_LET_IN, FailureClass

POSSIBLY_SENT = frozenset(
    {
        "ReadTimeout",
        "ReadError",
        "RemoteProtocolError",
        "TimeoutError",
        "WriteError",
        "WriteTimeout",
        "CloseError",
    }
)
"""Exceptions after which a write may have been applied, whatever a manifest says."""

NO_ABSENCE = frozenset({*NOT_LET_IN, 408, CONFLICT, 425, 429, *range(500, 600)})
"""Statuses with which a system does not answer what it was asked."""

_METHODS = {
    "http": ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"),
    "graphql": ("POST",),
    "smtp": ("POST",),
    "file": ("WRITE", "APPEND", "READ"),
    "desk": ("BEGIN", "FIND"),
}


def check_operation(manifest: Manifest, name: str) -> Iterator[Finding]:
    """Yield what is wrong with one operation."""
    operation = manifest.operations[name]
    at = ("operations", name)
    yield from _check_effect(operation, at)
    yield from _check_request(manifest, operation, at)
    yield from _check_paths(operation, at)
    yield from _check_absent(operation, at)
    yield from _check_latency(operation, at)
    if operation.effect == "write":
        yield from _check_money(operation, at)
        smtp = manifest.transport == "smtp"
        yield from check_failures(operation.failures, (*at, "failures"), keyed=operation.is_keyed, smtp=smtp)
        yield from _check_compensation(manifest, operation, name)
        yield from check_lookup(manifest, name)


def _check_effect(operation: Operation, at: tuple[str, ...]) -> Iterator[Finding]:
    """A write says what a retry does; a read has nothing of what belongs to writes."""
    if operation.effect == "write":
        if operation.idempotency is None:
            fix = (
                "say what the system can do about a retry: idempotency = { kind = '...' }; 'none' if nothing"
            )
            yield Finding(at, "is a write without idempotency", fix)
        addressed = operation.idempotency is not None and bool(operation.idempotency.address)
        for own in ("key", "address") if addressed else ("key",):
            if own in operation.arguments:
                fix = f"name the argument otherwise: {own} is the effect's own"
                yield Finding((*at, "arguments", own), f"hides the effect's {own}", fix)
        return
    for field in ("idempotency", "lookup", "compensation", "money"):
        if getattr(operation, field):
            yield Finding((*at, field), "belongs to writes, and this is a read", "take it away")


def _check_request(manifest: Manifest, operation: Operation, at: tuple[str, ...]) -> Iterator[Finding]:
    request, place = operation.request, (*at, "request")
    if manifest.transport != "smtp" and request.method.upper() not in _METHODS[manifest.transport]:
        allowed = ", ".join(_METHODS[manifest.transport])
        yield Finding(
            (*place, "method"), f"{manifest.transport} has no {request.method}", f"one of {allowed}"
        )
    yield from _check_transport(manifest, operation, place)
    try:
        names = PreparedRequest(request).names
    except TemplateInvalid as invalid:
        yield Finding(place, str(invalid))
        return
    known = set(operation.arguments) | ({"key", "reference"} if operation.effect == "write" else set())
    if operation.idempotency and operation.idempotency.address:
        known.add("address")
    for name in sorted(names - known):
        fix = f"the arguments are {', '.join(operation.arguments) or 'none'}"
        if name in ("key", "reference"):
            fix = "only a write has a key"
        yield Finding(place, f"the template names {name}, which is no argument", fix)
    if operation.effect == "write":
        yield from _check_key(manifest, operation, names, at)
        if operation.money and operation.money in operation.arguments and operation.money not in names:
            yield Finding(
                (*at, "money"), f"{operation.money} is never sent", f"write {{{{ {operation.money} }}}}"
            )


def _check_transport(manifest: Manifest, operation: Operation, place: tuple[str, ...]) -> Iterator[Finding]:
    request, write = operation.request, operation.effect == "write"
    if manifest.transport == "graphql":
        if not request.document.strip():
            yield Finding(place, "has no document", "document = 'query { ... }'")
        if "{{" in request.document:
            fix = "declare a variable in the document and give it in body"
            yield Finding((*place, "document"), "is sent as it stands: no template is read here", fix)
        if not write and request.document.lstrip().startswith("mutation"):
            yield Finding((*place, "document"), "is a mutation in a read", "make the operation a write")
    elif manifest.transport == "http" and request.document:
        yield Finding((*place, "document"), "belongs to graphql", "use body")
    elif manifest.transport == "smtp" and write:
        for header in ("From", "To", "Subject"):
            if header not in request.headers:
                yield Finding((*place, "headers"), f"has no {header}", f"{header} = '...'")
    elif manifest.transport == "file" and write == (request.method.upper() == "READ"):
        yield Finding(
            (*place, "method"), f"does not fit effect {operation.effect}", "READ reads; WRITE, APPEND write"
        )
    elif manifest.transport == "desk":
        yield from _check_desk(operation, place)
    if manifest.transport == "http" and not write and request.method.upper() in ("PUT", "PATCH", "DELETE"):
        yield Finding((*place, "method"), f"{request.method} in a read", "make the operation a write")


def _check_desk(operation: Operation, place: tuple[str, ...]) -> Iterator[Finding]:
    """A case's id is made of its request's: by a key of ours a second call finds the first one's case."""
    request, write = operation.request, operation.effect == "write"
    if write != (request.method.upper() == "BEGIN"):
        yield Finding(
            (*place, "method"), f"does not fit effect {operation.effect}", "FIND reads; BEGIN writes"
        )
    elif write and not (isinstance(request.body, dict) and request.body.get("id") == "{{ key }}"):
        yield Finding((*place, "body"), "gives the request another id than our key", "id = '{{ key }}'")


def _check_key(
    manifest: Manifest, operation: Operation, names: frozenset[str], at: tuple[str, ...]
) -> Iterator[Finding]:
    """What carries the key to the system must be in the template, or the promise is empty."""
    kind = operation.idempotency.kind if operation.idempotency else None
    sent = "key" in names or "reference" in names - set(operation.arguments)
    place = (*at, "idempotency")
    if manifest.transport == "smtp":
        return
    if kind == "native_key" and not sent:
        fix = "send it, for instance request.headers = { Idempotency-Key = '{{ key }}' }"
        yield Finding(place, "is native_key, but the key is never sent", fix)
    if kind == "client_reference" and not sent:
        fix = "send {{ key }} where the system keeps a reference of ours"
        yield Finding(place, "is client_reference, but no reference is ever sent", fix)


def _check_paths(operation: Operation, at: tuple[str, ...]) -> Iterator[Finding]:
    paths = {(*at, "reference"): operation.reference, (*at, "errors"): operation.errors}
    paths |= {(*at, "result", name): field.path for name, field in operation.result.items()}
    for place, path in paths.items():
        try:
            if path:
                Extraction(path)
        except ExtractionInvalid as invalid:
            yield Finding(place, str(invalid))
    for name, field in operation.arguments.items():
        if field.path:
            yield Finding((*at, "arguments", name), "has a path", "a path belongs to a result field")
    for table, fields in (("arguments", operation.arguments), ("result", operation.result)):
        for name, field in fields.items():
            if field.values and field.type != "string":
                yield Finding(
                    (*at, table, name), f"lists values for type {field.type}", "only strings have values"
                )
    yield from _check_limits(operation, at)


def _check_limits(operation: Operation, at: tuple[str, ...]) -> Iterator[Finding]:
    for name, field in operation.arguments.items():
        place = (*at, "arguments", name)
        if field.longest is not None and field.type != "string":
            yield Finding(place, f"has a longest for type {field.type}", "only strings have characters")
        for other in field.needs:
            if other not in operation.arguments:
                yield Finding(place, f"needs {other}, which is no argument", "declare it, or take it away")
    for name, field in operation.result.items():
        if field.longest is not None or field.needs:
            yield Finding((*at, "result", name), "has a limit", "what may be sent is limited, not what comes")


def _check_absent(operation: Operation, at: tuple[str, ...]) -> Iterator[Finding]:
    if operation.absent and operation.effect == "write":
        yield Finding((*at, "absent"), "belongs to reads, and this is a write", "take it away")
    for index, absence in enumerate(operation.absent):
        place: tuple[str | int, ...] = (*at, "absent", index)
        for status in sorted(set(absence.status) & NO_ABSENCE):
            what = f"{status} is no answer about what was asked for: nothing is proved absent"
            yield Finding(place, what, "name statuses such as 404 or 410 only")
        try:
            if absence.when:
                Extraction(absence.when)
        except ExtractionInvalid as invalid:
            yield Finding(place, str(invalid))


def _check_latency(operation: Operation, at: tuple[str, ...]) -> Iterator[Finding]:
    latency = operation.latency
    if not 0 < latency.p50_seconds <= latency.p99_seconds <= latency.timeout_seconds:
        fix = "0 < p50_seconds <= p99_seconds <= timeout_seconds"
        yield Finding((*at, "latency"), "contradicts itself", fix)
    if latency.settle_seconds is not None and latency.settle_seconds < 0:
        yield Finding((*at, "latency"), "settle_seconds is negative", "write 0 or more")


def _check_money(operation: Operation, at: tuple[str, ...]) -> Iterator[Finding]:
    cents = [name for name, field in operation.arguments.items() if field.type == "cents"]
    if operation.money:
        field = operation.arguments.get(operation.money)
        if field is None or field.type != "cents":
            fix = f"name one of {', '.join(cents)}" if cents else "declare an argument of type cents"
            yield Finding((*at, "money"), f"{operation.money} is no argument of type cents", fix)
        elif not field.required:
            yield Finding((*at, "money"), f"{operation.money} may be left out", "make it required")
    elif operation.sensitivity == "money" and cents:
        yield Finding(at, "moves money but does not say how much", f"money = '{cents[0]}'")


def check_failures(
    modes: tuple[FailureMode, ...], at: tuple[str, ...], *, keyed: bool, smtp: bool
) -> Iterator[Finding]:
    """Yield the failure modes of writes that call safe, or final, what is not.

    Args:
        modes: of the connector or of one operation.
        at: where they stand.
        keyed: a key or reference of ours is sent.
        smtp: the statuses are SMTP's.
    """
    kept_out = SMTP_NOT_LET_IN if smtp else NOT_LET_IN
    for index, mode in enumerate(modes):
        wrong = POSSIBLY_SENT & set(mode.exception)
        if wrong and mode.means is not FailureClass.AMBIGUOUS:
            what = f"{', '.join(sorted(wrong))} may come after a write was applied"
            yield Finding((*at, index), what, "means = 'ambiguous'")
        if mode.names_a_code or mode.means is FailureClass.AMBIGUOUS:
            continue
        if CONFLICT in mode.status and keyed and not smtp:
            what = "409 where a key of ours is sent may mean that what it was sent for is done already"
            yield Finding((*at, index), what, "take 409 out, or name the refusals: code = ['OUT_OF_STOCK']")
        shut = sorted(set(kept_out) & set(mode.status))
        if shut and mode.means is FailureClass.NOT_APPLIED_FINAL:
            what = f"{', '.join(map(str, shut))} refuses us, not the effect: a rotated token ends no case"
            yield Finding((*at, index), what, "take it out: the case waits until we are let in")


def _check_compensation(manifest: Manifest, operation: Operation, name: str) -> Iterator[Finding]:
    at = ("operations", name)
    if operation.compensation is None:
        if operation.compensation_arguments:
            yield Finding(
                (*at, "compensation_arguments"), "without a compensation", "name it: compensation = '...'"
            )
        return
    undoing = manifest.operations.get(operation.compensation)
    if undoing is None or undoing.effect != "write" or operation.compensation == name:
        what = f"{operation.compensation} is no other write of this manifest"
        yield Finding((*at, "compensation"), what, "name a write, or leave it out if nothing undoes this")
        return
    place = (*at, "compensation_arguments")
    for argument in sorted(set(operation.compensation_arguments) - set(undoing.arguments)):
        fix = f"{operation.compensation} takes {', '.join(undoing.arguments) or 'nothing'}"
        yield Finding((*place, argument), f"{argument} is no argument of {operation.compensation}", fix)
    known = {"key", *(f"arguments.{one}" for one in operation.arguments)}
    known |= {f"result.{one}" for one in operation.result}
    if operation.reference or manifest.transport in ("smtp", "file"):
        known.add("reference")
    for argument, field in undoing.arguments.items():
        path = operation.compensation_arguments.get(argument, f"arguments.{argument}")
        if path not in known and (field.required or argument in operation.compensation_arguments):
            what = f"{operation.compensation} needs {argument}, and {path} is not known"
            yield Finding(place, what, f"one of {', '.join(sorted(known))}")
