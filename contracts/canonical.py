"""One spelling for every value, so that equal things have equal hashes."""

import hashlib
import json
from collections.abc import Mapping

from pydantic import BaseModel, JsonValue

Arguments = dict[str, JsonValue]
"""What an operation is called with: plain JSON, money as integer cents."""


def canonical_json(value: BaseModel | Mapping[str, object] | list[object]) -> str:
    """Render `value` as JSON with sorted keys and no spaces (RFC 8785 without its float rules).

    Money travels as integer cents throughout Kontor, so floats never carry meaning here.
    """
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def content_hash(value: BaseModel | Mapping[str, object] | list[object]) -> str:
    """Return the SHA-256 of the canonical JSON of `value`, as 64 hex digits."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def text_hash(text: str) -> str:
    """Return the SHA-256 of `text` in UTF-8, as 64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()
