"""The smallest desk: one effect, and on a refusal perhaps the same under a new permit."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.base import Frozen
    from contracts.effect import EffectReceipt, ProposedEffect
    from workflows.kernel.effects import EffectRefused, Effects


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
        case_id, step = workflow.info().workflow_id, errand.effect.step
        try:
            return await Effects(case_id, {step: errand.permit_id}).perform(errand.effect)
        except EffectRefused as refused:
            if not (refused.asks_again and errand.fresh_permit_id):
                raise
        return await Effects(case_id, {step: errand.fresh_permit_id}).perform(errand.effect)
