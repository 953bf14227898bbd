"""What senders of mail are told: the office's texts by name, and what each may say, with examples."""

from collections.abc import Mapping

from pydantic import JsonValue

_MAIL: dict[str, JsonValue] = {"topic": "returns", "order": "W-1001"}

TEXTS: Mapping[str, Mapping[str, JsonValue]] = {
    "acknowledged": _MAIL,
    "answered": {**_MAIL, "words": "We send it to you today."},
    "ended": {**_MAIL, "status": "settled", "outcome": "returned"},
}
