"""The returns desk: from a customer's message to a settled refund."""

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.orders import OrderActivities, OrderQuery
    from activities.policy import PolicyActivities
    from activities.recall import RecallActivities
    from contracts.approval import Approval, ApprovalOutcome
    from contracts.asking import Asking, Withdrawal, asking_for
    from contracts.authorizing import Approved
    from contracts.case import CaseStatus
    from contracts.decision import Decision, Inquiry
    from contracts.effect import EffectState
    from contracts.ids import MEMORY_QUEUE, connector_queue
    from contracts.memory import Context, ContextRequest, Memory, Remember
    from contracts.returns import DESK, Intent, Order, ReturnRequest, ReturnResult
    from contracts.verdict import Authorization, Plan
    from workflows import options
    from workflows.approval_gate import ApprovalGate
    from workflows.case_file import CaseFile
    from workflows.deciding import decide
    from workflows.effects import Effects
    from workflows.pursuit import EffectRefused
    from workflows.returns_plan import (
        evidence_for_people,
        facts,
        forbidden_by,
        message_plan,
        money_out_cents,
        plan_for,
        refusal_text,
        same_question,
    )
    from workflows.returns_reading import (
        Reading,
        about_order,
        as_of,
        first_questions,
        understand,
        variant_questions,
        with_variants,
    )

CONTEXT_TOKENS = 400
LOOK_AGAIN = timedelta(hours=2)
"""How often an order is read again while people think; the signal `facts_changed` does it at once."""
RECALLED = ("case", "policy")
SETTLED_AS = {
    Intent.RETURN: "returned",
    Intent.EXCHANGE: "exchanged",
    Intent.CANCEL: "cancelled",
    Intent.WHERE_IS_IT: "answered",
}
GO_AHEAD = (ApprovalOutcome.APPROVED, ApprovalOutcome.EDITED)
ENDS = {
    ApprovalOutcome.REJECTED: (
        CaseStatus.REJECTED,
        "A colleague has looked at your request and declined it.",
    ),
    ApprovalOutcome.EXPIRED: (CaseStatus.EXPIRED, "We could not decide on your request in time."),
    ApprovalOutcome.WITHDRAWN: (CaseStatus.WITHDRAWN, "Your request is no longer open."),
}


