"""Telling a customer something: an effect like any other, with policy's leave and through the ledger."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.policy import PolicyActivities
    from contracts.authorization import Plan, why_denied
    from contracts.effect import EffectState
    from workflows.kernel.case_file import CaseFile
    from workflows.kernel.effects import EffectRefused, Effects
    from workflows.kernel.pauses import Pauses, Rest


async def told(file: CaseFile, message: Plan) -> str:
    """Do the effects of a plan that only tells; judge it anew where the world moved meanwhile.

    Args:
        file: of the case that tells.
        message: the plan.

    Returns:
        Why it was not told, in words for a person; empty if it was.
    """
    pauses = Pauses()
    while True:
        authorization = await file.placement.record(
            PolicyActivities.authorize, message, "policy: tell the customer"
        )
        if authorization.outcome != "allow":
            why = authorization.refused or why_denied(authorization.verdicts)
            return why or "policy does not let it be told without a person"
        effects = Effects(file.case_id, authorization.permits, file)
        try:
            for effect in authorization.covers(message).effects:
                receipt = await effects.perform(effect)
                if receipt.state is not EffectState.APPLIED:
                    return f"{effect.operation} at {effect.connector}: {receipt.state.value}"
        except EffectRefused as refused:
            if refused.asks_again and await pauses.rest(refused.message) is Rest.TAKEN:
                continue
            return refused.message
        return ""
