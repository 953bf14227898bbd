"""What a source sent, byte for byte, and why it is refused."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus


class DeliveryRefused(Exception):
    """A delivery that is not accepted: nothing of it was kept, and its sender may know why.

    Attributes:
        status: HTTP's word for it.
        why: in words, without anything of a secret or of the body.
        retry_seconds: when to come again; None if it would help nobody.
    """

    def __init__(self, status: HTTPStatus, why: str, retry_seconds: int | None = None) -> None:
        super().__init__(why)
        self.status, self.why, self.retry_seconds = status, why, retry_seconds


@dataclass(frozen=True)
class Delivery:
    """One request to a source's door.

    Attributes:
        headers: by name in small letters.
        body: the raw bytes: what is signed.
        doubled: headers that stood there more than once: of two, nobody knows which one counts.
    """

    headers: dict[str, str]
    body: bytes
    doubled: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, headers: Iterable[tuple[str, str]], body: bytes) -> "Delivery":
        """Take the headers as they came."""
        found: dict[str, str] = {}
        doubled = set()
        for name, value in headers:
            if name.lower() in found:
                doubled.add(name.lower())
            found[name.lower()] = value
        return cls(found, body, frozenset(doubled))

    def header(self, name: str, refused: HTTPStatus = HTTPStatus.UNPROCESSABLE_ENTITY) -> str:
        """Return a header, empty if it is not there; raises DeliveryRefused if it stands there twice."""
        if name in self.doubled:
            raise DeliveryRefused(refused, f"the header {name} stands there twice")
        return self.headers.get(name, "").strip()
