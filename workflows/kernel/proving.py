"""Whose word it is that a case is told: the data plane judges it by its proof, before the case heeds it."""

from collections.abc import Sequence

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.proofs import ProofActivities
    from contracts.approvals.messages import Withdrawal, read_withdrawal
    from contracts.ids import CONTROL_QUEUE
    from contracts.proof import Claim, Said
    from workflows.kernel import options
    from workflows.kernel.placement import beside

PATCH = "a-word-has-its-proof"
MOST_PATCHES = 16
"""A run that an earlier version began heard its words unproved: each later one is judged for itself."""
UNPROVED = "Unproved"
"""The error type of an update that is nobody's word."""
SILENT = "our records were silent: nobody could tell whose word it is; say it again"


class Proving:
    """Has the words judged that one run of a case is told."""

    def __init__(self) -> None:
        """Begin with none."""
        self._count = 0

    async def why_not(self, said: Said, person: str, proof: str) -> str:
        """Say why it is nobody's word; empty if it counts. A proof is used up by it.

        Args:
            said: the words, as they came.
            person: in whose name.
            proof: the id of its proof; empty if it came without.
        """
        number, self._count = self._count, self._count + 1
        if not workflow.patched(f"{PATCH}-{min(number, MOST_PATCHES)}"):
            return ""
        # A reset hears the same words in their order; another run that goes on hears others.
        use = f"{workflow.info().original_execution_run_id}#{number}"
        claim = Claim(said=said, person=person, proof=proof, use=use)
        queued = options.with_summary(options.PROMPT, f"who said it: {said.act}", CONTROL_QUEUE)
        try:
            return await beside(ProofActivities.use, claim, queued)
        except ActivityError as silent:
            if is_cancelled_exception(silent):
                raise
            workflow.logger.warning("nobody can tell whose word it is: %s", silent.cause)
            return SILENT

    async def withdrawal(self, payload: Sequence[object]) -> Withdrawal | None:
        """Return what the signal `withdraw` says; None if it is nobody's word, which is on record then."""
        taken = read_withdrawal(payload[0] if payload else None)
        said = taken.said(workflow.info().workflow_id)
        return None if await self.why_not(said, taken.by, taken.proof) else taken

    async def demand(self, said: Said, person: str, proof: str) -> None:
        """Let an update go on only with somebody's word; the arguments are those of `why_not`.

        Raises:
            ApplicationError: `Unproved`: it is nobody's.
        """
        if why := await self.why_not(said, person, proof):
            raise ApplicationError(why, type=UNPROVED, non_retryable=True)
