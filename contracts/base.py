"""The base of every contract: immutable, closed, compared by value."""

import hashlib
import json
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, JsonValue


class Frozen(BaseModel):
    """An immutable value that refuses unknown fields, so that a typo cannot pass silently."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


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
