"""The toy desk's words."""

from contracts.base import Frozen
from contracts.desk import Request

DESK = "toy"


class NoteRequest(Request):
    customer: str
    body: str


class NoteFacts(Frozen):
    length: int
    on_board: int
    earlier_notes: int = 0


class Board(Frozen):
    name: str
