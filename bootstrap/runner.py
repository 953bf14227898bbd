"""The sandbox in which workflows run, without a detour that nothing here takes."""

from dataclasses import dataclass
from typing import Any

from temporalio.converter import StorageDriverStoreContext
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import Info, SandboxImportNotificationPolicy


@dataclass(frozen=True)
class WorkflowRunner(SandboxedWorkflowRunner):
    """Runs workflows as `SandboxedWorkflowRunner` does, and with less work around each payload.

    For every payload the SDK enters the sandbox two to five times to ask in which context a codec, a
    converter or an external store shall see it. Kontor's data converter reads no context, so the
    answer is given outside: a ninth of a worker's work on a case. A converter or codec that does read
    its context needs the plain `SandboxedWorkflowRunner`.
    """

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """Make one workflow's instance in a sandbox of its own."""
        return _Instance(super().create_instance(det))


class _Instance(WorkflowInstance):
    """One workflow in its sandbox."""

    def __init__(self, sandboxed: WorkflowInstance) -> None:
        self._sandboxed = sandboxed

    def activate(self, act: Any) -> Any:
        return self._sandboxed.activate(act)

    def get_serialization_context(self, command_info: Any) -> None:
        return None

    def get_external_store_context(self, command_info: Any) -> StorageDriverStoreContext:
        return StorageDriverStoreContext(target=None)

    def get_info(self) -> Info:
        return self._sandboxed.get_info()

    def get_thread_id(self) -> int | None:
        return self._sandboxed.get_thread_id()


def workflow_runner() -> WorkflowRunner:
    """Return the sandbox in which a first-party import outside `imports_passed_through` fails."""
    policy = (
        SandboxImportNotificationPolicy.WARN_ON_DYNAMIC_IMPORT
        | SandboxImportNotificationPolicy.RAISE_ON_UNINTENTIONAL_PASSTHROUGH
    )
    return WorkflowRunner(restrictions=SandboxRestrictions.default.with_import_notification_policy(policy))
