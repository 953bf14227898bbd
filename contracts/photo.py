"""A photo that a customer sent, by reference: its bytes stay where they lie."""

from typing import Self

from pydantic import Field, model_validator

from contracts.base import Frozen
from contracts.bounds import LONGEST_REFERENCE_CHARS, Name, Text

MOST_PHOTOS = 12
"""With one reply; what is more is an album."""


class Photo(Frozen):
    """Where a photo lies, and what it is.

    Attributes:
        name: the file's.
        media_type: for instance `image/jpeg`.
        size_bytes: how large it is; None where nobody looked.
        address: where people see it; may be empty where the digest says which one it is.
        sha256: the digest of its bytes; empty where nobody looked.
    """

    name: Name = Field(min_length=1)
    media_type: Name = Field(pattern=r"^image/[\w.+-]+$")
    size_bytes: int | None = Field(default=None, ge=0)
    address: Text = Field(
        default="", max_length=LONGEST_REFERENCE_CHARS, pattern=r"^(?:(?:https?|file)://\S+)?$"
    )
    sha256: str = Field(default="", pattern=r"^(?:[0-9a-f]{64})?$")

    @model_validator(mode="after")
    def _can_be_found(self) -> Self:
        if not self.address and not self.sha256:
            raise ValueError("a photo has an address or a sha256, by which it is found")
        return self

    @property
    def told(self) -> str:
        """The photo in a line for people."""
        size = f", {self.size_bytes} bytes" if self.size_bytes is not None else ""
        digest = f"sha256 {self.sha256}" if self.sha256 else ""
        return f"{self.name} ({self.media_type}{size}) {' '.join(filter(None, (self.address, digest)))}"
