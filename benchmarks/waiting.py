"""The stories of the approvals benchmark: a case that only asks, and the barest wait for a signal."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import JsonValue

    from contracts.approvals.messages import ApprovalDraft
    from workflows.kernel.approval_gate import ApprovalGate


@workflow.defn(name="BenchAsking")
class BenchAsking:
    """A case that asks and ends: everything else of a desk left out."""

    @workflow.init
    def __init__(self, draft: ApprovalDraft) -> None:
        """Make the gate."""
        self.gate = ApprovalGate()

    @workflow.run
    async def run(self, draft: ApprovalDraft) -> str:
        """Ask, and return the outcome."""
        approval = await self.gate.ask(draft)
        await self.gate.finish()
        return approval.outcome.value


@workflow.defn(name="BenchBare")
class BenchBare:
    """The floor: wait for one signal, and end."""

    def __init__(self) -> None:
        """Nothing was said yet."""
        self.said = False

    @workflow.run
    async def run(self, draft: ApprovalDraft) -> str:
        """Wait."""
        await workflow.wait_condition(lambda: self.said)
        return "approved"

    @workflow.signal
    def decide(self, answer: dict[str, JsonValue]) -> None:
        """Go on."""
        self.said = True
