"""The inbox desk, declared."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from contracts.connector import Manifest
from contracts.desk import Activity, CaseCount, Desk
from workflows.inbox.texts import TEXTS
from workflows.inbox.types import ANSWER, InboxFacts, InboxRequest
from workflows.inbox.types import DESK as NAME

if TYPE_CHECKING:
    from activities.ports import OwnOffice
    from workflows.inbox.workflow import InboxWorkflow


def answers_mail(manifest: Manifest) -> bool:
    """Say whether a connector answers mail in its thread: only there a mail has somebody to answer it."""
    return ANSWER in manifest.operations


def workflow() -> "type[InboxWorkflow]":
    """Return the workflow type of a conversation."""
    from workflows.inbox.workflow import InboxWorkflow

    return InboxWorkflow


def own_activities(own: "OwnOffice") -> Sequence[Activity]:
    """Return what reads a mail's way, its clock, and where the case stands that it began."""
    from activities.clock import utc_now
    from workflows.inbox.activities import InboxActivities
    from workflows.inbox.office_inbox import OfficeInbox

    inbox = InboxActivities(OfficeInbox(own, utc_now))
    return [inbox.route, inbox.may, inbox.clock, inbox.standing]


DESK = Desk(
    name=NAME,
    request=InboxRequest,
    facts=InboxFacts,
    workflow=workflow,
    own_activities=own_activities,
    case_counts={"mails_today": CaseCount(within=timedelta(days=1))},
    customer_text=("subject", "message"),
    belongings=("message_id",),
    other_text=("order",),
    sources=answers_mail,
    hears=True,
    texts=TEXTS,
)
