"""All connectors of an office: the only thing in Kontor that touches the outside world."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, Self

from pydantic import JsonValue

from connectors.extraction import Extraction, ExtractionFailed
from connectors.fields import FITS, check_arguments, held, read_result
from connectors.limits import CallLimits
from connectors.prepared import Prepared, PreparedListing, PreparedLookup, Response, prepare
from connectors.secrets import Secrets
from connectors.templates import TIMES, Scope, TemplateFailed
from connectors.transports.desk import DeskExecutor, Desks
from connectors.transports.file import FileExecutor
from connectors.transports.http import HttpExecutor
from connectors.transports.smtp import SmtpExecutor
from contracts.base import Arguments
from contracts.bounds import LONGEST_ANSWER_BYTES, LONGEST_REFERENCE_CHARS, MOST_CENTS, size
from contracts.connector import Manifest
from contracts.effect import OutsideResult
from contracts.failure import OUT_OF_BOUNDS, Absent, AddressTaken, CallFailed
from contracts.ids import connector_queue
from contracts.listing import OutsideEntry, OutsidePage
from contracts.notation import Misread

LOOKUP_PAGES = 200
NOT_FOUND = (404, 410)
"""What a system may say of a thing that is not there, and a proxy of a system."""


class Executor(Protocol):
    """How the calls of one transport are made."""

    async def call(self, prepared: Prepared, scope: Scope) -> Response:
        """Make one call; raises CallFailed."""

    async def close(self) -> None:
        """Give back what is held open."""


class Connector:
    """One manifest, compiled, with its executor."""

    def __init__(self, manifest: Manifest, secrets: Secrets, desks: Desks | None = None) -> None:
        """Compile; raises TemplateInvalid or ExtractionInvalid."""
        self.manifest = manifest
        self.operations = prepare(manifest)
        self.listing = PreparedListing(manifest.listing, manifest.numbers) if manifest.listing else None
        self.executor = open_executor(manifest, secrets, desks)

    def operation(self, name: str, effect: str) -> Prepared:
        """Return a compiled operation of that effect; raises CallFailed, not sent, if there is none."""
        prepared = self.operations.get(name)
        if prepared is None or prepared.operation.effect != effect:
            what = "has no operation" if prepared is None else f"does not {effect} with"
            raise CallFailed(f"{self.manifest.name} {what} {name}", code="operation", sent=False)
        return prepared


def open_executor(manifest: Manifest, secrets: Secrets, desks: Desks | None = None) -> Executor:
    """Return the executor of a manifest's transport."""
    if manifest.transport == "smtp":
        return SmtpExecutor(manifest, secrets)
    if manifest.transport == "file":
        return FileExecutor(manifest)
    if manifest.transport == "desk":
        return DeskExecutor(desks)
    return HttpExecutor(manifest, secrets)


def _never() -> bool:
    return False


