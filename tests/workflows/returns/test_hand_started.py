"""Whoever reaches the Temporal server starts what they like, under names they like: nobody is paid by that.

Each attempt is made on the real server against a running Kontor: the order's channel shows no payment that
was not there before, and the log names the attempt.
"""

import contextlib
import uuid
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import WorkflowFailureError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from contracts.authorization import Approved, Authorization, Plan
from contracts.case import CaseRecord, CaseStatus
from contracts.effect import EffectOrder
from contracts.ids import CONTROL_QUEUE, connector_queue, effect_key
from contracts.reconciliation.divergence import Divergence, DivergenceKind
from contracts.undo import UndoCase
from memory.authoritative.ledger.view import EffectFilter
from tests.workflows.returns.orders import RETURN, asking
from tests.workflows.returns.prey import (
    ONCE,
    SECONDS,
    Attempt,
    Prey,
    by_activity,
    invented,
    nobodys,
    ordered,
    pays_nobody,
    refund,
    unpaid,
)
from tests.workflows.returns.shop import DESK, Shop

pytestmark = pytest.mark.slow


async def use(prey: Prey, plan: Plan, leave: Any) -> None:
    """Go on with whatever leave was given, and without any."""
    permits = Authorization.model_validate(leave).permits if leave else {}
    for effect in plan.effects:
        order = ordered(plan, effect, permits.get(effect.step, "none"))
        await by_activity(prey, "effect.perform", order, connector_queue("webshop"))


async def authorized(prey: Prey, plan: Plan) -> None:
    await use(prey, plan, await by_activity(prey, "policy.authorize", plan))


@workflow.defn(name="ReturnWorkflow", sandboxed=False)
class OwnReturn:
    """An attacker's own code under the name of the desk's workflow."""

    @workflow.run
    async def run(self, plan: Plan) -> Any:
        return await all_of_it(plan)


@workflow.defn(name="UndoWorkflow", sandboxed=False)
class OwnUndo:
    """The same under the name of the undo."""

    @workflow.run
    async def run(self, plan: Plan) -> Any:
        return await all_of_it(plan)


@workflow.defn(name="Anything", sandboxed=False)
class OwnThing:
    """The same under a name of its own."""

    @workflow.run
    async def run(self, plan: Plan) -> Any:
        return await all_of_it(plan)


async def all_of_it(plan: Plan) -> Any:
    leave = await workflow.execute_activity(
        "policy.authorize", plan, task_queue=CONTROL_QUEUE, start_to_close_timeout=SECONDS, retry_policy=ONCE
    )
    for effect in plan.effects:
        order = ordered(plan, effect, leave["permits"].get(effect.step, "none"))
        await workflow.execute_activity(
            "effect.perform",
            order,
            task_queue=connector_queue("webshop"),
            start_to_close_timeout=SECONDS,
            retry_policy=ONCE,
        )


async def by_workflow(prey: Prey, name: str, given: Any, case_id: str, queue: str = CONTROL_QUEUE) -> None:
    """Start a workflow by hand, and wait for it a while."""
    handle = await prey.client.start_workflow(
        name, given, id=case_id, task_queue=queue, execution_timeout=SECONDS
    )
    with contextlib.suppress(WorkflowFailureError):
        await handle.result()


