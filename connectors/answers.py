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
        "error.code",
        "errorCode",
        "code",
        "error.type",
        "type",
        "error",
    )
)
_MESSAGE_PATHS = tuple(
    Extraction(path) for path in ("errors[0].message", "error.message", "message", "detail", "title")
)
_NOT_CODE = re.compile(r"[^A-Za-z0-9_.:/-]+")


def error_code(body: object, declared: Extraction | None) -> str | None:
    """Return the system's error code from where the manifest says, else from the usual places."""
    for path in ((declared,) if declared else ()) + _CODE_PATHS:
        if (found := _find(path, body)) is not None:
            return code_text(found)
    return None


def declared_error(body: object, declared: Extraction | None) -> str | None:
    """Return the error code that an answer of success holds where the manifest says, if any."""
    if declared is None:
        return None
    found = declared.find(body)
    return None if found is None or found == [] else code_text(found)


def code_text(found: object) -> str:
    """Return a code fit for a failure mode: one short word without blanks."""
    if isinstance(found, list) and found:
        found = found[0]
    if isinstance(found, dict):
        found = found.get("code") or found.get("errorCode") or found.get("message") or "error"
    return _NOT_CODE.sub("_", str(found))[:_CODE_LENGTH] or "error"


def error_message(body: object) -> str:
    """Return the system's sentence for a person, cut short, empty if there is none."""
    for path in _MESSAGE_PATHS:
        found = _find(path, body)
        if isinstance(found, str) and found:
            return found[:WHY_LENGTH]
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
    """Return `text` without any of the values that must not be shown, cut short."""
    for value in sorted(filter(None, hidden), key=len, reverse=True):
        text = text.replace(value, "[hidden]")
    return text[:WHY_LENGTH]


def _find(path: Extraction, body: object) -> Any:
    try:
        found = path.find(body)
    except ExtractionFailed:
        return None
    return found if isinstance(found, str | int | dict) and not isinstance(found, bool) else None
