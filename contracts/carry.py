"""What a run of a case hands to the next one, when its history has grown long while it waits."""

from datetime import datetime
from enum import StrEnum

from contracts.approvals.messages import GateCarry
from contracts.base import Frozen
from contracts.case import CaseStatus, Episode, Served
from contracts.undo import UndoCase, UndoReport


class WaitsIn(StrEnum):
    """The part of a story in which a case waits for people, for something `OUTSIDE`, or for its `CUSTOMER`.

    Two are with a person for good: `BY_HAND`, where the desk has nothing to propose and changed facts may
    make the question moot, and `UNSETTLED`, where it tried again and again and nothing does.
    """

    PLAN = "plan"
    BY_HAND = "by hand"
    UNSETTLED = "unsettled"
    STEP_BACK = "step back"
    OUTSIDE = "outside"
    CUSTOMER = "customer"


class FileCarry(Frozen):
    """The file of a case.

    Attributes:
        opened_at: when the case's first run began.
        event: of the last record that was made.
        done: the steps whose effects are applied.
        episodes: what happened and is not written yet.
        served: what was learnt of where the case's steps run; None for a case that never asked.
    """

    status: CaseStatus
    summary: str
    amount_cents: int
    currency: str
    office_version: str
    by_person: bool
    customer: str
    waits_for: str = ""
    opened_at: datetime
    event: int
    done: tuple[str, ...] = ()
    episodes: tuple[Episode, ...] = ()
    served: Served | None = None


class UndoCarry(Frozen):
    """An undo half way.

    Attributes:
        report: what became of the effects that were dealt with.
        dealt_with: their keys.
        why: what failed, where a case steps back.
    """

    report: UndoReport = UndoReport()
    dealt_with: tuple[str, ...] = ()
    why: str = ""


class UndoCaseCarry(Frozen):
    """A case that is being undone because a person asked."""

    request: UndoCase
    file: FileCarry
    gate: GateCarry
    undo: UndoCarry


class CaseCarry(Frozen):
    """A case: its file, its gate, and where in its story it waits.

    Attributes:
        tries: how often its plan was judged again because a verdict did not hold.
        unread: how often people were asked about a system that did not answer.
        undo: how far it has stepped back.
    """

    file: FileCarry
    gate: GateCarry
    waits_in: WaitsIn = WaitsIn.PLAN
    tries: int = 0
    unread: int = 0
    undo: UndoCarry = UndoCarry()
