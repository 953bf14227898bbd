"""All connectors of an office: the only thing in Kontor that touches the outside world."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, Self

from pydantic import JsonValue

from connectors.extraction import Extraction, ExtractionFailed
from connectors.fields import FITS, check_arguments, read_result
from connectors.file import FileExecutor
from connectors.http import HttpExecutor
from connectors.prepared import Answer, Prepared, PreparedListing, PreparedLookup, prepare
from connectors.secrets import Secrets
from connectors.smtp import SmtpExecutor
from connectors.templates import Scope, TemplateFailed, moment
from contracts.canonical import Arguments
from contracts.failure import CallFailed
from contracts.listing import OutsideEntry, OutsidePage
from contracts.manifest import Manifest

RESULT_LIMIT_BYTES = 1_000_000
"""Half of what Temporal takes as a payload; an activity whose result is larger is retried for ever."""
LOOKUP_PAGES = 200


class Executor(Protocol):
    """How the calls of one transport are made."""

    async def call(self, prepared: Prepared, scope: Scope) -> Answer:
        """Make one call; raises CallFailed."""

    async def close(self) -> None:
        """Give back what is held open."""


@dataclass(frozen=True)
class SentCall:
    """What a call or look-up brought back."""

    reference: str | None
    result: dict[str, JsonValue] = field(default_factory=dict)


class Connector:
    """One manifest, compiled, with its executor."""

    def __init__(self, manifest: Manifest, secrets: Secrets) -> None:
        """Compile; raises TemplateInvalid or ExtractionInvalid."""
        self.manifest = manifest
        self.operations = prepare(manifest)
        self.listing = PreparedListing(manifest.listing) if manifest.listing else None
        self.executor = open_executor(manifest, secrets)

    def operation(self, name: str, effect: str) -> Prepared:
        """Return a compiled operation of that effect; raises CallFailed, not sent, if there is none."""
        prepared = self.operations.get(name)
        if prepared is None or prepared.operation.effect != effect:
            what = "has no operation" if prepared is None else f"does not {effect} with"
            raise CallFailed(f"{self.manifest.name} {what} {name}", code="operation", sent=False)
        return prepared


def open_executor(manifest: Manifest, secrets: Secrets) -> Executor:
    """Return the executor of a manifest's transport."""
    if manifest.transport == "smtp":
        return SmtpExecutor(manifest, secrets)
    if manifest.transport == "file":
        return FileExecutor(manifest)
    return HttpExecutor(manifest, secrets)


