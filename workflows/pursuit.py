"""One order on its way through the data plane: handed over, waited for, given up at the end."""

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.effects import EffectActivities
    from activities.errors import PERMIT_REFUSED
    from contracts.effect import EffectOrder, EffectReceipt, ProposedEffect
    from contracts.ids import CONTROL_QUEUE, connector_queue
    from workflows import options
    from workflows.case_file import CaseFile

ASKS_AGAIN = frozenset({"expired", "connector-version", "policy-version"})
"""Refusals that say no more than that the world moved since it was allowed: judge it again."""


class EffectRefused(ApplicationError):
    """The data plane refused an effect's permit; nothing was sent.

    It fails the workflow if nobody catches it. Attributes: `reason`, a word of
    `contracts.failure.PermitRefused`; `asks_again`, true if a new authorization may mend it.
    """

    def __init__(self, step: str, reason: str, words: str) -> None:
        """Keep which step, and why."""
        super().__init__(f"{step}: {words}", reason, type="EffectRefused", non_retryable=True)
        self.step = step
        self.reason = reason
        self.asks_again = reason in ASKS_AGAIN


async def pursue(order: EffectOrder, file: CaseFile | None = None) -> EffectReceipt:
    """Hand an order to the data plane and return its receipt, however long that takes.

    Args:
        order: what to do, under which permit.
        file: the case's file; it is told how it ended.

    Raises:
        EffectRefused: the permit does not cover the order.
    """
    try:
        receipt = await _perform(order)
    except EffectRefused as refused:
        _tell(file, order, "refused", refused.message)
        raise
    _tell(file, order, receipt.state.value, receipt.reason, receipt)
    return receipt


async def _perform(order: EffectOrder) -> EffectReceipt:
    try:
        return await workflow.execute_activity_method(
            EffectActivities.perform,
            order,
            **options.told(options.EFFECT, title(order.effect), connector_queue(order.effect.connector)),
        )
    except ActivityError as error:
        cause = error.cause
        if isinstance(cause, ApplicationError) and cause.type == PERMIT_REFUSED:
            reason = str(cause.details[0]) if cause.details else "missing"
            raise EffectRefused(order.effect.step, reason, cause.message) from error
        workflow.logger.warning("%s was given up: %s", title(order.effect), cause)
    return await workflow.execute_activity_method(
        EffectActivities.give_up,
        order,
        **options.told(options.BOOKS, f"give up: {title(order.effect)}", CONTROL_QUEUE),
    )


def _tell(
    file: CaseFile | None,
    order: EffectOrder,
    state: str,
    why: str | None,
    receipt: EffectReceipt | None = None,
) -> None:
    if file is None:
        return
    effect = order.effect
    file.happened(
        "effect",
        step=effect.step,
        key=order.key,
        connector=effect.connector,
        operation=effect.operation,
        amount_cents=effect.amount_cents,
        currency=effect.currency,
        state=state,
        reference=receipt.outside_reference if receipt else None,
        attempts=receipt.attempts if receipt else 0,
        why=why,
    )


def title(effect: ProposedEffect) -> str:
    """Return an effect in a few words, without personal data: `refund 40.00 EUR at webshop`."""
    money = f" {effect.amount_cents / 100:.2f} {effect.currency}" if effect.amount_cents else ""
    return f"{effect.operation.replace('_', ' ')}{money} at {effect.connector}"
