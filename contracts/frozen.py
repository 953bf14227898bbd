"""The base of every contract: immutable, closed, compared by value."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """An immutable value that refuses unknown fields, so that a typo cannot pass silently."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)
