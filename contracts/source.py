"""Who sends us events: how they prove it, how an event is read, and what is done about each type."""

from fnmatch import fnmatchcase
from typing import Literal, Self

from pydantic import Field, model_validator

from contracts.base import Frozen

OF_SOURCES = "sources"
"""Stands where an episode of a source names its case: it belongs to none."""
Encoding = Literal["hex", "base64"]
Signed = Literal["id", "time", "body"]


class SignatureShape(Frozen):
    """How a signature by HMAC-SHA256 travels, and over what it is made.

    Attributes:
        header: the header that holds it, in small letters. It may hold several, apart by blanks or commas.
        prefix: what stands before each signature that counts, for instance `sha256=`.
        encoding: how it is written.
        signed: what is signed, in this order, with dots between.
        id_header: holds the id, where that is signed.
        time_header: holds the moment in seconds since 1970, where that is signed; empty if it stands as
            `t=` beside the signature.
        key: how the secret is written: as it is, or in base64 behind `whsec_`.
    """

    header: str
    prefix: str = ""
    encoding: Encoding = "hex"
    signed: tuple[Signed, ...] = ("body",)
    id_header: str = ""
    time_header: str = ""
    key: Literal["text", "base64"] = "text"

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if "body" not in self.signed:
            raise ValueError("signed: the body must be signed")
        if ("id" in self.signed) != bool(self.id_header):
            raise ValueError("id_header: name it exactly where the id is signed")
        if self.time_header and "time" not in self.signed:
            raise ValueError("time_header: it is named, and the time is not signed")
        return self


SHAPES = {
    "standard": SignatureShape(
        header="webhook-signature",
        prefix="v1,",
        encoding="base64",
        signed=("id", "time", "body"),
        id_header="webhook-id",
        time_header="webhook-timestamp",
        key="base64",
    ),
    "stripe": SignatureShape(header="stripe-signature", prefix="v1=", signed=("time", "body")),
    "shopify": SignatureShape(header="x-shopify-hmac-sha256", encoding="base64"),
    "github": SignatureShape(header="x-hub-signature-256", prefix="sha256="),
}
"""The schemes that have a name; `hmac` says its own."""


class Signature(Frozen):
    """How a source proves that an event is its own.

    Attributes:
        scheme: a name of `SHAPES`, `hmac` with a `shape` of its own, or `bearer` (no signature: whoever
            knows the token may send).
        secrets: the names of the secrets that count now: one, or two while they are changed.
        tolerance_seconds: how old a signed moment may be.
    """

    scheme: Literal["standard", "stripe", "shopify", "github", "hmac", "bearer"]
    secrets: tuple[str, ...] = Field(min_length=1, max_length=2)
    tolerance_seconds: int = Field(default=300, ge=1, le=86_400)
    shape: SignatureShape | None = None

    @model_validator(mode="after")
    def _says_its_shape(self) -> Self:
        if (self.scheme == "hmac") != (self.shape is not None):
            raise ValueError("shape: scheme 'hmac' says its own in [signature.shape], no other does")
        return self

    @property
    def form(self) -> SignatureShape | None:
        """How it travels; None for a bearer's token."""
        return self.shape or SHAPES.get(self.scheme)

    @property
    def covers_no_moment(self) -> bool:
        """Whether a signed delivery can be sent again for ever."""
        return self.form is not None and "time" not in self.form.signed


class EventReading(Frozen):
    """Where a plain JSON event says what it is: JMESPath over `{headers: {…}, body: …}`.

    Attributes:
        id: the event's id; required, for nothing is accepted without one. Headers have small letters.
        type: what happened; empty means that the source tells of one thing, called `event`.
        occurred_at: when it happened, in ISO 8601.
    """

    id: str
    type: str = ""
    occurred_at: str = ""


class EventRule(Frozen):
    """What is done about events of one type; JMESPath is read over the event's data.

    One of three: `request` starts or joins a case; `signal` tells the cases that `where` finds; `nothing`
    says why nothing is done.

    Attributes:
        desk: whose request or whose cases.
        request: by field of the desk's request: where its value stands.
        where: by field of a case's request: where the value stands that it must have.
        signal: what those cases are told. It is a hint: they read the facts again, at their source.
        nothing: the reason.
    """

    desk: str = ""
    request: dict[str, str] = {}
    where: dict[str, str] = {}
    signal: Literal["", "facts_changed"] = ""
    nothing: str = ""

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if sum(map(bool, (self.request, self.signal, self.nothing))) != 1:
            raise ValueError("say one of: request = {…}, signal = 'facts_changed', nothing = 'WHY'")
        if bool(self.where) != bool(self.signal):
            raise ValueError("where: a signal needs it, and nothing else does")
        if bool(self.desk) == bool(self.nothing):
            raise ValueError("desk: name it for a request or a signal, and only there")
        return self


class MissedListing(Frozen):
    """Where a source lists what it told of, so that what never came is fetched there.

    Attributes:
        operation: a read of the channel's manifest. Of its arguments `since` (the moment to begin at, in ISO
            8601), `cursor` and `limit` are filled in where it declares them.
        items: JMESPath over the operation's result fields to the events.
        next_cursor: JMESPath over them to the place to go on from; empty means one page.
        event: JMESPath in an item to the body that the source would have sent.
        headers: by name in small letters: JMESPath in an item to what stands in a header, for the reading.
    """

    operation: str
    items: str
    next_cursor: str = ""
    event: str = "@"
    headers: dict[str, str] = {}


class Silence(Frozen):
    """How long a source may say nothing.

    Attributes:
        after_minutes: its cadence; nothing for longer, and somebody should know.
        hours: which minutes count: those of the office's working time, or `always` all of them.
        listing: where what was missed is fetched from.
    """

    after_minutes: float = Field(gt=0, le=60 * 24 * 90)
    hours: Literal["office", "always"] = "office"
    listing: MissedListing | None = None


class Source(Frozen):
    """One file of `sources/`; its name is the file's.

    Attributes:
        name: the file's, filled in when it is read.
        note: for people.
        channel: the connector that its events are about.
        signature: how it proves itself.
        reading: where a plain JSON event says what it is; without it the source sends CloudEvents.
        key: JMESPath over the data to what an event is about; empty means a CloudEvent's subject.
        max_bytes: how long a body may be.
        most_waiting: with so many events waiting, the source is told to come again later.
        silence: how long it may say nothing; without it, nobody is told of that.
        events: by type, `*` for any run of characters; the first that fits counts.
    """

    name: str = ""
    note: str = ""
    channel: str
    signature: Signature
    reading: EventReading | None = None
    key: str = ""
    max_bytes: int = Field(default=262_144, ge=1, le=1_000_000)
    most_waiting: int = Field(default=10_000, ge=1, le=1_000_000)
    silence: Silence | None = None
    events: dict[str, EventRule] = Field(min_length=1)

    def rule(self, kind: str) -> EventRule | None:
        """Return what is done about events of a type; None if the office does not say."""
        return next((rule for pattern, rule in self.events.items() if fnmatchcase(kind, pattern)), None)
