"""The toy desk, declared: all that the kernel ever learns of it."""

from collections.abc import Sequence
from datetime import timedelta

from activities.ports import Reads
from contracts.connector import Manifest
from contracts.desk import Activity, CaseCount, Desk
from tests.desks.toy.activities import BoardActivities
from tests.desks.toy.types import DESK as NAME
from tests.desks.toy.types import NoteFacts, NoteRequest
from tests.desks.toy.workflow import NoteWorkflow


def board(manifest: Manifest) -> bool:
    return "pin" in manifest.operations


def activities(outside: Reads) -> Sequence[Activity]:
    return [BoardActivities(outside).count]


DESK = Desk(
    name=NAME,
    request=NoteRequest,
    facts=NoteFacts,
    workflow=lambda: NoteWorkflow,
    activities=activities,
    case_counts={"earlier_notes": CaseCount(within=timedelta(days=30))},
    customer_text=("body",),
    other_text=("customer",),
    sources=board,
)
