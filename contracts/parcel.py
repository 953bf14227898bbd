"""Goods that come back, as people speak of them: what came, and how it was found."""

from typing import Literal

from contracts.base import Frozen
from contracts.bounds import Name, Quantity
from contracts.ids import ExternalId

Condition = Literal["sellable", "damaged", "missing_parts", "wrong_item"]
"""How goods were found, the best first."""


class Parcel(Frozen):
    """A person's word that goods have come.

    Attributes:
        person: who says so.
        pieces: how many of each line; empty means all that are still missing.
    """

    person: Name
    pieces: dict[ExternalId, Quantity] = {}


class Inspection(Parcel):
    """A person's word of how goods were found; empty pieces mean all that came and were not looked at.

    Pieces that nobody said had come have come with this.
    """

    condition: Condition = "sellable"