class Connectors:
    """The outside world by connector, operation and arguments. Nothing in here tries twice."""

    def __init__(
        self,
        manifests: Mapping[str, Manifest],
        secrets: Secrets,
        *,
        beside: Callable[[], bool] = _never,
        desks: Desks | None = None,
    ) -> None:
        """Compile every manifest and open its executor; nothing is sent.

        Args:
            manifests: by connector.
            secrets: what calls are made with.
            beside: whether the caller came by a way on which the queue's rate limit is not held.
            desks: the door by which cases of our own desks begin, if they may here.

        Raises:
            TemplateInvalid, ExtractionInvalid: run `connectors.check` first to have them explained.
        """
        self._connectors = {name: Connector(manifest, secrets, desks) for name, manifest in manifests.items()}
        self._beside = beside
        self.limits = CallLimits(manifests.values())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        for connector in self._connectors.values():
            await connector.executor.close()

    def manifests(self) -> list[Manifest]:
        """Return all manifests, by name."""
        return [self._connectors[name].manifest for name in sorted(self._connectors)]

    def manifest(self, connector: str) -> Manifest:
        """Return the manifest; raises KeyError for a connector the office does not have."""
        return self._find(connector).manifest

    async def read(self, connector: str, operation: str, arguments: Arguments) -> dict[str, JsonValue]:
        """Call a read operation and return its declared fields.

        Raises:
            Absent: the system says, as its manifest declares, that there is no such thing.
            CallFailed: any other answer, or none; says nothing about whether there is.
        """
        prepared, answer = await self._read(connector, operation, arguments)
        times = self.manifest(connector).times
        return _limited(read_result(prepared.result, answer.body, times), answer)

    async def send(self, connector: str, operation: str, arguments: Arguments, key: str) -> OutsideResult:
        """Call a write operation once; raises CallFailed."""
        found = self._find(connector)
        prepared = found.operation(operation, "write")
        scope = _write_scope(found.manifest, prepared, arguments, key)
        with self.limits.call(connector):
            answer = await found.executor.call(prepared, scope)
        result = _limited(read_result(prepared.result, answer.body, found.manifest.times), answer)
        return OutsideResult(_reference(prepared, answer), result)

    async def look_up(
        self,
        connector: str,
        operation: str,
        arguments: Arguments,
        key: str,
        sent_at: datetime,
        *,
        taken: Collection[str] = (),
    ) -> OutsideResult | None:
        """Find an effect that may have been made; None means surely absent.

        References in `taken` belong to other effects of ours and never match.

        Raises:
            AddressTaken: what we send has an address of its own, and something else stands there.
            CallFailed: the system gave no answer, or none that fits.
        """
        found = self._find(connector)
        prepared = found.operation(operation, "write")
        lookup = prepared.lookup
        if lookup is None:
            raise CallFailed(f"{prepared.title} cannot be looked up", code="operation", sent=False)
        scope = {**_write_scope(found.manifest, prepared, arguments, key), "sent_at": sent_at}
        cursor: JsonValue = None
        another = False
        for _page in range(LOOKUP_PAGES):
            asked = self._lookup_arguments(connector, lookup, scope, cursor)
            try:
                _, answer = await self._read(connector, lookup.operation, asked)
            except Absent:
                return None
            for item in _candidates(lookup.items, answer.body):
                sent = _matched(lookup, item, scope)
                if sent is not None and sent.reference not in taken:
                    return sent
                another = another or prepared.address is not None
            cursor = _find(lookup.next_cursor, answer.body) if lookup.next_cursor else None
            if cursor is not None:
                continue
            if another:
                raise AddressTaken(f"{prepared.title}: something else stands at the address that it names")
            return None
        raise CallFailed(f"{prepared.title}: no end after {LOOKUP_PAGES} pages", code="malformed")

    def compensation(
        self, connector: str, operation: str, arguments: Arguments, key: str, sent: OutsideResult
    ) -> tuple[str, Arguments] | None:
        """Return the operation that undoes what was sent and its arguments; None if nothing does.

        Args:
            connector: its name.
            operation: the write that is to be undone.
            arguments: what it was called with.
            key: the key it was called with.
            sent: its `reference` and `result`.

        Raises:
            KeyError: an argument that the undoing needs is not known.
        """
        manifest = self.manifest(connector)
        undoing = manifest.operations[operation].compensation
        if undoing is None:
            return None
        return undoing, manifest.undo_arguments(operation, arguments, key, sent.reference, sent.result)

    async def list_page(self, connector: str, cursor: str | None, limit: int) -> OutsidePage:
        """Return one page of what the system itself says happened; raises CallFailed.

        Raises:
            KeyError: the manifest declares no listing.
        """
        found = self._find(connector)
        listing = found.listing
        if listing is None:
            raise KeyError(f"{connector} declares no listing")
        fields = found.operation(listing.operation, "read").operation.arguments
        asked: Arguments = {"limit": limit}
        if cursor is not None:
            asked["cursor"] = int(cursor) if fields["cursor"].type == "integer" else cursor
        _, answer = await self._read(connector, listing.operation, asked)
        entries = [_entry(found, listing, item) for item in _candidates(listing.items, answer.body)]
        following = _find(listing.next_cursor, answer.body)
        return OutsidePage(
            entries=tuple(entries), next_cursor=str(following) if following is not None else None
        )

    def _find(self, connector: str) -> Connector:
        if connector not in self._connectors:
            raise KeyError(f"the office has no connector {connector}")
        return self._connectors[connector]

    async def _read(self, connector: str, operation: str, arguments: Arguments) -> tuple[Prepared, Response]:
        found = self._find(connector)
        prepared = found.operation(operation, "read")
        scope = check_arguments(prepared.operation, arguments) | {TIMES: found.manifest.times}
        if self._beside() and not self.limits.has_room(connector):
            raise CallFailed(f"{prepared.title}: its limit is reached", exception="LimitReached", sent=False)
        try:
            with self.limits.call(connector):
                answer = await found.executor.call(prepared, scope)
        except CallFailed as failed:
            if failed.sent and failed.status in NOT_FOUND and not isinstance(failed, Absent):
                failed.why += " (nothing in the manifest's `absent` says that there is none)"
            raise
        if any(absence.proved_by(answer.body) for absence in prepared.absent):
            raise Absent(f"{prepared.title}: the answer says that there is none")
        return prepared, answer

    def _lookup_arguments(
        self, connector: str, lookup: PreparedLookup, scope: dict[str, Any], cursor: JsonValue
    ) -> Arguments:
        declared = self._find(connector).operation(lookup.operation, "read").operation.arguments
        asked: Arguments = {}
        try:
            for name in declared:
                if name == "cursor" and name not in lookup.arguments:
                    asked[name] = cursor
                elif name in lookup.arguments:
                    asked[name] = lookup.arguments[name].render(scope)
                else:
                    asked[name] = scope.get(name)
        except TemplateFailed as failed:
            raise CallFailed(str(failed), code="arguments", sent=False) from None
        return {name: value for name, value in asked.items() if value is not None}