async def by_own_worker(prey: Prey, name: str, plan: Plan, case_id: str) -> None:
    queue = f"attacker-{uuid.uuid4().hex[:8]}"
    async with Worker(
        prey.client,
        task_queue=queue,
        workflows=[OwnReturn, OwnUndo, OwnThing],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        await by_workflow(prey, name, plan, case_id, queue)


async def invented_facts(prey: Prey) -> None:
    await authorized(prey, invented(nobodys(), refund(prey.other_order)))


async def invented_facts_under_a_settled_case(prey: Prey) -> None:
    await authorized(prey, invented(DESK.case_id(prey.settled), refund(prey.other_order, "refund-2")))


async def invented_facts_under_a_waiting_case(prey: Prey) -> None:
    await authorized(prey, invented(DESK.case_id(prey.waiting), refund(prey.waiting.order)))


async def an_invented_permit(prey: Prey) -> None:
    await use(prey, invented(DESK.case_id(prey.waiting), refund(prey.waiting.order)), None)


async def a_permit_of_another_case(prey: Prey) -> None:
    [known] = [
        entry
        for entry in prey.shop.installation.ledger.newest(EffectFilter(limit=100_000))
        if entry.order.case_id == DESK.case_id(prey.settled) and entry.order.effect.operation == "refund"
    ]
    case_id = nobodys()
    order = EffectOrder(
        case_id=case_id,
        key=effect_key(case_id, "refund"),
        effect=refund(prey.other_order),
        permit_id=known.order.permit_id,
    )
    await by_activity(prey, "effect.perform", order, connector_queue("webshop"))


async def an_undo_after_a_failure_that_was_none(prey: Prey) -> None:
    await authorized(prey, unpaid(DESK.case_id(prey.settled), prey.settled, "failure"))


async def an_undo_in_somebodys_name(prey: Prey) -> None:
    await authorized(prey, unpaid(DESK.case_id(prey.settled), prey.settled, "person", "anna"))


async def an_approval_that_nobody_gave(prey: Prey) -> None:
    case_id = DESK.case_id(prey.waiting)
    [record] = prey.shop.installation.approvals.of_case(case_id)
    leave = await by_activity(
        prey, "policy.authorize_approved", Approved(request_id=record.request.id, case_id=case_id)
    )
    await use(prey, record.request.plan, leave)


async def the_desks_workflow_by_hand(prey: Prey) -> None:
    request = asking(prey.other_order, RETURN)
    await by_workflow(prey, "ReturnWorkflow", request, DESK.case_id(request))


async def the_desks_workflow_by_hand_under_a_settled_case(prey: Prey) -> None:
    request = prey.settled.model_copy(update={"order": prey.other_order})
    await by_workflow(prey, "ReturnWorkflow", request, DESK.case_id(prey.settled))


async def the_same_request_by_hand_under_its_settled_case(prey: Prey) -> None:
    await by_workflow(prey, "ReturnWorkflow", prey.settled, DESK.case_id(prey.settled))


async def a_part_of_a_letter_that_does_not_name_it(prey: Prey) -> None:
    part = prey.settled.model_copy(
        update={"id": f"{prey.settled.id}.{prey.other_order}", "order": prey.other_order}
    )
    given = {"request": part.model_dump(mode="json"), "part_of": DESK.case_id(prey.settled)}
    await by_workflow(prey, "ReturnWorkflow", given, DESK.case_id(part))


async def the_undo_by_hand(prey: Prey) -> None:
    record = prey.shop.installation.cases.find(DESK.case_id(prey.settled))
    assert record is not None
    await by_workflow(prey, "UndoWorkflow", UndoCase(record=record, person="anna"), record.id)


async def the_undo_by_hand_with_another_row(prey: Prey) -> None:
    record = prey.shop.installation.cases.find(DESK.case_id(prey.settled))
    assert record is not None
    other = record.model_copy(update={"status": CaseStatus.DENIED, "summary": "nothing", "customer": "me"})
    await by_workflow(prey, "UndoWorkflow", UndoCase(record=other, person="anna"), record.id)
    assert prey.shop.installation.cases.find(record.id) == record


async def own_code_under_a_settled_case(prey: Prey) -> None:
    case_id = DESK.case_id(prey.settled)
    await by_own_worker(
        prey, "ReturnWorkflow", invented(case_id, refund(prey.settled.order, "more")), case_id
    )


async def own_code_as_the_undo_of_a_settled_case(prey: Prey) -> None:
    case_id = DESK.case_id(prey.settled)
    await by_own_worker(prey, "UndoWorkflow", unpaid(case_id, prey.settled, "person", "anna"), case_id)


async def own_code_under_a_name_of_its_own(prey: Prey) -> None:
    case_id = nobodys()
    await by_own_worker(prey, "Anything", invented(case_id, refund(prey.other_order)), case_id)


async def own_code_that_speaks_for_a_waiting_case(prey: Prey) -> None:
    plan = invented(DESK.case_id(prey.waiting), refund(prey.waiting.order))
    await by_own_worker(prey, "ReturnWorkflow", plan, nobodys())


async def own_code_in_the_place_of_a_waiting_case(prey: Prey) -> None:
    case_id = DESK.case_id(prey.waiting)
    await prey.client.get_workflow_handle(case_id).terminate("an attacker")
    await by_own_worker(prey, "ReturnWorkflow", invented(case_id, refund(prey.waiting.order)), case_id)


async def a_case_opened_by_hand(prey: Prey) -> None:
    await by_activity(prey, "case.open", {"record": row(prey, nobodys()).model_dump(mode="json")})


async def a_case_rewritten_by_hand(prey: Prey) -> None:
    case_id = DESK.case_id(prey.settled)
    before = prey.shop.installation.cases.find(case_id)
    await by_activity(prey, "case.note", {"record": row(prey, case_id).model_dump(mode="json")})
    assert prey.shop.installation.cases.find(case_id) == before


def row(prey: Prey, case_id: str) -> CaseRecord:
    known = prey.shop.installation.cases.find(DESK.case_id(prey.settled))
    assert known is not None
    return known.model_copy(update={"id": case_id, "event": known.event + 1000, "outcome": "nothing at all"})


async def a_divergence_that_nobody_found(prey: Prey) -> None:
    known = prey.shop.installation.cases.find(DESK.case_id(prey.settled))
    assert known is not None
    found = Divergence(
        id="duplicate-0123456789abcdef",
        kind=DivergenceKind.DUPLICATE,
        connector="webshop",
        operation="refund",
        reference="1",
        theirs_cents=4000,
        currency="EUR",
        found_at=known.opened_at,
    )
    await by_workflow(prey, "DivergenceWorkflow", found, f"books/webshop/{found.id}")


ATTEMPTS: tuple[Attempt, ...] = (
    invented_facts,
    invented_facts_under_a_settled_case,
    invented_facts_under_a_waiting_case,
    an_invented_permit,
    a_permit_of_another_case,
    an_undo_after_a_failure_that_was_none,
    an_undo_in_somebodys_name,
    an_approval_that_nobody_gave,
    the_desks_workflow_by_hand,
    the_desks_workflow_by_hand_under_a_settled_case,
    the_same_request_by_hand_under_its_settled_case,
    a_part_of_a_letter_that_does_not_name_it,
    the_undo_by_hand,
    the_undo_by_hand_with_another_row,
    own_code_under_a_settled_case,
    own_code_as_the_undo_of_a_settled_case,
    own_code_under_a_name_of_its_own,
    own_code_that_speaks_for_a_waiting_case,
    own_code_in_the_place_of_a_waiting_case,
    a_case_opened_by_hand,
    a_case_rewritten_by_hand,
    a_divergence_that_nobody_found,
)


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.__name__)
async def test_what_is_started_by_hand_pays_nobody_and_is_on_record(shop: Shop, attempt: Attempt) -> None:
    await pays_nobody(shop, attempt)
