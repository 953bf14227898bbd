"""One line of the append-only log of what happened and why."""

from datetime import datetime

from pydantic import JsonValue

from contracts.frozen import Frozen


class Episode(Frozen):
    """Something that happened to a case.

    Attributes:
        id: chosen by the writer so that writing it twice keeps one, for instance
            `returns/webshop/RMA-1007#decided`.
        kind: `opened`, `decided`, `verdict`, `asked`, `answered`, `effect`, `closed`, …
        data: what a person needs to see why; never a secret, never personal data.
    """

    id: str
    case_id: str
    kind: str
    at: datetime
    data: dict[str, JsonValue] = {}
