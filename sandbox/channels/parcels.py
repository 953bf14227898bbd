"""Parcels that come by themselves: what of an authorised return is there by now."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sandbox.world import Entry


def arrived(made: Entry, coming: Sequence[Mapping[str, Any]], now: datetime) -> dict[str, Any]:
    """Say what of an authorised return is there by now, from the parcels that are to come.

    Args:
        made: the authorisation.
        coming: its parcels, as `sandbox.loading.ParcelIn`.
        now: the moment.
    """
    authorised = made.detail["lines"]
    assert isinstance(authorised, list)
    everything = {piece["line"]: piece["quantity"] for piece in authorised}
    since = (now - datetime.fromisoformat(made.made_at)).total_seconds()
    received, inspected = [], []
    for parcel in coming:
        if parcel.get("after_seconds", 0) > since:
            continue
        pieces = parcel.get("pieces") or everything
        here = [{"line": line, "quantity": count} for line, count in pieces.items() if line in everything]
        received += here
        if condition := parcel.get("condition", "sellable"):
            inspected += [{**one, "condition": condition} for one in here]
    return {"received": received, "inspected": inspected}