def _write_scope(manifest: Manifest, prepared: Prepared, arguments: Arguments, key: str) -> dict[str, Any]:
    """Return what a write's templates know; raises CallFailed, not sent."""
    given = check_arguments(prepared.operation, arguments)
    scope = {"reference": key, **given, "key": key, TIMES: manifest.times}
    if prepared.address is None:
        return scope
    try:
        return {**scope, "address": prepared.address.render(scope)}
    except TemplateFailed as failed:
        raise CallFailed(f"{prepared.title}: the address: {failed}", code="arguments", sent=False) from None


def _find(path: Extraction, body: object) -> Any:
    try:
        return path.find(body)
    except ExtractionFailed as failed:
        raise CallFailed(str(failed), code="malformed") from None


def _candidates(path: Extraction, body: object) -> list[Any]:
    """Return the items of an answer; null is never read as `none there`, for it may be a misspelt path."""
    found = _find(path, body)
    if isinstance(found, dict):
        return [found]
    if isinstance(found, list):
        return found
    raise CallFailed("the answer holds no list where the manifest says", code="malformed")


def _matched(lookup: PreparedLookup, item: object, scope: Mapping[str, Any]) -> OutsideResult | None:
    try:
        if lookup.match is not None and not lookup.match.evaluate({**scope, "item": item}):
            return None
    except TemplateFailed as failed:
        raise CallFailed(f"the match: {failed}", code="malformed") from None
    reference = _find(lookup.reference, item)
    if reference is not None and not _is_reference(reference):
        raise CallFailed("the candidate's reference is neither text nor a number", code="malformed")
    result = {name: held(name, _find(path, item)) for name, path in lookup.result.items()}
    return OutsideResult(None if reference is None else _short(str(reference)), result)


def _entry(found: Connector, listing: PreparedListing, item: object) -> OutsideEntry:
    connector = found.manifest.name
    reference, amount, at = (
        _find(path, item) for path in (listing.reference, listing.amount_cents, listing.at)
    )
    if not _is_reference(reference):
        raise CallFailed(f"{connector}: a listed item has no reference", code="malformed")
    if not FITS["integer"](amount):
        raise CallFailed(f"{connector}: a listed item's amount is no whole number", code="malformed")
    key = _find(listing.key, item) if listing.key else None
    subject = _find(listing.subject, item) if listing.subject else None
    try:
        when = found.manifest.times.required(at)
    except Misread as misread:
        raise CallFailed(f"{connector}: a listed item's time {misread}", code="malformed") from None
    if abs(amount) > MOST_CENTS:
        raise CallFailed(f"{connector}: a listed amount is larger than {MOST_CENTS}", code=OUT_OF_BOUNDS)
    return OutsideEntry(
        connector=connector,
        operation=listing.matches,
        reference=_short(str(reference)),
        key=_short(str(key)) if key else None,
        amount_cents=abs(amount),
        at=when,
        subject=_short(str(subject)) if _is_reference(subject) else "",
    )


def _reference(prepared: Prepared, answer: Response) -> str | None:
    """Return the outside reference; a write that declares one and gives none has not said what it made."""
    if prepared.reference is None:
        return answer.reference
    found = _find(prepared.reference, answer.body)
    if not _is_reference(found):
        raise CallFailed(f"{prepared.title}: the answer holds no reference", code="malformed")
    return _short(str(found))


def _short(reference: str) -> str:
    if len(reference) > LONGEST_REFERENCE_CHARS:
        raise CallFailed(
            f"a reference is longer than {LONGEST_REFERENCE_CHARS} characters", code=OUT_OF_BOUNDS
        )
    return reference


def _is_reference(found: object) -> bool:
    return isinstance(found, str | int) and not isinstance(found, bool) and found != ""


def _limited(result: dict[str, JsonValue], answer: Response) -> dict[str, JsonValue]:
    """Refuse what Temporal would not take as a payload: an activity that returns it is retried for ever."""
    if answer.size_bytes > LONGEST_ANSWER_BYTES and (long := size(result)) > LONGEST_ANSWER_BYTES:
        largest = max(result, key=lambda name: size(result[name]))
        why = f"the answer's {largest} is too large: {long} bytes, and at most {LONGEST_ANSWER_BYTES}"
        raise CallFailed(why, code=OUT_OF_BOUNDS)
    return result


@dataclass(frozen=True)
class QueueOptions:
    """The `temporalio.worker.Worker` options of a connector's own task queue.

    The server divides the rate over the queue's partitions; the dev server of `kontor up` runs with
    one. A worker that is sent away with its rate reached polls again: the limit holds over all
    workers of the queue together, whatever their number.
    """

    task_queue: str
    max_task_queue_activities_per_second: float
    max_concurrent_activities: int


def queue_options(manifest: Manifest) -> QueueOptions:
    """Return the options with which every worker must serve this connector's queue."""
    return QueueOptions(
        task_queue=connector_queue(manifest.name),
        max_task_queue_activities_per_second=manifest.rate_limit_per_second,
        max_concurrent_activities=manifest.concurrency,
    )
