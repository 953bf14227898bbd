"""Effects on their way through the data plane: handed over, waited for, given up at the end."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.effects import EffectActivities
    from activities.errors import PERMIT_REFUSED
    from contracts.effect import EffectOrder, EffectReceipt, EffectState, ProposedEffect
    from contracts.ids import CONTROL_QUEUE, connector_queue, effect_key
    from contracts.money import money_text
    from workflows.kernel import options
    from workflows.kernel.case_file import CaseFile
    from workflows.kernel.placement import beside

ASKS_AGAIN = frozenset({"expired", "connector-version", "policy-version"})
"""Refusals that say no more than that the world moved since it was allowed: judge it again."""
UNKNOWN_THERE = "operation"
"""The worker's office has no such operation; the office that allowed it had."""


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
        self.asks_again = reason in ASKS_AGAIN or (
            reason == UNKNOWN_THERE and workflow.patched("an-office-without-the-operation")
        )


@dataclass(frozen=True)
class Stopped:
    """The effect at which a plan stopped: it is `failed` or `unknown`."""

    step: str
    receipt: EffectReceipt

    @property
    def word(self) -> str:
        """The word for it: `restock_failed`."""
        return f"{self.step}_{self.receipt.state.value}"


def leading(effects: Sequence[ProposedEffect], first: Collection[str]) -> int:
    """Return how many effects are done in order before the rest may begin: one at least.

    Args:
        effects: in the order in which the desk proposes them.
        first: operations that lead, as those that move money always do.
    """
    places = [
        place
        for place, effect in enumerate(effects, start=1)
        if effect.amount_cents or effect.operation in first
    ]
    return max(places, default=1)


class Effects:
    """The effects of one case under the permits of one authorization.

    The rule that bounds their placement: what justifies an effect is in the history before the effect
    begins. A workflow task that times out is run again from its start; were the effect part of it, the
    run would read the order anew, see its own refund, and refuse a customer who has been paid. So the
    first effect after each authorization is a queued activity: it is scheduled by the end of the task
    that read, decided and judged. Money is always queued, too.
    """

    def __init__(self, case_id: str, permits: Mapping[str, str], file: CaseFile | None = None) -> None:
        """Keep the permits.

        Args:
            case_id: the case.
            permits: permit ids by step, from `Authorization.permits`.
            file: the case's file; it is told of every effect.
        """
        self._case_id = case_id
        self._permits = permits
        self._file = file
        self._justified = False

    async def perform(self, proposed: ProposedEffect) -> EffectReceipt:
        """Get one effect done and return its receipt: `applied`, `failed` or `unknown`.

        Where the first was queued and came back, one without money is tried beside the workflow.

        An effect that has begun is brought to its end before a cancellation takes hold.

        Args:
            proposed: the effect; its step names the permit.

        Raises:
            EffectRefused: the data plane refused the permit, or there is none; if it `asks_again`,
                a new authorization may mend it, and what is done already stays done.
        """
        order = EffectOrder(
            case_id=self._case_id,
            key=effect_key(self._case_id, proposed.step),
            effect=proposed,
            permit_id=self._permits.get(proposed.step, ""),
        )
        placed = self._file is not None and self._file.placement.serves(proposed.connector)
        local = placed and self._justified and not proposed.amount_cents
        doing = asyncio.create_task(execute_effect(order, self._file, local=local))
        try:
            receipt = await asyncio.shield(doing)
        except asyncio.CancelledError:
            await doing
            raise
        self._justified = True
        return receipt

    async def perform_all(self, effects: Sequence[ProposedEffect], leading: int) -> Stopped | None:
        """Get the leading effects done in order, then the rest at once.

        When one of the rest fails, all of them are waited for, so that what is to be undone is known.

        Args:
            effects: all of them.
            leading: how many lead.

        Returns:
            Where it stopped; None if all are applied.

        Raises:
            EffectRefused: a permit was refused.
        """
        for effect in effects[:leading]:
            receipt = await self.perform(effect)
            if receipt.state is not EffectState.APPLIED:
                return Stopped(effect.step, receipt)
        rest = effects[leading:]
        ends = await asyncio.gather(*(self.perform(each) for each in rest), return_exceptions=True)
        for effect, end in zip(rest, ends, strict=True):
            if isinstance(end, EffectReceipt) and end.state is not EffectState.APPLIED:
                return Stopped(effect.step, end)
        for end in ends:
            if isinstance(end, BaseException):
                raise end
        return None


async def execute_effect(
    order: EffectOrder, file: CaseFile | None = None, *, local: bool = False
) -> EffectReceipt:
    """Hand an order to the data plane and return its receipt, however long that takes.

    Args:
        order: what to do, under which permit.
        file: the case's file; it is told how it ended.
        local: try it once beside the workflow first; what justifies it must stand in the history.

    Raises:
        EffectRefused: the permit does not cover the order.
    """
    try:
        receipt = await _perform(order, local=local)
    except EffectRefused as refused:
        _tell(file, order, "refused", refused.message)
        raise
    _tell(file, order, receipt.state.value, receipt.reason, receipt)
    return receipt


async def _perform(order: EffectOrder, *, local: bool) -> EffectReceipt:
    queued = options.with_summary(
        options.EFFECT, title(order.effect), connector_queue(order.effect.connector)
    )
    try:
        if local:
            return await beside(EffectActivities.perform, order, queued)
        return await workflow.execute_activity_method(EffectActivities.perform, order, **queued)
    except ActivityError as error:
        cause = error.cause
        if isinstance(cause, ApplicationError) and cause.type == PERMIT_REFUSED:
            reason = str(cause.details[0]) if cause.details else "missing"
            raise EffectRefused(order.effect.step, reason, cause.message) from error
        workflow.logger.warning("%s was given up: %s", title(order.effect), cause)
    return await workflow.execute_activity_method(
        EffectActivities.give_up,
        order,
        **options.with_summary(options.DATABASE, f"give up: {title(order.effect)}", CONTROL_QUEUE),
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
    if state == EffectState.APPLIED and effect.step not in file.done:
        file.done.append(effect.step)
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
    money = f" {money_text(effect.amount_cents, effect.currency)}" if effect.amount_cents else ""
    return f"{effect.operation.replace('_', ' ')}{money} at {effect.connector}"
