"""The data plane's door with the workflow bypassed: permits, orders, and Temporal's attempts by hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy import Engine
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.effects import EffectActivities
from contracts.effect import EffectOrder, EffectReceipt, Permit, ProposedEffect
from contracts.ids import effect_key, permit_id
from memory.authoritative.authorizations import SqlAuthorizations
from memory.authoritative.ledger.ledger import SqlLedger
from tests.activities.effects.fake_channel import Clock, FakeChannel
from tests.activities.grounds import ANYBODY
from tests.memory.audit_helpers import journal

CASE = "returns/till/RMA-1"
POLICY = "policy-1"


def refund(
    cents: int = 4000, *, order: str = "W-1", step: str = "refund", connector: str = "till"
) -> ProposedEffect:
    return ProposedEffect(
        step=step,
        connector=connector,
        operation="refund",
        arguments={"order": order, "amount_cents": cents},
        amount_cents=cents,
        currency="EUR",
    )


@dataclass
class Door:
    """Everything between an order and the till."""

    engine: Engine
    till: FakeChannel
    clock: Clock
    policy_version: str = POLICY
    attempts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ledger = SqlLedger(journal(self.engine))
        self.activities = self.open(self.ledger)

    def open(self, ledger: SqlLedger) -> EffectActivities:
        return EffectActivities(
            self.till, ledger, lambda: self.policy_version, self.clock, self.clock.stopwatch, callers=ANYBODY
        )

    def permit(
        self, effect: ProposedEffect, *, case_id: str = CASE, basis: str = "verdict-1", **changes: object
    ) -> Permit:
        """Issue leave for an effect; `changes` make it leave for something else."""
        key = effect_key(case_id, effect.step)
        permit = Permit(
            id=permit_id(key, effect.arguments_hash, basis),
            effect_key=key,
            case_id=case_id,
            connector=effect.connector,
            operation=effect.operation,
            arguments_hash=effect.arguments_hash,
            amount_cents=effect.amount_cents,
            currency=effect.currency,
            connector_version=self.till.manifest(effect.connector).connector_version,
            policy_version=self.policy_version,
            office_version="office-1",
            basis=basis,
            expires_at=self.clock.now + timedelta(hours=1),
        ).model_copy(update=changes)
        self.issue(permit)
        return permit

    def issue(self, permit: Permit) -> None:
        """Write a permit, as an authorization does."""
        SqlAuthorizations(journal(self.engine)).keep(permit.case_id, (), (), [permit], self.clock.now)

    def order(
        self,
        effect: ProposedEffect,
        permit: Permit | None = None,
        *,
        case_id: str = CASE,
        compensates: str | None = None,
    ) -> EffectOrder:
        """Order an effect, under a fresh permit unless another is given."""
        permit = permit or self.permit(effect, case_id=case_id)
        key = effect_key(case_id, effect.step)
        return EffectOrder(
            case_id=case_id, key=key, effect=effect, permit_id=permit.id, compensates=compensates
        )

    def environment(self, order: EffectOrder, *, maximum_attempts: int = 0) -> ActivityEnvironment:
        """Temporal's next attempt at an order."""
        self.attempts[order.key] = self.attempts.get(order.key, 0) + 1
        environment = ActivityEnvironment()
        environment.info = replace(
            environment.info,
            attempt=self.attempts[order.key],
            schedule_to_close_timeout=None,
            retry_policy=RetryPolicy(
                initial_interval=timedelta(seconds=1),
                maximum_interval=timedelta(seconds=8),
                maximum_attempts=maximum_attempts,
            ),
        )
        return environment

    async def attempt(self, order: EffectOrder, *, maximum_attempts: int = 0) -> EffectReceipt:
        """Make one attempt; raises what Temporal would see."""
        environment = self.environment(order, maximum_attempts=maximum_attempts)
        return await environment.run(self.activities.perform, order)

    async def pursue(self, order: EffectOrder, *, at_most: int = 20) -> EffectReceipt:
        """Attempt as Temporal does, the clock moving as each failure asks, until there is a receipt."""
        for number in range(1, at_most + 1):
            try:
                return await self.attempt(order, maximum_attempts=at_most if number == at_most else 0)
            except ApplicationError as failed:
                if failed.non_retryable or failed.next_retry_delay is None:
                    raise
                self.clock.pass_seconds(failed.next_retry_delay.total_seconds())
        raise AssertionError("the last attempt must return a receipt")


def refusal(error: ApplicationError) -> str:
    """The word of a refused permit."""
    assert error.type == "PermitRefused"
    assert error.non_retryable
    return str(error.details[0])


def outcomes(door: Door, key: str) -> Mapping[int, str]:
    """What every call showed, by its number."""
    entry = door.ledger.entry(key)
    assert entry is not None
    return {call.number: call.outcome.value for call in entry.calls}
