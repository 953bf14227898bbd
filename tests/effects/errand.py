"""The smallest desk: one effect, and on a refusal perhaps the same under a new permit."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.effect import EffectReceipt, ProposedEffect
    from contracts.frozen import Frozen
    from workflows.effects import Effects


class Errand(Frozen):
    """What the desk is asked."""

    effect: ProposedEffect
    permit_id: str
    fresh_permit_id: str = ""


@workflow.defn(name="ErrandWorkflow")
class ErrandWorkflow:
    """A desk with one effect."""

    @workflow.run
    async def run(self, errand: Errand) -> EffectReceipt:
        async def again() -> dict[str, str]:
            return {errand.effect.step: errand.fresh_permit_id}

        return await Effects(
            workflow.info().workflow_id,
            {errand.effect.step: errand.permit_id},
            ask_again=again if errand.fresh_permit_id else None,
        ).perform(errand.effect)
