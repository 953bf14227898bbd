"""Two installations never share work: a Temporal namespace belongs to one, and tells the others so."""

from typing import TYPE_CHECKING

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from contracts.ids import CONTROL_QUEUE
from contracts.installation import Identity
from service.temporal import connect
from workflows.kernel.ownership import WORKFLOW_ID, OwnershipWorkflow

if TYPE_CHECKING:
    from bootstrap.installation import Installation

IDENTITY = "installation"


class NotOurs(RuntimeError):
    """The namespace belongs to another installation; the message says what to do."""

    def __init__(self, client: Client, owner: Identity, own: Identity) -> None:
        address = client.service_client.config.target_host
        super().__init__(
            f"the Temporal namespace {client.namespace} at {address} belongs to another Kontor installation "
            f"({owner.words()}, this one is {own.words()}): set KONTOR_TEMPORAL_ADDRESS or "
            "KONTOR_TEMPORAL_NAMESPACE for this one, or KONTOR_STATE to the other's folder; if the other is "
            f"gone for good, terminate the workflow {WORKFLOW_ID} there"
        )


async def join(installation: "Installation") -> Client:
    """Connect to the installation's own Temporal server.

    Raises:
        NotOurs: the namespace belongs to another installation.
        RuntimeError: nothing answers at the address.
    """
    client = await connect(installation.settings)
    await check(client, installation.identity)
    return client


async def check(client: Client, own: Identity) -> None:
    """Let a namespace pass that is ours, or nobody's yet; raises NotOurs."""
    owner = await owner_of(client)
    if owner is not None and owner.id != own.id:
        raise NotOurs(client, owner, own)


async def claim(client: Client, own: Identity) -> None:
    """Make a namespace ours that is nobody's; the server lets one of several claims win.

    Raises:
        NotOurs: it belongs to another installation.
    """
    await check(client, own)
    try:
        await client.start_workflow(
            OwnershipWorkflow.run,
            own,
            id=WORKFLOW_ID,
            task_queue=CONTROL_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            memo={IDENTITY: own},
            static_summary=f"belongs to the Kontor installation {own.words()}",
        )
    except WorkflowAlreadyStartedError:
        await check(client, own)


async def owner_of(client: Client) -> Identity | None:
    """Return whose the namespace is; None if it is nobody's."""
    try:
        described = await client.get_workflow_handle(WORKFLOW_ID).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    if described.status is not WorkflowExecutionStatus.RUNNING:
        return None
    return await described.memo_value(IDENTITY, type_hint=Identity)
