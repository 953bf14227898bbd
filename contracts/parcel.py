"""Goods that come back, as people speak of them: what came, and how it was found."""

from typing import Literal

from pydantic import Field, JsonValue

from contracts.base import Frozen
from contracts.bounds import Name, Quantity, Text
from contracts.ids import ExternalId
from contracts.proof import Said

Condition = Literal["sellable", "damaged", "missing_parts", "wrong_item"]
"""How goods were found, the best first."""


class Parcel(Frozen):
    """A person's word that goods have come.

    Attributes:
        person: who says so.
        pieces: how many of each line; empty means all that are still missing.
        proof: the id of the proof that a door wrote for this word.
    """

    person: Name
    pieces: dict[ExternalId, Quantity] = {}
    proof: Text = Field(default="", exclude_if=lambda given: not given)

    def said(self, case_id: str) -> Said:
        """Return what the person says with it, to a case."""
        return Said(act="received", about=case_id, words={"pieces": {**self.pieces}})


class Inspection(Parcel):
    """A person's word of how goods were found; empty pieces mean all that came and were not looked at.

    Pieces that nobody said had come have come with this.
    """

    condition: Condition = "sellable"

    def said(self, case_id: str) -> Said:
        """Return what the person says with it, to a case."""
        words: dict[str, JsonValue] = {"pieces": {**self.pieces}, "condition": self.condition}
        return Said(act="inspected", about=case_id, words=words)
