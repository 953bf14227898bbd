"""What a delivery says: a CloudEvent, binary or structured, or plain JSON that the source's file explains."""

import hashlib
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from pydantic import JsonValue, ValidationError

from connectors.extraction import Extraction, ExtractionFailed
from connectors.sources.delivery import Delivery, DeliveryRefused
from contracts.bounds import read_json
from contracts.event import Event, EventRecord
from contracts.field_errors import field_errors_text
from contracts.source import Source

STRUCTURED = "application/cloudevents+json"
VERSION = "1.0"
"""Of CloudEvents."""
ONE_TYPE = "event"
"""The type of all events of a source that tells of one thing only."""
UNFIT = HTTPStatus.UNPROCESSABLE_ENTITY


def read_event(source: Source, delivery: Delivery) -> Event:
    """Return the event that a verified delivery is.

    Raises:
        DeliveryRefused: 415 for another kind of content, 422 for what cannot be read or has no id.
    """
    kind = _content_type(delivery)
    document = _document(delivery.body)
    if source.reading is not None:
        said = _plain(source, delivery, document)
    elif kind == STRUCTURED:
        said = _structured(document)
    else:
        said = _binary(delivery, document)
    # The id that is signed is the id, whatever others say; what a person hands in has none.
    shape = source.signature.form
    if shape is not None and shape.id_header:
        said["id"] = delivery.header(shape.id_header) or said["id"]
    subject, data = said.pop("subject", ""), said.pop("data")
    try:
        return Event(
            source=source.name,
            key=_key(source, data, subject),
            structured=kind == STRUCTURED and source.reading is None,
            digest=hashlib.sha256(delivery.body).hexdigest(),
            body=delivery.body,
            replayable=source.signature.covers_no_moment,
            **said,
        )
    except ValidationError as invalid:
        raise DeliveryRefused(UNFIT, field_errors_text(invalid)) from None


def data_of(event: EventRecord) -> JsonValue:
    """Return what an event is about: the body, or its member `data` where the body is the whole CloudEvent.

    Raises:
        ValueError: its body was taken out, or is no JSON.
    """
    if not event.body:
        return None
    document = read_json(event.body.decode())
    return document.get("data") if event.structured and isinstance(document, dict) else document


def _content_type(delivery: Delivery) -> str:
    """Return the kind of the content; refuse what is no JSON in UTF-8 as it stands."""
    wrong = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    if delivery.header("content-encoding", wrong).lower() not in ("", "identity"):
        raise DeliveryRefused(wrong, "send the body as it is: no content-encoding is read here")
    kind, *parameters = [part.strip().lower() for part in delivery.header("content-type", wrong).split(";")]
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip(' "') not in ("utf-8", "utf8", "us-ascii"):
            raise DeliveryRefused(wrong, "JSON is UTF-8: no other charset is read here")
    if kind not in ("application/json", STRUCTURED) and not (kind.endswith("+json") and "batch" not in kind):
        raise DeliveryRefused(wrong, f"send application/json, or {STRUCTURED}")
    return kind


def _document(body: bytes) -> JsonValue:
    if not body.strip():
        return None
    try:
        return read_json(body.decode(), once=True)
    except UnicodeDecodeError:
        raise DeliveryRefused(UNFIT, "the body is not UTF-8") from None
    except ValueError as unfit:
        raise DeliveryRefused(UNFIT, f"the body cannot be read: {unfit}") from None


def _structured(document: JsonValue) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise DeliveryRefused(UNFIT, "a structured CloudEvent is an object")
    if "data_base64" in document:
        raise DeliveryRefused(UNFIT, "data_base64: only JSON is read here, as the member data")
    return {
        **_attributes({str(name): value for name, value in document.items()}),
        "data": document.get("data"),
    }


def _binary(delivery: Delivery, document: JsonValue) -> dict[str, Any]:
    names = ("specversion", "id", "type", "subject", "time")
    said = {name: delivery.header(f"ce-{name}") for name in names}
    return {**_attributes({name: value for name, value in said.items() if value}), "data": document}


def _attributes(said: dict[str, Any]) -> dict[str, Any]:
    """Return a CloudEvent's attributes as ours."""
    if said.get("specversion") != VERSION:
        raise DeliveryRefused(UNFIT, f"specversion: a CloudEvent of {VERSION} is expected")
    missing = [name for name in ("id", "type") if not said.get(name)]
    if missing:
        raise DeliveryRefused(UNFIT, f"{missing[0]}: it is missing")
    subject = said.get("subject") or ""
    if not isinstance(subject, str):
        raise DeliveryRefused(UNFIT, "subject: it is no text")
    return {
        "id": said["id"],
        "type": said["type"],
        "subject": subject,
        "occurred_at": _moment(said.get("time")),
    }


def _plain(source: Source, delivery: Delivery, document: JsonValue) -> dict[str, Any]:
    reading = source.reading
    assert reading is not None
    scope = {
        "headers": {name: value for name, value in delivery.headers.items() if name not in delivery.doubled},
        "body": document,
    }
    found = {name: _found(path, scope, name) for name, path in dict(reading).items() if path}
    if found["id"] in (None, ""):
        raise DeliveryRefused(UNFIT, f"id: there is none at {reading.id}")
    return {
        "id": found["id"],
        "type": found.get("type", ONE_TYPE) or "",
        "occurred_at": _moment(found.get("occurred_at")),
        "data": document,
    }


def _key(source: Source, data: JsonValue, subject: str) -> str:
    """Return what an event is about; empty if nothing says so."""
    if not source.key:
        return subject
    found = _found(source.key, data, "key")
    if found is None or isinstance(found, dict | list | bool):
        return ""
    return str(found)


def _found(path: str, scope: object, name: str) -> Any:
    try:
        return Extraction.cached(path).find(scope)
    except ExtractionFailed as failed:
        raise DeliveryRefused(UNFIT, f"{name}: {failed}") from None


def _moment(written: Any) -> datetime | None:
    """Return a moment in UTC; what is none, or names no zone, is no reason to refuse an event."""
    try:
        found = datetime.fromisoformat(written)
        return found.astimezone(UTC) if found.tzinfo else None
    except (TypeError, ValueError, OverflowError):
        return None
