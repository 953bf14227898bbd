"""What is on record of a case, whoever speaks of it: its door, its request, what was read for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

from contracts.base import Arguments, Frozen
from contracts.connector import Manifest

KEPT_BEFORE = ""
"""The run, and the request's hash, of a case that was on record before doors admitted cases."""
UPGRADE = "upgrade"
"""The door of such a case; it was let in when the books learnt of doors."""
NOT_ON_RECORD = "NotOnRecord"
"""The type of the error by which the data plane refuses a case that no door admitted."""


PartOf = Callable[[Mapping[str, JsonValue], Mapping[str, JsonValue]], bool]
"""Says whether a request is a part of another: what one letter wishes for one more thing."""


class Admission(Frozen):
    """A case that came by a door: nobody else can open one.

    Attributes:
        request_hash: `content_hash` of its request; `KEPT_BEFORE` if any will do.
        by: the door.
        run_id: the first run of its workflow that opened it; None until one did, `KEPT_BEFORE` for any.
        reopens: a door has let it begin again: the next run that opens it is its run.
    """

    case_id: str
    request_hash: str
    by: str
    admitted_at: datetime
    run_id: str | None = None
    reopens: bool = False


@dataclass(frozen=True)
class OnRecord:
    """What a desk's witness compares a plan with.

    Attributes:
        request: the case's, as its door took it in.
        opened_at: when the case began.
        manifest: of the connector that the request came by.
        told: by operation and arguments, what the connector told last; None if it was never asked, or has
            no such thing.
        begun: the steps of the case's effects that the ledger has.
        earlier: the facts by which the case was judged before, each time.
    """

    request: Mapping[str, JsonValue]
    opened_at: datetime
    manifest: Manifest
    told: Callable[[str, Arguments], dict[str, JsonValue] | None]
    begun: frozenset[str]
    earlier: Callable[[], list[dict[str, JsonValue]]]
