"""Whose a Temporal namespace is: a workflow that does nothing, and of which there can only be one."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.installation import Identity

WORKFLOW_ID = "kontor-installation"


@workflow.defn(name="OwnershipWorkflow")
class OwnershipWorkflow:
    """Runs for as long as the namespace belongs to the installation that started it."""

    @workflow.run
    async def run(self, owner: Identity) -> None:
        """Wait until somebody terminates it."""
        workflow.set_current_details(f"This namespace belongs to the Kontor installation {owner.words()}.")
        await workflow.wait_condition(lambda: False)
