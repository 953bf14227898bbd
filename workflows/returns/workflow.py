"""The returns desk: from a customer's message to a settled refund."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import NoReturn

from pydantic import JsonValue
from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from contracts.approvals.messages import ApprovalDraft, Withdrawal
    from contracts.approvals.request import Approval, ApprovalOutcome
    from contracts.authorization import Authorization, Plan
    from contracts.carry import CaseCarry, WaitsIn
    from contracts.case import CaseStatus
    from workflows.kernel.awaiting import TakenBack
    from workflows.kernel.case import CaseRun
    from workflows.kernel.case_file import CaseFile
    from workflows.kernel.effects import EffectRefused
    from workflows.kernel.ends import UNREADABLE, handled
    from workflows.kernel.looks import AskedTooOften
    from workflows.kernel.outside_reads import NoAnswer
    from workflows.kernel.pauses import Rest
    from workflows.returns.asking_back import AskingBack
    from workflows.returns.beginning import begin
    from workflows.returns.carried import ReturnCarry, request_of
    from workflows.returns.clarifying import Clarifying
    from workflows.returns.finding import OrderFinding
    from workflows.returns.handover import by_hand, why_not_surely
    from workflows.returns.letter_cases import AND, PART_ENDED, LetterCases, LetterPart, PartEnded
    from workflows.returns.letter_reading import read_letter
    from workflows.returns.order_reads import OrderReads
    from workflows.returns.plan import (
        Known,
        facts_today,
        half_done,
        message_plan,
        money_out_cents,
        why_not,
    )
    from workflows.returns.proposals import Proposals
    from workflows.returns.remedies import photographed, settled_as
    from workflows.returns.types import DESK, GOODS, ORDER_NOT_FOUND, Intent, ReturnRequest, ReturnResult
    from workflows.returns.way.plans import as_returned
    from workflows.returns.way.watch import GoodsWatch

FIRST = ("reserve", "cancel_order", "change_address", "change_payment", "change_items")
"""What the rest of a plan depends on, besides the money."""


@workflow.defn(name="ReturnWorkflow")
class ReturnWorkflow:
    """One request for a return, an exchange, a cancellation, or news of an order."""

    @workflow.init
    def __init__(self, asked: ReturnRequest | LetterPart | ReturnCarry) -> None:
        """Prepare what signal handlers need before `run` begins."""
        carried = asked if isinstance(asked, ReturnCarry) else None
        self.request = request = request_of(asked)
        before = carried.case if carried else None
        kept = request.model_dump(mode="json")
        self.file = CaseFile(DESK, request.channel, kept, before.file if before else None)
        self.case = CaseRun(self.file, before, self.continue_as_new)
        part_of = asked.part_of if isinstance(asked, LetterPart) else ""
        self.letter = LetterCases(self.file, request.order, part_of, carried.letter if carried else None)
        self.file.part_of = self.letter.part_of
        self.known = carried.known if carried else None
        self.undoing = carried.plan if carried else None
        self.today: dict[str, JsonValue] | None = None
        self.versions: dict[str, int] | None = None
        self.goods = GoodsWatch(self.case, request, carried.way if carried else None)
        booked, own_too = carried is not None and carried.booked, self.goods.way.judged_by_parts
        self.orders = OrderReads(self.case, request, booked=booked, own_too=own_too)
        kept_before = carried is not None and carried.postage_kept
        self.proposals = Proposals(self.case, request, self.goods, postage_kept=kept_before)
        questions = carried.questions if carried else None
        self.asking = AskingBack(self.case, self.orders, self.proposals, questions)
        self.clarifying = Clarifying(self.case, self.orders, self.goods)
        self.finding = OrderFinding(
            self.case, self.orders, self.proposals, self.asking.customer, asked=self.known
        )

    @workflow.run
    async def run(self, asked: ReturnRequest | LetterPart | ReturnCarry) -> ReturnResult:
        """Tell the story of the case to its end.

        Args:
            asked: what a customer asked, also as one of several orders of a letter; or its case which an
                earlier run left waiting.
        """
        try:
            try:
                if isinstance(asked, ReturnCarry) and self.request.order:
                    return await self.go_on(asked)
                order, context = await begin(self.case, self.orders, self.finding)
                self.request = self.orders.request
                if order is None:
                    return await self.close(CaseStatus.DENIED, ORDER_NOT_FOUND)
                reading = await read_letter(
                    self.case, self.orders, order, context, first=not self.letter.part_of
                )
                reading = photographed(reading, self.request.photos)
                said, asked_at = self.finding.said, self.proposals.asked_at
                known = Known(self.request, order, reading, context, said, asked_at)
                self.known = known = await self.orders.look_up(known)
                await self.letter.start(self.request, known.reading.elsewhere)
                return await self.find_out(known)
            except AskedTooOften as often:
                return await self.hand_over_unsettled(often.plan, often.message)
        except NoAnswer as none:
            return await self.close(*none.end)
        except (ActivityError, asyncio.CancelledError) as stopped:
            if is_cancelled_exception(stopped):
                await self.close(CaseStatus.WITHDRAWN, "cancelled")
                raise
            # An earlier version's case whose channel will not say, or our records will not take it.
            word = self.case.stopped_by(stopped)
            return await self.close(CaseStatus.FAILED, "order_unreadable" if word == UNREADABLE else word)

    async def find_out(self, known: Known) -> ReturnResult:
        """Ask the customer what is missing, where their answer settles it; then propose."""
        try:
            while question := await self.asking.missing(known):
                self.known = known = await self.asking.answered(known, question)
        except TakenBack:
            await self.case.tell(message_plan(self.proposals.plan(known), known, "withdrawn"))
            return await self.close(CaseStatus.WITHDRAWN, "withdrawn")
        return await self.settle(self.case.unless_begun(await self.proposals.propose(known)), known)

    async def settle(  # noqa: PLR0911, PLR0912  (the story's branches; each defined end is one return)
        self, plan: Plan, known: Known, approval: Approval | None = None
    ) -> ReturnResult:
        """Judge, ask and do, until it holds or a person takes the case.

        Args:
            plan: what the desk proposes.
            known: what it knows of the request.
            approval: what people said of the plan, if they were asked.
        """
        while True:
            if not plan.effects:
                return await self.hand_over(plan, known)
            authorization = await self.authorize(plan, approval, known)
            if authorization.claimed_by:
                return await self.close(CaseStatus.DENIED, "duplicate_request")
            if authorization.outdated:
                if await self.orders.overtaken() is Rest.OVER:
                    return await self.hand_over(
                        plan, known, "other cases book on the same order all the time"
                    )
                known = await self.orders.look_up_again(known)
                plan = plan if approval else await self.proposals.propose(known)
                continue
            if authorization.asks_anew and workflow.patched("asks-anew-by-todays-policies"):
                approval = None
                continue
            if authorization.outcome == "ask":
                approval = await self.ask(plan, authorization, known)
                if approval.outcome is ApprovalOutcome.CLARIFIED:
                    return await self.go_on_as(known, approval)
                if not approval.granted:
                    return await self.turn_down(plan, known, approval)
                plan = self.proposals.follow(self.case.gate.asked().plan)
                continue
            lower = self.proposals.keep_postage(authorization)
            if lower or await self.proposals.lower_share(authorization, known):
                plan = self.proposals.plan(known)
                continue
            if authorization.outcome == "deny" and not self.proposals.denies_surely(authorization, known):
                return await self.hand_over(plan, known, why_not_surely(authorization, known))
            if authorization.outcome == "deny":
                await self.case.tell(message_plan(plan, known, "denied", reasons=why_not(authorization)))
                return await self.close(CaseStatus.DENIED, authorization.forbidden_by)
            try:
                return await self.carry_out(authorization.covers(plan), known, authorization)
            except EffectRefused as refused:
                if not refused.asks_again:
                    return await self.step_back(plan, known, f"{refused.step}_refused")
                rest = await self.case.rest(refused)
                if rest is Rest.OVER:
                    return await self.hand_over_unsettled(plan, self.case.refused_too_often(refused))
                if rest is Rest.UNKNOWN:
                    approval = None  # as that version did: people are asked once more
                elif approval is None and not self.proposals.has_begun(plan):
                    known = await self.orders.look_up_again(known)
                    plan = await self.proposals.propose(known)

    async def take_back(self, known: Known) -> ReturnResult:
        """Wait for the goods of a return, and settle what is left by how they were found."""
        try:
            reminder = self.proposals.goods_message(known, "goods_reminder", step="remind")
            await self.goods.wait(known.order.id, lambda: self.case.tell(reminder))
        except TakenBack as taken:
            return await self.withdraw(known, taken.withdrawal)
        order = await self.orders.look()
        self.known = known = known.as_of(order) if order else known
        way, unknown = self.goods.way, self.goods.open or ("" if order else "the channel has no such order")
        if unknown:
            return await self.hand_over_unsettled(self.proposals.begun, unknown)
        if way.goods == "lost":
            return await self.write_off(known)
        if not way.paid:
            self.orders.own_too = way.judged_by_parts
            known = await self.orders.look_up_again(replace(known, reading=as_returned(known.reading, way)))
        self.known = known
        return await self.settle(self.proposals.plan(known), known)

    async def withdraw(self, known: Known, withdrawal: Withdrawal) -> ReturnResult:
        """End a return that somebody took back on its way; what it did is undone by them, or a person's."""
        if not withdrawal.by:
            return await self.hand_over_unsettled(
                self.proposals.begun, f"taken back: {withdrawal.why}; what was done stands"
            )
        await self.case.tell(message_plan(self.proposals.begun, known, "withdrawn"))
        return await self.close(CaseStatus.WITHDRAWN, "withdrawn")

    async def write_off(self, known: Known) -> ReturnResult:
        """End a return whose goods never came: with nothing refunded, or as policy says of what was."""
        if any(each.intent is Intent.EXCHANGE for each in known.reading.each):
            why = "the goods never came, and what was to replace them is gone"
            return await self.hand_over_unsettled(self.proposals.begun, why)
        if not self.goods.way.paid:
            await self.case.tell(self.proposals.goods_message(known, "never_came"))
            return await self.close(CaseStatus.EXPIRED, "goods_never_came")
        charge = self.proposals.plan(known)
        if await self.case.choose([charge, charge.model_copy(update={"effects": ()})], GOODS):
            return await self.close(CaseStatus.SETTLED, "written_off")
        return await self.settle(charge, known)

    async def go_on(self, carried: ReturnCarry) -> ReturnResult:  # noqa: PLR0911  (where a case may wait)
        """Go on with a case whose earlier run grew long while people thought."""
        known, waits_in = carried.known, self.case.waits_in
        if waits_in is WaitsIn.STEP_BACK:
            assert carried.plan is not None
            return await self.step_back(carried.plan, known, carried.case.undo.why)
        if waits_in is WaitsIn.OUTSIDE:
            return await self.take_back(known)
        if waits_in is WaitsIn.CUSTOMER:
            self.known = known = await self.asking.resumed(known)
            return await self.find_out(known)
        if waits_in is not WaitsIn.PLAN:
            return await self.by_person(None, known, settles=waits_in is WaitsIn.BY_HAND)
        approval = await self.case.wait_for_people(None, self.look_again)
        if approval.outcome is ApprovalOutcome.CLARIFIED:
            return await self.go_on_as(known, approval)
        plan = self.proposals.follow(self.case.gate.asked().plan)
        if not approval.granted:
            return await self.turn_down(plan, known, approval)
        order = await self.orders.look()
        self.known = known = known.as_of(order) if order else known
        return await self.settle(plan, known, approval)

    def continue_as_new(self, carry: CaseCarry) -> NoReturn:
        """Let another run go on with the case, whose history has grown long while people think."""
        known = self.known or self.finding.asked
        assert known is not None
        workflow.continue_as_new(
            ReturnCarry(
                case=carry,
                known=known.head(),
                plan=self.undoing,
                booked=self.orders.booked,
                postage_kept=self.proposals.postage_kept,
                letter=self.letter.carry(),
                way=self.goods.way,
                questions=self.asking.carry(),
            )
        )

    @workflow.signal(name=PART_ENDED)
    def part_ended(self, part: PartEnded) -> None:
        """Take in that the case of another order of the same letter has ended."""
        self.letter.has_ended(part)

    async def authorize(self, plan: Plan, approval: Approval | None, known: Known) -> Authorization:
        """Ask policy for a verdict on every effect of the plan, or for permits where people agreed to it."""
        if approval is not None:
            return await self.authorize_approved(plan, approval, known)
        return await self.judge(plan)

    async def judge(self, plan: Plan) -> Authorization:
        """Ask policy for a verdict on every effect of the plan."""
        self.file.summary, self.file.amount_cents = plan.summary, self.proposals.amount(plan)
        return await self.case.authorize(plan)

    async def judge_today(self, plan: Plan) -> Authorization:
        """Ask policy while people think; that another case booked on the order is for later to look up."""
        authorization = await self.judge(plan)
        self.orders.booked = self.orders.booked or authorization.outdated
        return authorization

    async def ask(self, plan: Plan, authorization: Authorization, known: Known) -> Approval:
        """Ask people; meanwhile an order that changes withdraws the question, or asks anew."""
        self.today = None
        draft = self.clarifying.question(known, authorization.covers(plan), authorization)
        return await self.case.wait_for_people(draft, self.look_again)

    async def look_again(self) -> ApprovalDraft | Withdrawal | None:
        """Read the order again: None if the question stands as it was asked."""
        order = await self.orders.look(again=True)
        if order is None:
            return Withdrawal(why="the channel has no such order any more")
        assert self.known is not None
        self.known = today = await self.orders.look_up(self.known.as_of(order), again=True)
        plan = self.proposals.plan(today)
        if not plan.does_what(self.case.gate.asked().plan):
            plan = await self.proposals.propose(today)
        rounds = self.case.gate.rounds
        return await self.case.still_asked(
            plan, self.judge_today, lambda plan, judged: self.clarifying.question(today, plan, judged, rounds)
        )

    async def authorize_approved(self, plan: Plan, approval: Approval, known: Known) -> Authorization:
        """Turn an approval into permits, checked against the order as it is today.

        Once something is done, the order shows our own work: what it said before counts.
        """
        if self.goods.way.paid:
            return await self.case.authorize_approved(plan, approval)
        if self.today is None or not self.proposals.has_begun(plan):
            order = await self.orders.look()
            today = await self.orders.look_up(known.as_of(order)) if order else None
            self.today = (
                facts_today(today, plan, approval, self.proposals.asked_at, self.goods.way) if today else {}
            )
            self.versions = today.order.books.versions if today else None
        return await self.case.authorize_approved(plan, approval, self.today, self.versions)

    async def carry_out(self, plan: Plan, known: Known, authorization: Authorization) -> ReturnResult:
        """Do every effect; when one fails for good, undo what was done, the last first."""
        self.file.amount_cents = self.proposals.amount(plan)
        stopped = await self.case.carry_out(plan, authorization, first=FIRST)
        if stopped is not None:
            return await self.step_back(plan, known, stopped.word)
        if self.proposals.sent_off(known, plan):
            return await self.take_back(known)
        if self.goods.way.goods == "lost":
            return await self.close(CaseStatus.SETTLED, "charged_back")
        done = dict.fromkeys(settled_as(each) for each in known.reading.each)
        return await self.close(CaseStatus.SETTLED, AND.join(done))

    async def step_back(self, plan: Plan, known: Known, outcome: str) -> ReturnResult:
        """Compensate in reverse, and give a person what the customer asked for and what stays."""
        self.known, self.undoing = known, plan
        report = await self.case.step_back(outcome)
        await self.case.tell(message_plan(plan, known, "failed"))
        if workflow.patched("a-colleague-takes-over"):
            return await self.hand_over_unsettled(plan, f"{outcome}: {report.words()}", report.staying)
        return await self.close(CaseStatus.UNDONE if report.complete else CaseStatus.FAILED, outcome)

    async def hand_over(self, plan: Plan, known: Known, why: str = "") -> ReturnResult:
        """Give a case to a person for which the desk has nothing to propose, or nothing that is sure."""
        return await self.by_person(self.clarifying.draft(known, plan, why), known)

    async def by_person(
        self, draft: ApprovalDraft | None, known: Known, *, settles: bool = True
    ) -> ReturnResult:
        """Wait for a person: they handle it, or say what is meant; if it `settles`, facts are read again."""
        approval = await self.case.by_hand(draft, self.look_again if settles else None)
        if approval.outcome is ApprovalOutcome.CLARIFIED:
            return await self.go_on_as(known, approval)
        return await self.close(*handled(approval))

    async def go_on_as(self, known: Known, approval: Approval) -> ReturnResult:
        """Go on with what a person said is meant: through policy, like any other case."""
        self.known = known = await self.clarifying.answered(known, approval)
        return await self.settle(await self.proposals.propose(known), known)

    async def hand_over_unsettled(
        self, plan: Plan, why: str, stays: Sequence[str] | None = None
    ) -> ReturnResult:
        """Give a case to a person that came to no end by itself; all that it did stands, or these steps."""
        assert self.known is not None
        done, left = half_done(self.proposals.whole(plan), self.file.done if stays is None else stays)
        self.file.amount_cents = money_out_cents(done)
        draft = by_hand(self.known, left, self.file.office_version, self.goods.way, why)
        return await self.close(*await self.case.hand_over(draft))

    async def turn_down(self, plan: Plan, known: Known, approval: Approval) -> ReturnResult:
        """Close a case that people did not let pass, and tell the customer."""
        end = await self.case.turn_down(approval, lambda name: message_plan(plan, known, name))
        return await self.close(*end)

    async def close(self, status: CaseStatus, outcome: str) -> ReturnResult:
        """Write the end into the books, and its summary into memory; of a letter's cases tell all at once."""
        ended = self.letter.own_end(status, outcome)
        if self.letter.are_several and status is not CaseStatus.WITHDRAWN:
            assert self.known is not None
            every = (ended, *await self.letter.all_ended(lambda: self.case.gate.withdrawn))
            told: list[JsonValue] = [each.told for each in every]
            plan = self.proposals.plan(self.known)
            await self.case.tell(message_plan(plan, self.known, "all_orders", step="all-orders", orders=told))
        await self.case.close(status, outcome)
        if self.letter.part_of:
            await self.letter.report(ended)
        return ReturnResult(
            case_id=self.file.case_id,
            status=status,
            outcome=outcome,
            amount_cents=ended.amount_cents,
            by_person=self.file.by_person,
        )
