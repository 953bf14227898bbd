"""Doing what was allowed, one effect after the other, and taking it back in reverse."""

import asyncio
from collections.abc import Mapping

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.compensation import UndoReport
    from contracts.effect import EffectOrder, EffectReceipt, ProposedEffect
    from contracts.ids import effect_key
    from workflows.approval_gate import ApprovalGate
    from workflows.case_file import CaseFile
    from workflows.pursuit import pursue
    from workflows.undoing import Undoing


class Effects:
    """The effects of one case under the permits of one authorization.

    Attributes:
        receipts: what became of each, in the order they came to an end.
    """

    def __init__(
        self,
        case_id: str,
        permits: Mapping[str, str],
        *,
        file: CaseFile | None = None,
        gate: ApprovalGate | None = None,
    ) -> None:
        """Keep the permits.

        Args:
            case_id: the case.
            permits: permit ids by step, from `Authorization.permits`.
            file: the case's file; it is told of every effect.
            gate: who asks people when policy wants a person before something is undone; without
                it, such an effect stays and is reported.
        """
        self.receipts: list[EffectReceipt] = []
        self._case_id = case_id
        self._permits = permits
        self._file = file
        self._gate = gate

    async def perform(self, proposed: ProposedEffect) -> EffectReceipt:
        """Get one effect done and return its receipt: `applied`, `failed` or `unknown`.

        An effect that has begun is brought to its end before a cancellation takes hold.

        Args:
            proposed: the effect; its step names the permit.

        Raises:
            EffectRefused: the data plane refused the permit, or there is none; if it `asks_again`,
                a new authorization may mend it, and what is done already stays done.
        """
        doing = asyncio.create_task(self._pursue(proposed))
        try:
            return await asyncio.shield(doing)
        except asyncio.CancelledError:
            await doing
            raise

    async def _pursue(self, proposed: ProposedEffect) -> EffectReceipt:
        order = EffectOrder(
            case_id=self._case_id,
            key=effect_key(self._case_id, proposed.step),
            effect=proposed,
            permit_id=self._permits.get(proposed.step, ""),
        )
        receipt = await pursue(order, self._file)
        self.receipts.append(receipt)
        return receipt

    async def undo_all(self, reason: str) -> UndoReport:
        """Undo what this case has applied, the last first; what stays is reported in words.

        Args:
            reason: why, for the log: what failed.
        """
        if self._file is not None:
            self._file.happened("undoing", why=reason)
        undoing = Undoing(self._case_id, because="failure", file=self._file, gate=self._gate)
        return await undoing.undo()