@workflow.defn(name="ReturnWorkflow")
class ReturnWorkflow:
    """One request for a return, an exchange, a cancellation, or news of an order."""

    @workflow.init
    def __init__(self, request: ReturnRequest) -> None:
        """Prepare what signal handlers need before `run` begins."""
        self.request = request
        self.file = CaseFile(DESK, request.channel, request.model_dump(mode="json"))
        self.gate = ApprovalGate(self.file)

    @workflow.run
    async def run(self, request: ReturnRequest) -> ReturnResult:  # noqa: PLR0911  (each defined end is one return)
        """Tell the story of the case, from its opening to its end."""
        try:
            _, order, context = await asyncio.gather(self.open(), self.load_order(), self.recall())
            if order is None:
                return await self.close(CaseStatus.DENIED, "order_not_found")

            reading = await self.read(order, context)
            plan = plan_for(self.file.case_id, request, order, reading, self.asked_at)
            if not plan.effects:
                return await self.hand_over(plan, order, reading, context)

            while True:
                authorization = await self.authorize(plan)
                if authorization.claimed_by:
                    return await self.close(CaseStatus.DENIED, "duplicate_request")
                if authorization.outcome == "ask":
                    approval = await self.ask(plan, authorization, order, reading, context)
                    if approval.outcome not in GO_AHEAD:
                        return await self.turn_down(plan, order, approval)
                    plan = self.gate.asked().plan
                    authorization = await self.authorize_approved(plan, approval, reading)
                if authorization.outcome == "deny" and not reading.understood:
                    return await self.hand_over(plan, order, reading, context)
                if authorization.outcome == "deny":
                    await self.tell(plan, order, refusal_text(authorization))
                    return await self.close(CaseStatus.DENIED, forbidden_by(authorization))
                try:
                    return await self.carry_out(authorization.plan or plan, order, authorization)
                except EffectRefused as refused:
                    # Policy or connector moved between verdict and dispatch: judge again. What was done
                    # already keeps its key, so it is found done and not done again.
                    if not refused.asks_again:
                        return await self.step_back(plan, order, f"{refused.step}_refused")
        except (ActivityError, asyncio.CancelledError) as stopped:
            if is_cancelled_exception(stopped):
                await self.close(CaseStatus.WITHDRAWN, "cancelled")
                raise
            # The channel will not say, for good or for a week: the case ends in the books, for a person.
            return await self.close(CaseStatus.FAILED, "order_unreadable")

    @property
    def asked_at(self) -> datetime:
        """When the customer asked: what their days are counted to, however long an answer takes."""
        return self.request.received_at or workflow.info().workflow_start_time

    async def open(self) -> None:
        """Put the case on the office's list."""
        self.file.summary = f"request {self.request.id} for order {self.request.order}"
        self.file.happened("opened", channel=self.request.channel, order=self.request.order)
        await self.file.note(CaseStatus.RUNNING)

    async def load_order(self) -> Order | None:
        """Ask the channel for the order; None means that it has no such order."""
        return await workflow.execute_activity_method(
            OrderActivities.load,
            OrderQuery(channel=self.request.channel, order=self.request.order),
            **options.told(
                options.READ,
                f"order {self.request.order} at {self.request.channel}",
                connector_queue(self.request.channel),
            ),
        )

    async def recall(self) -> Context:
        """Ask memory for similar cases and the policies' words; without memory, go on without."""
        request = ContextRequest(
            case_id=self.file.case_id,
            question=self.request.message,
            token_budget=CONTEXT_TOKENS,
            kinds=RECALLED,
        )
        try:
            return await workflow.execute_activity_method(
                RecallActivities.assemble,
                request,
                **options.told(options.RECALL, "recall similar cases and policies", MEMORY_QUEUE),
            )
        except ActivityError:
            workflow.logger.warning("memory did not answer; the case goes on without it")
            return Context(evidence=(), tokens=0)

    async def read(self, order: Order, context: Context) -> Reading:
        """Decide what is asked, why, of which lines, and for an exchange, what is wanted instead."""
        self.file.customer, self.file.currency = order.customer, order.currency
        evidence = (*about_order(order), *context.evidence)
        decisions = await self.decide(first_questions(self.file.case_id, self.request, order, evidence))
        reading = understand(self.request, order, decisions)
        if reading.intent == Intent.EXCHANGE and reading.wanted:
            found = await self.decide(variant_questions(self.file.case_id, self.request, order, reading))
            reading = with_variants(order, reading, found)
        return reading

    async def decide(self, inquiry: Inquiry) -> list[Decision]:
        """Ask the router; every decision is kept with its provenance."""
        decisions = await decide(inquiry)
        for decision in decisions:
            self.file.decided(decision)
        return decisions

    async def authorize(self, plan: Plan) -> Authorization:
        """Ask policy for a verdict on every effect of the plan."""
        self.file.summary, self.file.amount_cents = plan.summary, money_out_cents(plan)
        authorization = await workflow.execute_activity_method(
            PolicyActivities.authorize, plan, **options.told(options.BOOKS, f"policy: {plan.summary}")
        )
        self.file.judged(authorization)
        return authorization

    async def ask(
        self, plan: Plan, authorization: Authorization, order: Order, reading: Reading, context: Context
    ) -> Approval:
        """Ask people, with the evidence, and wait as long as the office allows."""
        asking = asking_for(
            plan,
            authorization,
            asked_by=order.customer,
            evidence=evidence_for_people(self.request, order, reading, context),
            round_number=self.gate.rounds + 1,
            by_model=reading.proposed_by,
        )
        return await self.wait_for_people(asking, reading, context)

    async def wait_for_people(self, asking: Asking, reading: Reading, context: Context) -> Approval:
        """Wait for an answer; meanwhile an order that changes withdraws the question, or asks anew."""

        async def look_again() -> Asking | Withdrawal | None:
            return await self.look_again(reading, context)

        every = LOOK_AGAIN if workflow.patched("looks-again-while-people-think") else None
        return await self.gate.ask(asking, recheck=look_again, recheck_every=every)

    async def look_again(self, reading: Reading, context: Context) -> Asking | Withdrawal | None:
        """Read the order again: None if the question stands as it was asked."""
        asked = self.gate.asked().plan
        order = await self.load_order()
        if order is None:
            return Withdrawal(why="the channel has no such order any more")
        today = as_of(order, reading)
        plan = plan_for(self.file.case_id, self.request, order, today, self.asked_at)
        if not asked.effects or same_question(plan, asked):
            return None
        authorization = await self.authorize(plan)
        if authorization.outcome == "deny":
            return Withdrawal(why=f"the order has changed: {forbidden_by(authorization)}")
        if plan.effects == asked.effects:
            return None
        return asking_for(
            plan,
            authorization,
            asked_by=order.customer,
            evidence=evidence_for_people(self.request, order, today, context),
            round_number=self.gate.rounds,
            by_model=reading.proposed_by,
        )

    async def authorize_approved(self, plan: Plan, approval: Approval, reading: Reading) -> Authorization:
        """Turn an approval into permits: the data plane checks it against its books and today's order."""
        order = await self.load_order()
        today = facts(order, as_of(order, reading), self.asked_at).model_dump(mode="json") if order else {}
        authorization = await workflow.execute_activity_method(
            PolicyActivities.authorize_approved,
            Approved(request_id=approval.request_id, case_id=self.file.case_id, facts=today),
            **options.told(options.BOOKS, f"policy: {plan.summary}, {approval.outcome.value}"),
        )
        self.file.judged(authorization)
        return authorization

    async def carry_out(self, plan: Plan, order: Order, authorization: Authorization) -> ReturnResult:
        """Do every effect in order; when one fails for good, undo what was done, the last first."""
        self.file.amount_cents = money_out_cents(plan)
        effects = Effects(plan.case_id, authorization.permits, file=self.file)
        for effect in plan.effects:
            receipt = await effects.perform(effect)
            if receipt.state is not EffectState.APPLIED:
                return await self.step_back(plan, order, f"{effect.step}_{receipt.state.value}")
        return await self.close(CaseStatus.SETTLED, SETTLED_AS[Intent(str(plan.facts["intent"]))])

    async def step_back(self, plan: Plan, order: Order, outcome: str) -> ReturnResult:
        """Compensate in reverse; what cannot be undone is on record and a person's."""
        report = await Effects(plan.case_id, {}, file=self.file, gate=self.gate).undo_all(outcome)
        self.file.happened("undone", report=report.words(), complete=report.complete)
        self.file.amount_cents = 0 if report.complete else self.file.amount_cents
        await self.tell(plan, order, "Something went wrong on our side; a colleague takes over.")
        return await self.close(CaseStatus.UNDONE if report.complete else CaseStatus.FAILED, outcome)

    async def hand_over(self, plan: Plan, order: Order, reading: Reading, context: Context) -> ReturnResult:
        """Give a case to a person for which the desk has nothing to propose: approve means handled."""
        doubts = "; ".join(reading.doubts) or "the desk has no step for it"
        self.file.summary = f"handle by hand: {plan.summary}"
        asking = Asking(
            plan=plan,
            what=f"Handle by hand ({doubts}): {plan.summary}",
            step="by-hand",
            asked_by=order.customer,
            evidence=evidence_for_people(self.request, order, reading, context),
            office_version=self.file.office_version,
            by_model=reading.proposed_by,
        )
        approval = await self.wait_for_people(asking, reading, context)
        if approval.outcome in GO_AHEAD:
            return await self.close(CaseStatus.SETTLED, "handled_by_hand")
        return await self.close(ENDS[approval.outcome][0], approval.outcome.value)

    async def turn_down(self, plan: Plan, order: Order, approval: Approval) -> ReturnResult:
        """Close a case that people did not let pass, and tell the customer."""
        status, words = ENDS[approval.outcome]
        await self.tell(plan, order, words)
        return await self.close(status, approval.outcome.value)

    async def tell(self, plan: Plan, order: Order, text: str) -> None:
        """Tell the customer how it ended; like every effect, only with policy's leave."""
        message = message_plan(plan, order, text)
        authorization = await workflow.execute_activity_method(
            PolicyActivities.authorize, message, **options.told(options.BOOKS, "policy: tell the customer")
        )
        if authorization.outcome != "allow":
            self.file.happened("not_told", why=refusal_text(authorization))
            return
        effects = Effects(plan.case_id, authorization.permits, file=self.file)
        for effect in message.effects:
            try:
                await effects.perform(effect)
            except EffectRefused as refused:
                self.file.happened("not_told", why=refused.message)

    async def close(self, status: CaseStatus, outcome: str) -> ReturnResult:
        """Write the end into the books, and its summary into memory."""
        await self.gate.finish()
        self.file.happened("closed", status=status.value, outcome=outcome)
        await asyncio.gather(self.file.note(status, outcome), self.remember(status, outcome))
        await self.gate.finish()
        self.file.details(f"### {status.value}: {outcome}\n{self.file.summary}")
        return ReturnResult(
            case_id=self.file.case_id,
            status=status,
            outcome=outcome,
            amount_cents=self.file.amount_cents if status is CaseStatus.SETTLED else 0,
            by_person=self.file.by_person,
        )

    async def remember(self, status: CaseStatus, outcome: str) -> None:
        """Leave the case's summary for later cases; memory that is down loses nothing but this."""
        text = f"{self.file.summary}: {status.value}, {outcome}"
        memory = Memory(
            text=text,
            kind="case",
            source=f"case:{self.file.case_id}",
            case_id=self.file.case_id,
            customer=self.file.customer or None,
            at=workflow.now(),
        )
        try:
            await workflow.execute_activity_method(
                RecallActivities.remember,
                Remember(memories=(memory,), at_once=False),
                **options.told(options.RECALL, "remember the case", MEMORY_QUEUE),
            )
        except ActivityError:
            workflow.logger.warning("the case's summary did not reach memory")
