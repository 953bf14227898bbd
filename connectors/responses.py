"""What an HTTP answer says: the system's own error code, how long to wait, a short word of why."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from connectors.extraction import Extraction, ExtractionFailed

WHY_LENGTH = 200
_CODE_LENGTH = 80
_CODE_PATHS = tuple(
    Extraction(path)
    for path in (
        "errors[0].extensions.code",
        "errors[0].code",
        "error.code",
        "errorCode",
        "code",
        "error.type",
        "type",
        "error",
    )
)
_MESSAGE_PATHS = tuple(
    Extraction(path)
    for path in (
        "errors[0].message",
        "errors[0].detail",
        "error.message",
        "message",
        "detail",
        "title",
    )
)
_NOT_CODE = re.compile(r"[^A-Za-z0-9_.:/-]+")


def error_code(body: object, declared: Extraction | None) -> str | None:
    """Return the system's error code, as it wrote it, from where the manifest says or usually stands."""
    for path in ((declared,) if declared else ()) + _CODE_PATHS:
        if (found := _find(path, body)) is not None:
            return _code_word(found)
    return None


def declared_error(body: object, declared: Extraction | None) -> str | None:
    """Return the error code that an answer of success holds where the manifest says, if any."""
    if declared is None:
        return None
    found = declared.find(body)
    return None if found is None or found == [] else _code_word(found)


def code_text(code: str, hidden: Iterable[str] = ()) -> str:
    """Return a code fit for a failure mode: one short word without blanks, nothing hidden in it."""
    return _NOT_CODE.sub("_", redacted(code, hidden))[:_CODE_LENGTH] or "error"


def error_message(body: object) -> str:
    """Return the system's sentence for a person, empty if there is none; not yet redacted."""
    for path in _MESSAGE_PATHS:
        found = _find(path, body)
        if isinstance(found, str) and found:
            return found
    return ""


def retry_after_seconds(value: str | None, date: str | None) -> float | None:
    """Return how long a `Retry-After` header asks to wait.

    Args:
        value: seconds, or an HTTP date.
        date: the answer's own `Date` header: the difference of the two is free of our clock.
    """
    if not value:
        return None
    if re.fullmatch(r"\d+(\.\d+)?", value.strip()):
        return float(value)
    try:
        until = parsedate_to_datetime(value)
        since = parsedate_to_datetime(date) if date else datetime.now(UTC)
        return max(0.0, (until - since).total_seconds())
    except (ValueError, TypeError):
        return None


def redacted(text: str, hidden: Iterable[str]) -> str:
    """Return `text` without any of the values that must not be shown; cut it only after this."""
    for value in sorted(filter(None, hidden), key=len, reverse=True):
        text = text.replace(value, "[hidden]")
    return text


def _code_word(found: object) -> str:
    if isinstance(found, list) and found:
        found = found[0]
    if isinstance(found, dict):
        found = found.get("code") or found.get("errorCode") or found.get("message") or "error"
    return str(found)


def _find(path: Extraction, body: object) -> Any:
    try:
        found = path.find(body)
    except ExtractionFailed:
        return None
    return found if isinstance(found, str | int | dict) and not isinstance(found, bool) else None
