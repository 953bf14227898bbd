"""A workflow that only talks to itself, to show that its buffer survives continue-as-new."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.base import Frozen
    from workflows.kernel.conversation import Buffer


class Talk(Frozen):
    """What one run hands to the next."""

    buffer: Buffer
    left: int
    runs: int = 1


class Told(Frozen):
    """What came out."""

    buffer: Buffer
    runs: int


@workflow.defn(name="BufferTestWorkflow")
class BufferWorkflow:
    """Talks to itself, beginning a new run every ten turns."""

    @workflow.run
    async def run(self, talk: Talk) -> Told:
        """Add turns; go on in a new run with the buffer as it is."""
        buffer = talk.buffer
        for number in range(10):
            buffer = buffer.add("customer", f"turn {buffer.seen} {'x' * number}")
            await workflow.sleep(timedelta(milliseconds=1))
        if talk.left:
            workflow.continue_as_new(Talk(buffer=buffer, left=talk.left - 1, runs=talk.runs + 1))
        return Told(buffer=buffer, runs=talk.runs)