class Connectors:
    """The outside world by connector, operation and arguments. Nothing in here tries twice."""

    def __init__(self, manifests: Mapping[str, Manifest], secrets: Secrets) -> None:
        """Compile every manifest and open its executor; nothing is sent.

        Raises:
            TemplateInvalid, ExtractionInvalid: run `connectors.check` first to have them explained.
        """
        self._connectors = {name: Connector(manifest, secrets) for name, manifest in manifests.items()}

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
        """Call a read operation and return its declared fields; raises CallFailed."""
        prepared, answer = await self._read(connector, operation, arguments)
        return _limited(read_result(prepared.result, answer.body), answer)

    async def send(self, connector: str, operation: str, arguments: Arguments, key: str) -> SentCall:
        """Call a write operation once; raises CallFailed."""
        found = self._find(connector)
        prepared = found.operation(operation, "write")
        scope = _write_scope(prepared, arguments, key)
        answer = await found.executor.call(prepared, scope)
        result = _limited(read_result(prepared.result, answer.body), answer)
        return SentCall(_reference(prepared, answer), result)

    async def look_up(
        self,
        connector: str,
        operation: str,
        arguments: Arguments,
        key: str,
        sent_at: datetime,
        *,
        taken: Collection[str] = (),
    ) -> SentCall | None:
        """Find an effect that may have been made; None means surely absent; raises CallFailed.

        References in `taken` belong to other effects of ours and never match.
        """
        prepared = self._find(connector).operation(operation, "write")
        lookup = prepared.lookup
        if lookup is None:
            raise CallFailed(f"{prepared.title} cannot be looked up", code="operation", sent=False)
        scope = {**_write_scope(prepared, arguments, key), "sent_at": sent_at}
        cursor: JsonValue = None
        for _page in range(LOOKUP_PAGES):
            asked = self._lookup_arguments(connector, lookup, scope, cursor)
            try:
                _, answer = await self._read(connector, lookup.operation, asked)
            except CallFailed as failed:
                if failed.status in lookup.absent_status:
                    return None
                raise
            for item in _candidates(lookup.items, answer.body):
                sent = _matched(lookup, item, scope)
                if sent is not None and sent.reference not in taken:
                    return sent
            cursor = _find(lookup.next_cursor, answer.body) if lookup.next_cursor else None
            if cursor is None:
                return None
        raise CallFailed(f"{prepared.title}: no end after {LOOKUP_PAGES} pages", code="malformed")

    def compensation(
        self, connector: str, operation: str, arguments: Arguments, key: str, sent: Any
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
        entries = [_entry(connector, listing, item) for item in _candidates(listing.items, answer.body)]
        following = _find(listing.next_cursor, answer.body)
        return OutsidePage(
            entries=tuple(entries), next_cursor=str(following) if following is not None else None
        )

    def _find(self, connector: str) -> Connector:
        if connector not in self._connectors:
            raise KeyError(f"the office has no connector {connector}")
        return self._connectors[connector]

    async def _read(self, connector: str, operation: str, arguments: Arguments) -> tuple[Prepared, Answer]:
        found = self._find(connector)
        prepared = found.operation(operation, "read")
        scope = check_arguments(prepared.operation, arguments)
        return prepared, await found.executor.call(prepared, scope)

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


def _write_scope(prepared: Prepared, arguments: Arguments, key: str) -> dict[str, Any]:
    return {"reference": key, **check_arguments(prepared.operation, arguments), "key": key}


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


def _matched(lookup: PreparedLookup, item: object, scope: Mapping[str, Any]) -> SentCall | None:
    try:
        if lookup.match is not None and not lookup.match.evaluate({**scope, "item": item}):
            return None
    except TemplateFailed as failed:
        raise CallFailed(f"the match: {failed}", code="malformed") from None
    reference = _find(lookup.reference, item)
    result = {name: _find(path, item) for name, path in lookup.result.items()}
    return SentCall(None if reference is None else str(reference), result)


def _entry(connector: str, listing: PreparedListing, item: object) -> OutsideEntry:
    reference, amount, at = (
        _find(path, item) for path in (listing.reference, listing.amount_cents, listing.at)
    )
    if reference is None or not FITS["integer"](amount) or at is None:
        raise CallFailed(f"{connector}: a listed item has no reference, amount or time", code="malformed")
    key = _find(listing.key, item) if listing.key else None
    try:
        when = moment(at)
    except ValueError:
        raise CallFailed(f"{connector}: a listed item's time cannot be read", code="malformed") from None
    return OutsideEntry(
        connector=connector,
        operation=listing.matches,
        reference=str(reference),
        key=str(key) if key else None,
        amount_cents=abs(amount),
        at=when,
    )


def _reference(prepared: Prepared, answer: Answer) -> str | None:
    """Return the outside reference; a write that declares one and gives none has not said what it made."""
    if prepared.reference is None:
        return answer.reference
    found = _find(prepared.reference, answer.body)
    if isinstance(found, bool) or not isinstance(found, str | int) or found == "":
        raise CallFailed(f"{prepared.title}: the answer holds no reference", code="malformed")
    return str(found)


def _limited(result: dict[str, JsonValue], answer: Answer) -> dict[str, JsonValue]:
    if answer.size_bytes > RESULT_LIMIT_BYTES and len(json.dumps(result)) > RESULT_LIMIT_BYTES:
        raise CallFailed("the result is larger than a megabyte", exception="AnswerTooLarge")
    return result
